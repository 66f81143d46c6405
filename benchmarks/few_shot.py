"""That going on from a network of many characters beats training from scratch: on a CPU, with few drawings of one.

Both trainings see the same drawings of Margot in the same order, with the same architecture and hyperparameters; only
where they start differs. One starts from `demo/base_network.npz`, which has seen 8000 invented characters and never
Margot, and is measured after N thousand pictures. The other starts from fresh weights and is measured after N and
after 5 N. The proof is that the first is nearer to drawings held out from both, by two distances:

- KID's kernel distance, in thousandths, of features that a small convolutional network with random weights finds. Such
  features were trained on nothing, thus favour neither network, and need no download; Naeem et al. 2020 ("Reliable
  Fidelity and Diversity Metrics for Generative Models") use them where pictures are far from ImageNet's. D of the base
  network would not do: that network's G was trained to please it. The values compare the networks of one run of this
  benchmark and nothing else;
- the sliced Wasserstein distance of patches, which needs no features.

Besides it prints what two sets of real drawings are apart, the least that can be hoped for, and the base network
before it has seen Margot. Ends with 1 if the proof fails.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.character import HEROINE, any_pose
from demo.drawing import Placement, background, figure, render
from services.trainer.data import fixed_latents, indices
from services.trainer.learning.training import GanTraining
from shared.recipe.hyperparameters import Augmentation, Hyperparameters
from shared.stylegan2 import network_file
from shared.stylegan2.grid import PictureArray, to_uint8
from shared.stylegan2.inference import Generator
from shared.stylegan2.quality.distances import Features, kernel_distance
from shared.stylegan2.quality.sliced_wasserstein import sliced_wasserstein
from shared.stylegan2.weights import Networks

BASE = Path(__file__).parents[1] / "demo" / "base_network.npz"
RESOLUTION = 64
TIMES = 5
"""Factor by which the training from scratch sees more pictures."""

_DRAWN = 192  # three times the resolution, then averaged
_CROP, _SHIFT_BY_YAW = 262.0, 16.0  # units of the head: where detectors find faces, as in demo/base_network.py
_WIDTHS = (64, 128, 256, 512)  # of the random network, one for each halving of the picture's side
_AT_ONCE = 64  # pictures whose features are found together


@dataclass(frozen=True)
class Scores:
    """Distances from the drawings held out: 0 is best, though the kernel's may be a little less by chance."""

    kernel: float
    sliced: float

    def __str__(self) -> str:
        return f"kernel distance {self.kernel:8.2f}, sliced Wasserstein {self.sliced:7.1f}"


class Evaluator:
    """The drawings held out, which pictures are held against."""

    def __init__(self, reals: PictureArray) -> None:
        self._reals = reals
        found = random_features(reals)
        self._mean = found.mean(axis=0)
        self._deviation = float(np.sqrt(found.var(axis=0).mean()))
        self._features = self._normalized(found)

    def __len__(self) -> int:
        return len(self._reals)

    def scores(self, fakes: PictureArray) -> Scores:
        """Score `fakes`, as many as the drawings held out."""
        kernel = kernel_distance(self._features, self._normalized(random_features(fakes)))
        return Scores(1000 * kernel.mean, sliced_wasserstein(self._reals, fakes).mean)

    def _normalized(self, features: Features) -> Features:
        """Normalise features by the reals' mean and their deviation over all features, as the kernel's 1 presumes."""
        normalized: Features = (features - self._mean) / self._deviation
        return normalized


def random_features(pictures: PictureArray) -> Features:
    """Return features of pictures by an untrained convolutional network: [N, 4 * the last width].

    Each layer halves the side, with He's weights and ReLU. The means over the four quarters of the last maps are the
    features: they know lines and colours, and roughly where these are.
    """
    weights = np.random.default_rng(0)
    shapes = zip((pictures.shape[3], *_WIDTHS), _WIDTHS, strict=False)
    kernels = [_kernel(weights, inputs, outputs) for inputs, outputs in shapes]
    starts = range(0, len(pictures), _AT_ONCE)
    return np.concatenate([_features(pictures[start : start + _AT_ONCE], kernels) for start in starts])


def _kernel(weights: np.random.Generator, inputs: int, outputs: int) -> NDArray[np.float32]:
    drawn = weights.standard_normal((3, 3, inputs, outputs), np.float32)
    return drawn * np.float32(np.sqrt(2 / (9 * inputs)))


