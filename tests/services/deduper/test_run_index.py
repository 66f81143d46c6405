import itertools
import tracemalloc
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deduper.likeness import PRINT, likeness, print_of
from services.deduper.run_index import EntryDecision, RunIndex, rank
from shared.contract.messages import ImageFingerprinted
from shared.recipe.duplicates import Duplicates
from tests.services.deduper.conftest import Arrived, Drawing

SETTINGS = Duplicates(bits=4)


def _print(entry: int, phash: int, mirrored: int, width: int, image: int, lossless: bool = False) -> ImageFingerprinted:
    return ImageFingerprinted(
        run="run-001",
        entry=f"{entry:020x}",
        image=f"{image:064x}",
        score=0,
        width=width,
        height=100,
        lossless=lossless,
        phash=f"{phash:016x}",
        mirrored_phash=f"{mirrored:016x}",
        dhash="0" * 16,
        mirrored_dhash="0" * 16,
        colours="80" * 48,
    )


# Hashes of few bits, so that chains of near ones occur.
HASHES = st.integers(0, 2**10 - 1)
PRINTS = st.lists(st.tuples(HASHES, HASHES, st.integers(100, 103)), min_size=1, max_size=14)


def _batch(prints: list[ImageFingerprinted]) -> dict[str, EntryDecision]:
    """The rule itself: from the best to the worst, each is kept unless a kept one is its duplicate."""
    kept: list[ImageFingerprinted] = []
    decisions: dict[str, EntryDecision] = {}
    for found in sorted(prints, key=rank):
        others = np.array([print_of(other) for other in kept], PRINT)
        kinds = likeness(print_of(found), others, SETTINGS) if kept else []
        by, reason = next(((other.image, kind) for other, kind in zip(kept, kinds, strict=True) if kind), (None, None))
        decisions[found.entry] = EntryDecision(found.entry, found.image, by, reason)
        if by is None:
            kept.append(found)
    return decisions


@settings(deadline=None, max_examples=150)
@given(PRINTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_decisions(values: list[tuple[int, int, int]], random: Random) -> None:
    prints = [_print(number, *value, image=hash(value) % 2**64) for number, value in enumerate(values)]
    index, last_decisions = RunIndex(SETTINGS), {}
    for found in random.sample(prints, len(prints)):
        last_decisions.update({decision.entry: decision for decision in index.add(found)})
    assert last_decisions == _batch(prints)


def test_the_largest_copy_is_kept_then_the_lossless_then_the_one_with_the_higher_score(
    drawing: Drawing, arrived: Arrived
) -> None:
    image = drawing(0)
    copies = [
        arrived(image.resize((440, 550)), 1, quality=80),
        arrived(image, 2),
        arrived(image, 3, score=2, quality=90),
        arrived(image, 4, score=1, quality=95),
    ]
    for order in itertools.permutations(copies):
        index, last_decisions = RunIndex(Duplicates()), {}
        for found in order:
            last_decisions.update({decision.entry: decision.by for decision in index.add(found)})
        assert last_decisions == {copy.entry: None if copy is copies[0] else copies[0].image for copy in copies}
    assert sorted((copies[2], copies[0], copies[3], copies[1]), key=rank) == copies


def test_an_entry_takes_less_than_a_kilobyte() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**64, (2000, 2), dtype=np.uint64).tolist()
    tracemalloc.start()
    try:
        index = RunIndex(Duplicates(bits=0))
        for number, (phash, mirrored) in enumerate(hashes):
            index.add(_print(number, phash, mirrored, width=100, image=phash))
        assert len(index) == 2000
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
