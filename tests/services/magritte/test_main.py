"""The command line as a process: what a person sees of an error, and the exit code."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def test_an_error_of_the_library_of_networks_is_one_message_and_exit_code_1(tmp_path: Path) -> None:
    damaged = tmp_path / "network.npz"
    damaged.write_bytes(b"not a network")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MAGRITTE_STORE": f"folder:{tmp_path / 'data'}"}
    command = [sys.executable, "-m", "services.magritte", "draw", str(damaged), "--out", str(tmp_path / "drawn")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "\nmagritte: " in f"\n{done.stderr}"
    assert "not a file of arrays" in done.stderr
    assert "Traceback" not in done.stderr
