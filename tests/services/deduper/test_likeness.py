import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ImageDraw, ImageOps

from services.deduper.likeness import REMEMBERED, Eyes, Looking, Looks
from shared.contract import keys
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.duplicates import Duplicates, Variants
from shared.store import FolderStore
from tests.services.deduper.conftest import Arrived, Drawing

NEAR, MIRRORED = Reason.NEAR_DUPLICATE, Reason.MIRRORED_DUPLICATE


def seen_by(eyes: Eyes) -> Callable[[str, str, Reason], bool]:
    """Whether two originals are duplicates of a kind."""
    return lambda *pair: eyes.doubt(*pair) <= 1


def test_a_copy_is_a_near_duplicate_and_a_mirror_image_a_mirrored_one(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    one, copy = arrived(drawing(0)).image, arrived(drawing(0), quality=70).image
    mirrored, other = arrived(ImageOps.mirror(drawing(0))).image, arrived(drawing(1)).image
    likeness = seen_by(Looking(Duplicates()).within(context.store))
    for first, second in ((one, copy), (copy, one)):
        assert (likeness(first, second, NEAR), likeness(first, second, MIRRORED)) == (True, False)
    for first, second in ((one, mirrored), (mirrored, one)):
        assert (likeness(first, second, NEAR), likeness(first, second, MIRRORED)) == (False, True)
    assert not likeness(one, other, NEAR)


@pytest.mark.parametrize(("strictness", "expected"), [(0, True), (50, True), (95, False)])
def test_strictness_says_how_much_may_differ(
    drawing: Drawing, arrived: Arrived, context: Context, strictness: int, expected: bool
) -> None:
    spotted = drawing(0).copy()
    for x, y in ((60, 80), (250, 300), (150, 420)):
        ImageDraw.Draw(spotted).rectangle((x, y, x + 40, y + 40), fill="#20c020", outline="black", width=6)
    likeness = seen_by(Looking(Duplicates(strictness=strictness)).within(context.store))
    assert likeness(arrived(drawing(0)).image, arrived(spotted).image, NEAR) is expected


def test_variants_of_a_pose_can_be_kept(drawing: Drawing, arrived: Arrived, context: Context) -> None:
    winking = drawing(0).copy()
    ImageDraw.Draw(winking).ellipse((150, 210, 230, 280), fill="#103070", outline="#f0e0a0", width=8)
    pair = arrived(drawing(0)).image, arrived(winking).image
    recompressed = arrived(drawing(0), quality=70).image
    for variants in Variants:
        are_copies = seen_by(Looking(Duplicates(variants=variants)).within(context.store))
        assert are_copies(*pair, NEAR) is (variants is Variants.MERGE)
        assert are_copies(pair[0], recompressed, NEAR)


CASES = Path(__file__).parents[4] / "shared" / "cases"


@pytest.mark.skipif(not CASES.exists(), reason=f"needs the cases in {CASES}")
def test_four_expressions_of_one_pose_are_four_pictures_where_variants_are_kept(tmp_path: Path) -> None:
    store, images = FolderStore(tmp_path), list[str]()
    for path in sorted(CASES.glob("b19-*.png")):
        images.append(hashlib.sha256(path.read_bytes()).hexdigest())
        store.put(keys.original(images[-1]), path.read_bytes())
    assert len(images) == 4
    kept = seen_by(Looking(Duplicates(variants=Variants.KEEP)).within(store))
    assert not [pair for pair in itertools.combinations(images, 2) if kept(*pair, NEAR)]
    merged = seen_by(Looking(Duplicates()).within(store))
    assert all(merged(*pair, NEAR) for pair in itertools.combinations(images, 2))


@pytest.mark.parametrize("damage", [None, b"", b"no picture"])
def test_an_original_that_is_gone_or_damaged_by_now_is_like_no_other(
    drawing: Drawing, arrived: Arrived, tmp_path: Path, originals: dict[str, bytes], damage: bytes | None
) -> None:
    one, other = arrived(drawing(0)).image, arrived(drawing(0), quality=70).image
    store = FolderStore(tmp_path)
    store.put(keys.original(one), originals[keys.original(one)])
    if damage is not None:
        store.put(keys.original(other), damage)
    assert Looking(Duplicates()).within(store).doubt(one, other, NEAR) > 1


def test_the_resolution_of_what_is_gone_is_none(tmp_path: Path) -> None:
    assert Looking(Duplicates()).within(FolderStore(tmp_path)).resolution("0" * 64) == 0


def test_recipes_share_what_was_looked_at(drawing: Drawing, encoded, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    store, looks = Counting(tmp_path, encoded(drawing(0).resize((40, 50)))), Looks()
    for strictness in (30, 50, 70):
        Looking(Duplicates(strictness=strictness), looks).within(store).doubt("0" * 64, "1" * 64, NEAR)
    assert store.reads == 2


class Counting(FolderStore):
    """A store that counts what is read of it."""

    def __init__(self, root: Path, data: bytes) -> None:
        super().__init__(root)
        self._data = data
        self.reads = 0

    def get(self, key: str) -> bytes:
        self.reads += 1
        return self._data


def test_an_original_is_read_once_while_it_is_remembered(drawing: Drawing, encoded, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    store = Counting(tmp_path, encoded(drawing(0).resize((40, 50))))
    likeness = seen_by(Looking(Duplicates()).within(store))
    for _ in range(3):
        likeness("0" * 64, "1" * 64, NEAR)
    assert store.reads == 2
    for number in range(2, REMEMBERED + 2):
        likeness("1" * 64, f"{number:064x}", NEAR)
    likeness("0" * 64, "1" * 64, NEAR)
    assert store.reads == REMEMBERED + 3
