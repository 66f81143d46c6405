import itertools
import tracemalloc
from collections.abc import Callable
from math import inf
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deduper.likeness import Eyes, Looking
from services.deduper.run_index import EntryDecision, Findings, RunIndex, rank
from shared.contract.messages import ImageFingerprinted
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.duplicates import Duplicates
from tests.services.deduper.conftest import Arrived, Drawing

SETTINGS = Duplicates()
NEAR, MIRRORED = Reason.NEAR_DUPLICATE, Reason.MIRRORED_DUPLICATE


def _print(entry: int, phash: int, width: int = 100) -> ImageFingerprinted:
    """A fingerprint whose hash is also its image: pictures of one hash are one picture."""
    about = {"run": "run-001", "entry": f"{entry:020x}", "image": f"{phash:064x}", "score": 0}
    size = {"width": width, "height": 100, "lossless": False}
    return ImageFingerprinted(**about, **size, phash=f"{phash:016x}", mirrored_phash="f" * 16)  # type: ignore[arg-type]


def _within_four_bits(one: str, other: str, kind: Reason) -> bool:
    return kind is NEAR and (int(one, 16) ^ int(other, 16)).bit_count() <= 4


def _never(one: str, other: str, kind: Reason) -> bool:
    raise AssertionError("nothing had to be looked at")


def _plain(image: str) -> int:
    """All pictures show the same."""
    return 1


def eyes(are_copies: Callable[[str, str, Reason], bool], resolution: Callable[[str], int] = _plain) -> Eyes:
    return Eyes(lambda *pair: 0.0 if are_copies(*pair) else inf, resolution)


FOUR_BITS, NOTHING = eyes(_within_four_bits), eyes(_never)


# Hashes of few bits, so that chains of near ones occur.
PRINTS = st.lists(st.tuples(st.integers(0, 2**10 - 1), st.integers(100, 103)), min_size=1, max_size=14)


def _batch(prints: list[ImageFingerprinted]) -> dict[str, EntryDecision]:
    """The rule itself: from the best to the worst, each is kept unless a kept one is its duplicate."""
    kept: list[ImageFingerprinted] = []
    decisions: dict[str, EntryDecision] = {}
    for found in sorted(prints, key=rank):
        by, reason, keeper = None, None, None
        for other in kept:
            if found.image == other.image or _within_four_bits(found.image, other.image, NEAR):
                by, keeper = other.image, other.entry
                reason = Reason.EXACT_DUPLICATE if found.image == other.image else NEAR
                break
        decisions[found.entry] = EntryDecision(found.entry, found.image, by, reason, keeper)
        if by is None:
            kept.append(found)
    return decisions


