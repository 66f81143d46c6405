"""A disk that fills up loses nothing: the run says so and stops, and goes on once there is room."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.conftest import Workplace


@pytest.fixture
def disk(workplace: Workplace) -> Iterator[Callable[[str], None]]:
    """A small disk of its own for the store `data`; called with another size, it grows."""
    folder = workplace.root / "data"
    folder.mkdir()

    def mount(options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "magritte-test", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")

    try:
        yield mount
    finally:
        subprocess.run(["umount", str(folder)], capture_output=True, check=False)


@pytest.mark.parametrize("size", ["256k", "640k"])
def test_a_full_disk_stops_the_run_and_the_next_one_ends_as_if_undisturbed(
    workplace: Workplace, finished: Workplace, disk: Callable[[str], None], size: str
) -> None:
    disk(f"size={size}")
    process = workplace.start("run", str(workplace.root / "recipe.yaml"))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 75, err
    assert f"magritte: no space left for the data in {workplace.root}/data: free some, then run again" in err
    assert "Traceback" not in err
    assert not workplace.status()["finished"]
    disk("remount,size=64m")
    workplace.run()
    assert workplace.dataset_digest() == finished.dataset_digest()
    assert workplace.status()["fates"] == finished.status()["fates"]


def test_a_full_disk_is_told_of_even_before_a_run_can_be_begun(
    workplace: Workplace, disk: Callable[[str], None]
) -> None:
    disk("size=4k")
    Path(workplace.root, "data", "filler").write_bytes(bytes(4096))
    process = workplace.start("run", str(workplace.root / "recipe.yaml"))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 75, err
    assert "no space left" in err
    assert "Traceback" not in err
