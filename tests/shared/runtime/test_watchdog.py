import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def program(body: str) -> "subprocess.CompletedProcess[str]":
    head = "import ctypes, time; from shared.runtime.watchdog import Watchdog\n"
    return subprocess.run([sys.executable, "-c", head + body], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_a_process_whose_gil_is_never_given_back_ends_and_says_where_it_was() -> None:
    done = program("def decode():\n    ctypes.PyDLL(None).sleep(3600)\nwith Watchdog(1.0):\n    decode()\n")
    assert done.returncode == 1
    assert "in decode" in done.stderr


def test_a_process_that_ticks_goes_on() -> None:
    done = program(
        "with Watchdog(1.0) as watchdog:\n    for _ in range(6):\n        time.sleep(0.5); watchdog.tick()\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_watched_afterwards() -> None:
    done = program("with Watchdog(0.2):\n    pass\ntime.sleep(0.6)\n")
    assert (done.returncode, done.stderr) == (0, "")
