"""Trains the demo's base network: `python -m demo.base_network MINUTES` writes demo/base_network.npz.

Thousands of invented characters, drawn and cut out as the face detector would, give a network that draws nobody in
particular; the demo's run goes on from it with one character's pictures, as people go on from a network of
portraits. The one in the repository saw 161 thousand pictures in 95 minutes on two cores that had other work too.
"""

import io
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.character import any_character, any_pose
from demo.drawing import Placement, background, figure, render

RESOLUTION = 64
CHARACTERS = 8000
MINIBATCH = 16
_DRAWN = 192  # three times the resolution, then averaged

# Where animeface finds faces in these drawings, in units of the head (measured on 66), after the demo's expansion.
_CROP, _CENTRE_Y, _SHIFT_BY_YAW = 262.0, 8.0, 16.0


def face(number: int) -> NDArray[np.uint8]:
    """Draw a random character's face, uint8 [64, 64, 3]; the same number gives the same face."""
    random = Random(f"face-{number}")
    character, pose = any_character(random), any_pose(random)
    scale = _DRAWN / (_CROP * random.uniform(0.88, 1.18))
    x = _SHIFT_BY_YAW * pose.yaw + random.gauss(0, 7)
    y = _CENTRE_Y + random.gauss(0, 8)
    at = Placement(_DRAWN / 2 - x * scale, _DRAWN / 2 - y * scale, scale)
    size = (_DRAWN, _DRAWN)
    picture = Image.open(io.BytesIO(render(background(random, size) + figure(character, pose, at), size)))
    return np.asarray(picture.convert("RGB").resize((RESOLUTION, RESOLUTION), Image.Resampling.BOX))


def train(faces: NDArray[np.uint8], minutes: float) -> bytes:
    """Train on `faces` for `minutes` minutes and return the network file."""
    from services.trainer.learning.training import GanTraining
    from shared.recipe.hyperparameters import Hyperparameters
    from shared.stylegan2 import network_file
    from shared.stylegan2.architecture import Architecture
    from shared.stylegan2.weights import Networks

    architecture = Architecture(
        RESOLUTION, fmap_base=512, fmap_max=96, z_size=96, w_size=96, mapping_fmaps=96, mapping_layers=4
    )
    settings = Hyperparameters(minibatch=MINIBATCH, mirror=True, learning_rate=0.0025, ema_kimg=3, r1_gamma=1.0)
    training = GanTraining(Networks.fresh(architecture, seed=1), settings, seed=1)
    choice = np.random.default_rng(0)
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        training.step(faces[choice.integers(0, len(faces), MINIBATCH)])
    return network_file.dump(training.networks(), half=True)


def main() -> None:
    """Draw the faces, train on them and write the network file."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 95.0
    with ProcessPoolExecutor() as pool:
        faces = np.stack(list(pool.map(face, range(CHARACTERS), chunksize=64)))
    Path(__file__).with_suffix(".npz").write_bytes(train(faces, minutes))


if __name__ == "__main__":
    main()
