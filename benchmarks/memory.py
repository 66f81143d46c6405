"""Whether memory stays flat: the most that `magritte run` takes for 10,000 pictures, against 500.

The pictures are small drawings of random characters. Only equal fingerprints count as duplicates, so that nearly all
go on to the detector, and about half of them to the data set. Enlarging and training are off.

Memory is the resident memory of the command and of its children together, looked at ten times a second; what two
processes share counts twice. Each run starts on a store of its own. The ratio falls with what the imported libraries
take, hence the growth per picture is printed as well.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from demo.character import any_character, any_pose
from demo.drawing import draw

RECIPE = """
name: bench
sources: [{{folder: {folder}}}]
duplicates: {{strictness: 100}}
faces: {{smallest: 16}}
upscaling: {{enabled: false}}
normalized: {{size: 64}}
training: {{kimg: 0}}
"""
SIZE = (128, 160)
TARGET = 1.3
_REPOSITORY = Path(__file__).parents[1]
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Peak:
    """The most bytes that a run had at once, in all its processes and in the first one, and its seconds."""

    together: int
    command: int
    seconds: float


def main() -> None:
    """Print both peaks, their ratio, and whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=500)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--scratch", type=Path, help="where pictures and stores lie meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        peaks = [measured(Path(scratch, str(count)), count) for count in (options.few, options.many)]
    few, many = peaks
    per_picture = (many.together - few.together) / (options.many - options.few)
    print(f"  ratio {many.together / few.together:.2f} (target: at most {TARGET}), {per_picture:.0f} bytes per picture")


def measured(place: Path, count: int) -> Peak:
    """Draw `count` pictures, run the recipe over them, and print and return what it took."""
    _draw(place / "pictures", count)
    recipe = place / "recipe.yaml"
    recipe.write_text(RECIPE.format(folder=place / "pictures"))
    environment = os.environ | {"MAGRITTE_STORE": f"folder:{place / 'data'}"}
    command = [sys.executable, "-m", "services.magritte", "run", str(recipe)]
    with (place / "said").open("w") as output:
        process = subprocess.Popen(command, env=environment, cwd=_REPOSITORY, stdout=output, stderr=output)
        found = watched(process)
    if process.returncode:
        raise SystemExit((place / "said").read_text())
    print(
        f"memory, {count} pictures: {found.together / 1e6:.0f} MB at most, {found.command / 1e6:.0f} MB of them in "
        f"the command itself, {found.seconds:.0f} s"
    )
    return found


def watched(process: "subprocess.Popen[bytes]") -> Peak:
    """Wait for the process to end and return its peak."""
    started, together, command = time.monotonic(), 0, 0
    while process.poll() is None:
        family = _family(process.pid)
        together = max(together, sum(map(_resident, family)))
        command = max(command, _resident(process.pid))
        time.sleep(0.1)
    return Peak(together, command, time.monotonic() - started)


def _family(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it has ended meanwhile
        return []
    return [pid, *(descendant for child in children for descendant in _family(child))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _draw(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        random = Random(f"memory {number}")
        (folder / f"{number:05}.png").write_bytes(draw(any_character(random), any_pose(random), random, SIZE))


if __name__ == "__main__":
    main()
