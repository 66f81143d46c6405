"""`python -m demo` (or `make demo`): an invented character's pictures through the whole chain."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from demo.board.danbooru import Danbooru
from demo.board.posts import Mixture, posts_of_files
from demo.pictures import draw_folder

OUTPUT = Path("demo-output")
_HERE = Path(__file__).parent

POSTED = 30
"""Drawings that a board has, and the folder has not."""

RECIPE = """\
name: margot
sources:
  - folder: ./pictures
  - danbooru:            # a board on this machine, which lasts as long as the demo
      tags: ["margot_(magritte)"]
      address: {board}
      pause: 0
faces:
  smallest: 32
normalized:
  size: 64
training:
  start_from: {network}
  kimg: 6
  leg_kimg: 2
  minibatch: 16
  learning_rate: 0.003
  r1_gamma: 1          # as the base network was trained with
  ema_kimg: 0.5        # short, for a short training: the average must not lag behind
  augmentation: none   # too short for ADA to have an effect
"""


def main() -> int:
    """Draw the pictures, unless they are there already, and run the recipe."""
    started = time.monotonic()
    pictures, posted, recipe = OUTPUT / "pictures", OUTPUT / "board", OUTPUT / "recipe.yaml"
    if not recipe.exists():
        _draw(pictures, posted)
    store = {"MAGRITTE_STORE": f"folder:{OUTPUT / 'data'}"}
    with _board(posted, recipe) as board:
        if not recipe.exists():
            recipe.write_text(RECIPE.format(network=_HERE / "base_network.npz", board=board.address))
        command = [sys.executable, "-m", "services.magritte", "run", str(recipe)]
        local = {"MAGRITTE_PRIVATE_NETWORKS": "127.0.0.1"}
        code = subprocess.run(command, env=os.environ | store | local, check=False).returncode
    print(f"\n{time.monotonic() - started:.0f} s. To look further: MAGRITTE_STORE={store['MAGRITTE_STORE']}", end=" ")
    print(".venv/bin/magritte status | trace margot-003.png | verify")
    return code


def _draw(pictures: Path, posted: Path) -> None:
    """Draw all pictures, and move the last drawings to where the board takes its posts from."""
    for folder in (pictures, posted):
        shutil.rmtree(folder, ignore_errors=True)
    print(f"drawing Margot into {pictures} and {posted} ...", flush=True)
    print(f"{draw_folder(pictures)} files, some of them planted to be dropped", flush=True)
    posted.mkdir()
    for drawing in sorted(pictures.glob("margot-*.*"))[-POSTED:]:
        drawing.rename(posted / drawing.name)


def _board(posted: Path, recipe: Path) -> Danbooru:
    """Return the board, at the port that the recipe names if there is one: the same recipe goes on with its run."""
    port = re.search(r"address: http://127\.0\.0\.1:(\d+)", recipe.read_text()) if recipe.exists() else None
    posts = posts_of_files(sorted(posted.iterdir()), Mixture(posts=POSTED, hidden=0, deleted=0))
    return Danbooru(posts, port=int(port[1]) if port else 0)


if __name__ == "__main__":
    sys.exit(main())