@settings(deadline=None, max_examples=150)
@given(PRINTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_decisions(values: list[tuple[int, int]], random: Random) -> None:
    widths = dict(values)  # one picture has one size
    prints = [_print(number, phash, widths[phash]) for number, (phash, _) in enumerate(values)]
    index, last_decisions = RunIndex(SETTINGS), {}
    for found in random.sample(prints, len(prints)):
        judged = index.add(found, FOUR_BITS)
        last_decisions.update({decision.entry: decision for decision in judged.decisions})
    assert last_decisions == _batch(prints)


def test_the_copy_that_shows_most_is_kept_whichever_has_more_pixels() -> None:
    seen = eyes(_within_four_bits, lambda image: {0: 900, 1: 400}[int(image, 16)])
    for order in itertools.permutations([_print(0, 0, width=100), _print(1, 1, width=200), _print(2, 1, width=200)]):
        index, last_decisions = RunIndex(SETTINGS), {}
        for found in order:
            last_decisions.update({each.entry: each.by for each in index.add(found, seen).decisions})
        assert {int(entry, 16): by for entry, by in last_decisions.items()} == {
            0: None,
            1: f"{0:064x}",
            2: f"{0:064x}",
        }


@pytest.mark.parametrize(("whole", "crop", "kept"), [(900, 400, {0}), (400, 900, {0, 1})])
def test_a_crop_never_stands_for_the_whole_picture_and_the_whole_picture_for_its_crop(
    whole: int, crop: int, kept: set[int]
) -> None:
    def loss(one: str, other: str, kind: Reason) -> float:
        return 0.4 if int(one, 16) == 1 else 0.0

    seen = eyes(_within_four_bits, lambda image: [whole, crop][int(image, 16)])._replace(loss=loss)
    for order in itertools.permutations([_print(0, 0), _print(1, 1)]):
        index, last_decisions = RunIndex(SETTINGS), {}
        for found in order:
            last_decisions.update({each.entry: each.by for each in index.add(found, seen).decisions})
        assert {int(entry, 16) for entry, by in last_decisions.items() if by is None} == kept


def test_a_sharper_crop_and_the_whole_picture_are_both_kept(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    image = drawing(0).resize((1600, 2000))
    whole = image.resize((400, 500))
    for share, kept in ((0.04, 1), (0.15, 2)):
        x, y = round(share * image.width), round(share * image.height)
        crop = image.crop((x, y, image.width - x, image.height - y))
        index, seen = RunIndex(SETTINGS), Looking(SETTINGS).within(context.store)
        decided = [index.add(arrived(each, number), seen).decisions for number, each in enumerate((whole, crop))]
        last = {decision.entry: decision.by for decisions in decided for decision in decisions}
        assert list(last.values()).count(None) == kept, share


def test_a_picture_is_measured_once_and_only_if_it_has_a_near_duplicate() -> None:
    measured = list[int]()

    def resolution(image: str) -> int:
        measured.append(int(image, 16))
        return 5

    index, seen = RunIndex(SETTINGS), eyes(_within_four_bits, resolution)
    index.add(_print(0, 0), seen)
    index.add(_print(1, 0), seen)
    index.add(_print(2, 2**40 - 1), seen)
    assert measured == []
    index.add(_print(3, 1), seen)
    assert sorted(measured) == [0, 1]
    index.add(_print(4, 2), seen)
    assert sorted(measured) == [0, 1, 2]


def test_of_copies_that_show_the_same_the_largest_is_kept_then_the_lossless_then_the_one_with_the_higher_score(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    image = drawing(0)
    seen = Eyes(Looking(SETTINGS).within(context.store).doubt, _plain)
    copies = [
        arrived(image.resize((440, 550)), 1, quality=80),
        arrived(image, 2),
        arrived(image, 3, score=2, quality=90),
        arrived(image, 4, score=1, quality=95),
    ]
    for order in itertools.permutations(copies):
        index, last_decisions = RunIndex(SETTINGS), {}
        for found in order:
            decisions = index.add(found, seen).decisions
            last_decisions.update({decision.entry: decision.by for decision in decisions})
        assert last_decisions == {copy.entry: None if copy is copies[0] else copies[0].image for copy in copies}
    assert sorted((copies[2], copies[0], copies[3], copies[1]), key=rank) == copies


def test_copies_of_a_copy_are_looked_at_too_and_never_taken_on_trust() -> None:
    """A chain of pictures in steps of 3 bits, each 6 bits and more from the next but one."""
    index, looked_at = RunIndex(SETTINGS), list[str]()

    def likeness(one: str, other: str, kind: Reason) -> bool:
        looked_at.append(other)
        return _within_four_bits(one, other, kind)

    index.add(_print(0, 0b000000), eyes(likeness))
    index.add(_print(1, 0b000111), eyes(likeness))
    judged = index.add(_print(2, 0b111111), eyes(likeness))
    assert set(judged.findings.pairs) == {1}
    assert set(looked_at) == {f"{0:064x}", f"{0b111:064x}"}


def test_of_a_picture_that_is_there_already_nothing_is_looked_at() -> None:
    index = RunIndex(SETTINGS)
    index.add(_print(0, 0b000), FOUR_BITS)
    index.add(_print(1, 0b111), FOUR_BITS)
    judged = index.add(_print(2, 0b111), NOTHING)
    assert judged.findings.pairs == {0: NEAR, 1: Reason.EXACT_DUPLICATE}


def test_what_was_known_before_is_not_looked_at() -> None:
    index = RunIndex(SETTINGS)
    index.add(_print(0, 0), NOTHING)
    [decision] = index.add(_print(1, 1), NOTHING, Findings({0: NEAR})).decisions
    assert (decision.by, decision.reason) == (f"{0:064x}", NEAR)


def test_at_the_highest_strictness_exact_copies_alone_are_duplicates() -> None:
    index = RunIndex(Duplicates(strictness=100))
    index.add(_print(0, 0), NOTHING)
    assert index.add(_print(1, 1), NOTHING).findings.pairs == {}
    assert index.add(_print(2, 1), NOTHING).findings.pairs == {1: Reason.EXACT_DUPLICATE}


@pytest.mark.parametrize("mirrored", [True, False])
def test_mirror_images_are_looked_at_if_the_recipe_says_so(mirrored: bool) -> None:
    index, kinds = RunIndex(Duplicates(mirrored=mirrored)), set[Reason]()

    def likeness(one: str, other: str, kind: Reason) -> bool:
        kinds.add(kind)
        return kind is MIRRORED

    one, other = _print(0, 5), _print(1, 2**40).model_copy(update={"mirrored_phash": f"{5:016x}"})
    index.add(one, eyes(likeness))
    assert index.add(other, eyes(likeness)).findings.pairs == ({0: MIRRORED} if mirrored else {})
    assert (MIRRORED in kinds) is mirrored


def test_the_mirror_image_of_a_mirror_image_is_a_near_duplicate() -> None:
    """One picture, its mirror image, and a copy of the first that is found through the mirror image alone."""
    index = RunIndex(SETTINGS)
    first, flipped, last = _print(0, 0), _print(1, 2**50 - 1), _print(2, 2**20 - 1)
    last = last.model_copy(update={"mirrored_phash": flipped.phash})
    index.add(first, NOTHING)
    index.add(flipped, NOTHING, Findings({0: MIRRORED}))
    assert index.add(last, eyes(lambda one, other, kind: (other == first.image) is (kind is NEAR))).findings.pairs == {
        0: NEAR,
        1: MIRRORED,
    }


def test_an_entry_takes_less_than_a_kilobyte_beside_its_words() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**64, 2000, dtype=np.uint64).tolist()
    tracemalloc.start()
    try:
        index = RunIndex(SETTINGS)
        for number, phash in enumerate(hashes):
            index.add(_print(number, phash), eyes(lambda *_: False))
        assert len(index) == 2000
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()


def test_pictures_that_are_not_quite_copies_are_kept_and_named() -> None:
    doubts = {0b1: 1.4, 0b11: 2.1, 0b111: 0.9}
    seen = Eyes(lambda one, other, kind: doubts.get(int(one, 16) ^ int(other, 16), inf), _plain)
    index = RunIndex(SETTINGS)
    judged = [index.add(_print(number, phash), seen) for number, phash in enumerate((0, 1))]
    assert [each.findings.nearly for each in judged] == [{}, {f"{0:064x}": 1.4}]
    assert [each.by for each in judged[1].decisions] == [None]
    index = RunIndex(SETTINGS)
    judged = [index.add(_print(number, phash), seen) for number, phash in enumerate((0, 0b11, 0b100))]
    assert [each.findings.nearly for each in judged] == [{}, {}, {}]
