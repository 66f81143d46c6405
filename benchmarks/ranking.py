"""How well the ranking finds faces that do not belong, side by side with the discriminator's score alone.

    python -m benchmarks.ranking [FOLDER] [--seeds N] [--kimg N] [--quick] [--halves]

Each set has 103 faces of 64 px and 12 of one kind that do not belong, planted before the training: the demo's base
network goes on with the whole set, and its discriminator and what makes faces strange then rank it. `mixed` has two of
each kind. By default all are drawings of invented characters, another for each seed; with a FOLDER of labelled pictures
(manifest.json beside images/) they are its faces, some of them altered. Those are of many characters, some are grey
and many tilted, and the base network has seen no such pictures.

Printed are, of what was planted, the share in the worst fifth of the set, and the AUC, by

- score: the trained discriminator's score alone, which was the ranking until now
- base score: the same by the network that the training started from
- belonging: how strange a face is, with features of the trained discriminator
- ranking: both signals together, as `magritte rank` has them
- two ranks: the worse of the ranks by either signal, for comparison
- held out: with `--halves`, the score by two networks, each trained without the half that it scores

`--quick` takes one set, `mixed`, for each seed: a minute of processor time each. Otherwise it is half an hour in all,
and without any training, with `--kimg 0`, two minutes.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.few_shot import BASE
from benchmarks.planted import PlantedSet, drawn_sets, labelled_sets
from services.ranker import looks, scoring
from services.ranker.judge import quarters
from services.ranker.ranking import ranking
from services.ranker.scoring import Rule, Scores
from services.ranker.strangeness import strangeness
from services.trainer.data import indices
from services.trainer.learning.training import GanTraining
from shared.recipe.hyperparameters import Augmentation, Hyperparameters
from shared.stylegan2 import network_file
from shared.stylegan2.grid import PictureArray
from shared.stylegan2.inference import Discriminator
from shared.stylegan2.weights import Networks

SIDE, SHUFFLES, TARGET = 64, 5, 0.9

Values = NDArray[np.float64]


class Trainer:
    """Trains the demo's base network, from the beginning each time, with the demo's settings."""

    def __init__(self, kimg: float) -> None:
        settings = Hyperparameters(
            minibatch=16,
            learning_rate=0.003,
            r1_gamma=1.0,
            ema_kimg=0.5,
            mirror=True,
            augmentation=Augmentation.ADA,
            ada_kimg=100.0,
        )
        self.base = network_file.load(BASE.read_bytes())
        self._training, self._kimg = GanTraining(self.base, settings, seed=1), kimg
        self._fresh = self._training.state()

    def trained(self, pictures: PictureArray) -> Networks:
        """Train on pictures, and return the networks."""
        self._training.restore(self._fresh)
        while self._training.kimg < self._kimg:
            shown = round(1000 * self._training.kimg)
            self._training.step(pictures[indices(len(pictures), 0, shown, 16)])
        return self._training.networks()


def main() -> None:
    """Print all measurements, and whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="holds manifest.json and images/; default: drawings")
    parser.add_argument("--seeds", type=int, default=3, help="sets of each kind")
    parser.add_argument("--kimg", type=float, default=0.75, help="thousand pictures shown in a training; 0: none")
    parser.add_argument("--quick", action="store_true", help="only the sets with two of each kind")
    parser.add_argument(
        "--halves", action="store_true", help="the score by networks that have not seen the picture too"
    )
    options = parser.parse_args()
    trainer, results = Trainer(options.kimg), dict[str, dict[str, list[tuple[float, float]]]]()
    for seed in range(options.seeds):
        sets = drawn_sets(seed, SIDE) if options.folder is None else labelled_sets(options.folder, seed, SIDE)
        for each in sets:
            if not options.quick or each.kind == "mixed":
                started, shares = time.process_time(), []
                for method, doubts in _measured(trainer, each, options.halves):
                    share, auc = _figures(each.planted, doubts)
                    results.setdefault(method, {}).setdefault(each.kind, []).append((share, auc))
                    shares.append(f"{method} {share:.2f}")
                seconds = time.process_time() - started
                print(f"seed {seed}, {each.kind}, {seconds:.0f} s of processor time: {', '.join(shares)}", flush=True)
    _print(results)


def _measured(trainer: Trainer, planted: PlantedSet, halves: bool) -> Iterator[tuple[str, Values]]:
    """Yield how doubtful each face is, by each method."""
    pictures = np.stack([np.asarray(image) for image in planted.faces])
    networks = trainer.trained(pictures)
    score, base = _scored(networks, pictures), _scored(trainer.base, pictures)
    features = quarters(Discriminator(networks.architecture, networks.D).features(pictures))
    strange = strangeness(looks.decoded(map(looks.encoded, pictures)), features)
    ranked = ranking(strange, score)
    by_index = sorted(ranked, key=lambda each: each.index)
    yield "score", -score.mean
    yield "base score", -base.mean
    yield "belonging", strange.total
    yield "ranking", np.array([each.rank for each in by_index], np.float64)
    yield "two ranks", np.array([max(each.quality_rank or 0, each.belonging_rank) for each in by_index], np.float64)
    if halves:
        yield "held out", -_held_out(trainer, pictures)


def _scored(networks: Networks, pictures: PictureArray) -> Scores:
    discriminator = Discriminator(networks.architecture, networks.D)
    size = scoring.minibatch(len(pictures), networks.architecture.mbstd_group_size, SIDE)
    return scoring.score(len(pictures), lambda chosen: discriminator.scores(pictures[chosen]), Rule(size, SHUFFLES, 1))


def _held_out(trainer: Trainer, pictures: PictureArray) -> Values:
    """Return how far each picture is above the middle score of its half, by a network trained on the other half."""
    found, order = np.empty(len(pictures)), np.random.default_rng(1).permutation(len(pictures))
    for half in np.array_split(order, 2):
        networks = trainer.trained(np.delete(pictures, half, axis=0))
        found[half] = -Scores(_scored(networks, pictures).mean[half], np.zeros(len(half))).doubts()
    return found


def _figures(planted: NDArray[np.bool_], doubts: Values) -> tuple[float, float]:
    worst = np.argsort(-doubts, kind="stable")[: len(doubts) // 5]
    return float(planted[worst].sum() / planted.sum()), float(roc_auc_score(planted, doubts))


def _print(results: dict[str, dict[str, list[tuple[float, float]]]]) -> None:
    kinds = list(next(iter(results.values())))
    print("of what was planted: the share in the worst fifth, AUC")
    print(" " * 12, *(f"{kind:>11}" for kind in kinds), f"{'all kinds':>11}")
    for method, row in results.items():
        every = [figures for kind in kinds if kind not in ("mixed", "copies") for figures in row[kind]]
        columns = [*(row[kind] for kind in kinds), every or row[kinds[0]]]
        print(f"{method:12}", *(f"{_mean(column):>11}" for column in columns))
        if method == "ranking":
            share = float(np.mean([share for share, _ in columns[-1]]))
            verdict = "met" if share >= TARGET else "not met"
    print(f"target: {TARGET:.0%} of all in the worst fifth of the ranking: {verdict} ({share:.1%})")


def _mean(figures: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{value:.2f}" for value in np.mean(figures, axis=0))


if __name__ == "__main__":
    main()
