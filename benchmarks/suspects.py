"""How well faces that do not belong are found without a network: by their strangeness, and by verdicts about a few.

    python -m benchmarks.suspects [FOLDER] [--seeds N]

Each set has one kind of faces that do not belong among 103 that do; `mixed` has two of each kind, and `copies` twelve
near copies of two strangers. By default all are drawings of invented characters, another for each seed. With a FOLDER
of labelled pictures (manifest.json beside images/) they are its faces, some of them altered; since those are of many
characters, none of them is a stranger. Printed are the AUC, and of what was planted the share in the worst fifth.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.planted import PlantedSet, drawn_sets, labelled_sets
from services.ranker import looks, strangeness, suspicion
from services.ranker.looks import Looks
from services.ranker.strangeness import neighbour_distances

NEIGHBOURS = 5
NUMBERS = (5, 8)
"""Verdicts of each kind."""

Results = dict[str, dict[str, list[tuple[float, ...]]]]
"""By method and kind of what was planted, the figures of each set."""


def main() -> None:
    """Print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="holds manifest.json and images/; default: drawings")
    parser.add_argument("--seeds", type=int, default=4, help="sets of each kind")
    options = parser.parse_args()
    strange, decided = (defaultdict[str, dict[str, list[tuple[float, ...]]]](dict) for _ in range(2))
    pictures, seconds = 0, 0.0
    for seed in range(options.seeds):
        for each in drawn_sets(seed) if options.folder is None else labelled_sets(options.folder, seed):
            start = time.process_time()
            found = looks.decoded(looks.encoded(np.asarray(image)) for image in each.faces)
            seconds, pictures = seconds + time.process_time() - start, pictures + len(each.faces)
            for method, scores in _by_strangeness(found):
                strange[method].setdefault(each.kind, []).append(_figures(each.planted, scores))
            for method, figures in _by_verdicts(found, each, seed):
                decided[method].setdefault(each.kind, []).append(figures)
    _print("strangeness: AUC, share in the worst fifth", strange)
    _print("verdicts: AUC of the rest, share in the worst fifth, cross-validated AUC", decided)
    print(f"{1000 * seconds / pictures:.1f} ms of processor time for the features of a picture")


def _by_strangeness(found: Looks) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield the scores of the product, of each of its features, and of two of these by the nearest five alone."""
    strange = strangeness.strangeness(found)
    yield "all five", strange.total
    yield from strange.parts.items()
    yield "colours, nearest 5", neighbour_distances(found.colours, len(found) // NEIGHBOURS)
    yield "shape, nearest 5", neighbour_distances(found.shape, len(found) // NEIGHBOURS)


def _by_verdicts(found: Looks, planted: PlantedSet, seed: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield how well the rest is sorted by verdicts about some faces, drawn at random."""
    random = np.random.default_rng(seed)
    order = [random.permutation(np.flatnonzero(planted.planted == kind)) for kind in (True, False)]
    for number in NUMBERS:
        known = np.concatenate([places[:number] for places in order])
        verdicts = [suspicion.Verdict(int(each), f"{each}", bool(planted.planted[each])) for each in known]
        learnt, rest = suspicion.suspicion(found, verdicts), np.setdiff1d(np.arange(len(found)), known)
        yield f"{number} of each", (*_figures(planted.planted[rest], learnt.logits[rest]), learnt.auc)


def _figures(planted: NDArray[np.bool_], scores: NDArray[np.float64]) -> tuple[float, float]:
    worst = np.argsort(-scores, kind="stable")[: len(scores) // 5]
    return float(roc_auc_score(planted, scores)), float(planted[worst].sum() / planted.sum())


def _print(title: str, results: Results) -> None:
    kinds = list(dict.fromkeys(kind for row in results.values() for kind in row))
    print(title)
    print(" " * 20, *(f"{kind:>15}" for kind in kinds))
    for method, row in results.items():
        print(f"  {method:18}", *(f"{_mean(row.get(kind, [])):>15}" for kind in kinds))


def _mean(figures: Sequence[tuple[float, ...]]) -> str:
    return " ".join(f"{value:.2f}" for value in np.mean(figures, axis=0)) if figures else "-"


if __name__ == "__main__":
    main()
