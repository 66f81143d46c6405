"""How near a projection comes to a picture, and how far jittered versions of it are from it and from each other.

    python -m benchmarks.projection [--network FILE --level FILE.tfrecords] [--targets N] [--steps N]

By default the demo's base network goes on with 100 drawings of one character first, for 2 thousand pictures. Pictures
that it was trained on are projected, and new drawings if it was trained here. Distances are measured in two ways that
no projection tries to make small:

- features: as `shared.stylegan2.perception` compares the maps of a discriminator, but of one with random weights, and
  without the pixels: 0 for the same picture;
- MS-SSIM of three scales (Wang et al. 2003), by TensorFlow: 1 for the same picture.

Ends with 1 unless projected pictures are nearer than half as far as the average picture, and jittered versions differ
from each other, but from their source by less than half of what random pictures do.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.few_shot import BASE, drawing, train
from services.trainer.learning.training import GanTraining
from shared.recipe.hyperparameters import Augmentation, Hyperparameters
from shared.stylegan2 import discriminator, network_file, perception
from shared.stylegan2.grid import PictureArray, to_uint8
from shared.stylegan2.inference import Generator, latents
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.picture_set import spread
from shared.stylegan2.projection import Projected, Projector, Settings, Space
from shared.stylegan2.w_space import Variation, sampled_w
from shared.stylegan2.weights import Networks

PICTURES, KIMG = 100, 2.0
VERSIONS = 12
AMOUNTS = (0.25, 0.5, 1.0)
DEFAULT = 0.5  # of `magritte jitter`


class Far(NamedTuple):
    """Distances of pairs of pictures, as means."""

    features: float
    ssim: float

    def __str__(self) -> str:
        return f"features {self.features:.3f}  MS-SSIM {self.ssim:.3f}"


class Measure:
    """Compares pictures with a discriminator of random weights, and by MS-SSIM."""

    def __init__(self, networks: Networks) -> None:
        self._architecture = networks.architecture
        self._random = Networks.fresh(networks.architecture, seed=5).D

    def far(self, first: PictureArray, second: PictureArray) -> Far:
        """Compare the pictures of two arrays [N, R, R, num_channels], pair by pair."""
        import tensorflow as tf

        maps = zip(self._maps(first), self._maps(second), strict=True)
        features = np.mean([np.square(one - other).sum(axis=3).mean() for one, other in maps])
        ssim = tf.image.ssim_multiscale(tf.constant(first), tf.constant(second), 255, power_factors=(1 / 3,) * 3)
        return Far(float(features), float(np.mean(ssim)))

    def among(self, pictures: PictureArray) -> Far:
        """Compare each picture with each other."""
        first, second = zip(*combinations(range(len(pictures)), 2), strict=True)
        return self.far(pictures[list(first)], pictures[list(second)])

    def _maps(self, pictures: PictureArray) -> Iterator[np.ndarray]:
        found = perception.appearance(self._architecture, self._random, discriminator.scaled(pictures))[0]
        return (np.asarray(each) for each in found)


def main() -> int:
    """Print all measurements; 1 if a target is missed."""
    options = _options()
    networks, sets = _trained(options) if options.network is None else _given(options)
    measure, good = Measure(networks), True
    generator = Generator(networks.architecture, networks.Gs)
    random = to_uint8(generator.pictures(latents(range(100, 100 + VERSIONS), networks.architecture.z_size)))
    print(f"random pictures among each other:              {measure.among(random)}", flush=True)
    for space in Space:
        projector = Projector(networks, Settings(steps=options.steps, space=space))
        average = projector.average_picture()
        for name, targets in sets.items():
            started = time.monotonic()
            found = [_last(projector, target) for target in targets]
            each = (time.monotonic() - started) / len(targets) / options.steps
            reached = measure.far(targets, np.stack([projector.picture(one) for one in found]))
            from_average = measure.far(targets, np.repeat(average[None], len(targets), axis=0))
            print(f"{space.value}: {name}, average picture:   {from_average}")
            print(f"{space.value}: {name}, projected:         {reached}  ({1000 * each:.0f} ms a step)", flush=True)
            good &= name != TRAINED or reached.features < from_average.features / 2
        good &= _jittered(measure, generator, projector, _last(projector, sets[TRAINED][0]), random)
    return int(not good)


TRAINED, NEW = "trained on", "new drawing"


def _jittered(
    measure: Measure, generator: Generator, projector: Projector, found: Projected, random: PictureArray
) -> bool:
    """Print how far jittered versions are; return whether they are as they shall be at the default amount."""
    source = np.repeat(projector.picture(found)[None], VERSIONS, axis=0)
    others, good = measure.far(source, random), True
    print(f"  random pictures, from the source:            {others}")
    moves = Variation.of(sampled_w(generator)).drawn(VERSIONS, seed=0)[:, None]
    for amount in AMOUNTS:
        drawn = [generator.pictures_of_styles((found.w + amount * move)[None], found.noises) for move in moves]
        versions = to_uint8(np.concatenate(drawn))
        away, apart = measure.far(source, versions), measure.among(versions)
        print(f"  jittered by {amount:<4}, from the source:            {away}")
        print(f"  jittered by {amount:<4}, among each other:           {apart}", flush=True)
        if amount == DEFAULT:
            good = away.features < others.features / 2 and apart.features > others.features / 10
    return good


def _last(projector: Projector, target: PictureArray) -> Projected:
    *_, found = projector.project(target)
    return found


def _trained(options: argparse.Namespace) -> tuple[Networks, dict[str, PictureArray]]:
    faces = np.stack([drawing(number) for number in range(PICTURES + options.targets)])
    settings = Hyperparameters(
        minibatch=16, learning_rate=0.003, r1_gamma=1.0, ema_kimg=0.5, mirror=True, augmentation=Augmentation.NONE
    )
    training = GanTraining(network_file.load(BASE.read_bytes()), settings, 1)
    train(training, faces[:PICTURES], KIMG)
    return training.networks(), {TRAINED: faces[: options.targets], NEW: faces[PICTURES:]}


def _given(options: argparse.Namespace) -> tuple[Networks, dict[str, PictureArray]]:
    pictures = PictureFile(options.level)
    chosen = pictures[spread(pictures, options.targets).indices]
    return network_file.load(options.network.read_bytes()), {TRAINED: chosen}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=Path, help="a network file; default: one that is trained first")
    parser.add_argument("--level", type=Path, help="the .tfrecords of the network's size that it was trained on")
    parser.add_argument("--targets", type=int, default=3, help="pictures that are projected")
    parser.add_argument("--steps", type=int, default=300, help="of each projection")
    options = parser.parse_args()
    if (options.network is None) != (options.level is None):
        parser.error("--network and --level belong together")
    return options


if __name__ == "__main__":
    sys.exit(main())
