"""Whether dropping the worst of the ranking and training on beats training on with them, and what to carry over.

    python -m benchmarks.pruning [--seeds N] [--kimg N] [--share N]

For each seed: 103 faces of an invented character and 16 that do not belong, two of each kind of
`benchmarks/planted.py`, 64 px. The demo's base network goes on with all of them, the ranking is made, its worst share
is dropped, and training goes on for as long again: with everything; without the worst, and of the state before
everything is carried over (the recipe's `train_on.carry`), or all but one part, or the networks alone. What is drawn by
then is held against other faces of the same character, that no training has seen, by the kernel distance of random
features (`benchmarks/few_shot.py`, in thousandths, 0 is best). Ends with 1 unless the pruned training is nearer on
average.
"""

import argparse
import sys
from collections.abc import Sequence
from random import Random

import numpy as np

from benchmarks.few_shot import BASE, Evaluator, drawn, train
from benchmarks.planted import PlantedSet, drawn_sets, face
from demo.character import HEROINE, any_character
from services.ranker import looks, scoring
from services.ranker.ranking import ranking
from services.ranker.scoring import Rule
from services.ranker.strangeness import strangeness
from services.trainer.inheritance import carried
from services.trainer.learning.training import GanTraining
from shared.recipe.hyperparameters import Augmentation, Hyperparameters
from shared.recipe.train_on import Carried
from shared.stylegan2 import network_file
from shared.stylegan2.grid import PictureArray
from shared.stylegan2.inference import Discriminator
from shared.stylegan2.weights import Networks

SIDE, SHUFFLES, COMPARED = 64, 5, 300
EVERYTHING = tuple(Carried)
SETTINGS = Hyperparameters(
    minibatch=16,
    learning_rate=0.003,
    r1_gamma=1.0,
    ema_kimg=0.5,
    mirror=True,
    augmentation=Augmentation.ADA,
    ada_kimg=100.0,
)
WITH_ALL = "all pictures, all carried"
PRUNED: dict[str, Sequence[Carried]] = {
    "pruned, all carried": EVERYTHING,
    **{f"pruned, without {part}": [other for other in EVERYTHING if other is not part] for part in EVERYTHING},
    "pruned, networks alone": (),
}


def main() -> int:
    """Print the distances of every seed, and their means; 1 if pruning has not paid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="characters")
    parser.add_argument("--kimg", type=float, default=1.5, help="thousand pictures before, and after, the ranking")
    parser.add_argument("--share", type=float, default=0.2, help="share of the pictures that is dropped")
    options = parser.parse_args()
    training = GanTraining(network_file.load(BASE.read_bytes()), SETTINGS, seed=1)
    fresh = training.state()
    found: dict[str, list[float]] = {}
    for seed in range(options.seeds):
        for name, distance in _measured(training, fresh, seed, options).items():
            found.setdefault(name, []).append(distance)
    for name, distances in found.items():
        print(f"{name:28} {np.mean(distances):7.2f}  ({', '.join(f'{each:.2f}' for each in distances)})")
    with_all, pruned = np.mean(found[WITH_ALL]), np.mean(found["pruned, all carried"])
    print(f"training on with all of them: {with_all / pruned:.2f} times as far as without the worst (target: above 1)")
    return int(pruned >= with_all)


def _measured(
    training: GanTraining, fresh: dict[str, np.ndarray], seed: int, options: argparse.Namespace
) -> dict[str, float]:
    """Return the kernel distance after each way of training on, and before."""
    planted = next(each for each in drawn_sets(seed, SIDE) if each.kind == "mixed")
    pictures = np.stack([np.asarray(image) for image in planted.faces])
    evaluator = Evaluator(_held_out(seed))
    training.restore(fresh)
    train(training, pictures, options.kimg)
    before = training.state()
    kept = _kept(training.networks(), pictures, options.share)
    gone = int(planted.planted.sum() - planted.planted[kept].sum())
    print(f"seed {seed}: of {len(pictures)} pictures {len(kept)} are kept; {_told(planted, gone)}", flush=True)
    found = {"before": evaluator.scores(drawn(training.networks(), COMPARED)).kernel}
    for name, (some, carry) in {
        WITH_ALL: (pictures, EVERYTHING),
        **{n: (pictures[kept], c) for n, c in PRUNED.items()},
    }.items():
        training.restore(carried(_begun(fresh, before), before, tuple(carry)))
        train(training, some, training.kimg + options.kimg)
        found[name] = evaluator.scores(drawn(training.networks(), COMPARED)).kernel
        print(f"  {name}: {found[name]:.2f}", flush=True)
    return found


def _held_out(seed: int) -> PictureArray:
    """Draw faces of the seed's character that are in no set."""
    character = any_character(Random(f"suspects {seed}")) if seed else HEROINE
    random = Random(f"held out {seed}")
    return np.stack([np.asarray(face(character, random, SIDE)) for _ in range(COMPARED)])


def _kept(networks: Networks, pictures: PictureArray, share: float) -> list[int]:
    """Return the places of the pictures that are not the worst share of the ranking."""
    discriminator = Discriminator(networks.architecture, networks.D)
    size = scoring.minibatch(len(pictures), networks.architecture.mbstd_group_size, SIDE)
    scores = scoring.score(
        len(pictures), lambda chosen: discriminator.scores(pictures[chosen]), Rule(size, SHUFFLES, 1)
    )
    strange = strangeness(looks.decoded(map(looks.encoded, pictures)), discriminator.features(pictures))
    ranked = sorted(ranking(strange, scores), key=lambda each: each.rank)
    return sorted(each.index for each in ranked[: len(pictures) - round(share * len(pictures))])


def _begun(fresh: dict[str, np.ndarray], before: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the state of a new training that begins with the networks of `before`."""
    networks = ("G/", "D/", "Gs/")
    return {name: before[name] if name.startswith(networks) else value for name, value in fresh.items()}


def _told(planted: PlantedSet, gone: int) -> str:
    return f"{gone} of {int(planted.planted.sum())} that do not belong are gone"


if __name__ == "__main__":
    sys.exit(main())