def _features(pictures: PictureArray, kernels: list[NDArray[np.float32]]) -> Features:
    from keras import ops  # only now: shared.stylegan2 says which back end Keras takes

    x = ops.convert_to_tensor(pictures.astype(np.float32) / 127.5 - 1)
    for kernel in kernels:
        x = ops.relu(ops.conv(x, kernel, strides=2, padding="same"))
    quarters = ops.average_pool(x, x.shape[1] // 2)
    return np.asarray(ops.reshape(quarters, (len(pictures), -1)))


def drawing(number: int) -> PictureArray:
    """Draw one of Margot's faces, uint8 [64, 64, 3]; the same number gives the same drawing."""
    random = Random(f"few-shot {number}")
    pose = any_pose(random)
    scale = _DRAWN / (_CROP * random.uniform(0.88, 1.18))
    x = _DRAWN / 2 - (_SHIFT_BY_YAW * pose.yaw + random.gauss(0, 7)) * scale
    at = Placement(x, _DRAWN / 2 - random.gauss(8, 8) * scale, scale)
    size = (_DRAWN, _DRAWN)
    picture = Image.open(BytesIO(render(background(random, size) + figure(HEROINE, pose, at), size)))
    return np.asarray(picture.convert("RGB").resize((RESOLUTION, RESOLUTION), Image.Resampling.BOX))


def train(training: GanTraining, pictures: PictureArray, kimg: float) -> None:
    """Train until `kimg` thousand pictures have been shown."""
    minibatch = training.hyperparameters.minibatch
    started, before = time.monotonic(), training.kimg
    while training.kimg < kimg:
        shown = round(1000 * training.kimg)
        training.step(pictures[indices(len(pictures), 0, shown, minibatch)])
    each = (time.monotonic() - started) / (training.kimg - before)
    print(f"    {before:.1f} to {training.kimg:.1f} kimg: {each:.0f} ms per picture", flush=True)


def drawn(networks: Networks, count: int) -> PictureArray:
    """Draw `count` pictures by Gs, without truncation."""
    z = fixed_latents(0, count, networks.architecture.z_size)
    return to_uint8(Generator(networks.architecture, networks.Gs).pictures(z, minibatch=32))


def main() -> int:
    """Print the scores of both trainings and their ratios; 1 if going on is not better."""
    options = _options()
    faces = np.stack([drawing(number) for number in range(options.pictures + 2 * options.compared)])
    seen, held_out, others = np.split(faces, [options.pictures, options.pictures + options.compared])
    evaluator = Evaluator(held_out)
    print(f"few-shot, {len(seen)} drawings of one character at {RESOLUTION} px, {len(held_out)} others held out:")
    print(f"  other drawings of the character:     {evaluator.scores(others)}", flush=True)
    went_on, fresh = _compared(options, seen, evaluator)
    kernel, sliced = fresh.kernel / went_on.kernel, fresh.sliced / went_on.sliced
    print(f"  from scratch after {TIMES} times as many pictures, against going on: ", end="")
    print(f"kernel distance x {kernel:.1f}, sliced Wasserstein x {sliced:.1f} (target: above 1)")
    return int(went_on.kernel >= fresh.kernel or went_on.sliced >= fresh.sliced)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--kimg", type=float, default=2.0, help="N: thousand pictures that the base network goes on for"
    )
    parser.add_argument("--pictures", type=int, default=100, help="drawings that are trained on")
    parser.add_argument("--compared", type=int, default=500, help="drawings held out, and pictures drawn by a network")
    parser.add_argument("--augmentation", type=Augmentation, choices=list(Augmentation), default=Augmentation.ADA)
    parser.add_argument("--seed", type=int, default=1, help="of both trainings and of the fresh weights")
    return parser.parse_args()


def _compared(options: argparse.Namespace, pictures: PictureArray, evaluator: Evaluator) -> tuple[Scores, Scores]:
    """Return the scores of going on from the base network, and of training from scratch with `TIMES` the pictures."""
    settings = Hyperparameters(  # the demo's, and of the recipe's defaults what it leaves out
        minibatch=16,
        learning_rate=0.003,
        r1_gamma=1.0,
        ema_kimg=0.5,
        mirror=True,
        augmentation=options.augmentation,
        ada_kimg=100.0,
    )
    base = network_file.load(BASE.read_bytes())
    fresh = Networks.fresh(base.architecture, options.seed)
    kimg, seed = options.kimg, options.seed
    print(f"  base network, as it is:              {evaluator.scores(drawn(base, options.compared))}", flush=True)
    went_on = _followed(
        GanTraining(base, settings, seed), pictures, (kimg,), evaluator, "going on from the base network"
    )
    scratch = _followed(GanTraining(fresh, settings, seed), pictures, (kimg, TIMES * kimg), evaluator, "from scratch")
    return went_on, scratch


def _followed(
    training: GanTraining, pictures: PictureArray, stops: tuple[float, ...], evaluator: Evaluator, name: str
) -> Scores:
    """Train from stop to stop and print the scores at each; returns the last."""
    print(f"  {name}:", flush=True)
    for kimg in stops:
        train(training, pictures, kimg)
        scores = evaluator.scores(drawn(training.networks(), len(evaluator)))
        print(f"    after {kimg:5.1f} kimg:                 {scores}", flush=True)
    return scores


if __name__ == "__main__":
    sys.exit(main())
