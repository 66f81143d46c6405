from math import inf
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps

from services.deduper.preview import NOT_LAID, PreviewComparer
from shared.contract import keys
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.duplicates import Duplicates
from shared.store import FolderStore
from tests.services.deduper.conftest import Arrived, Drawing

NEAR, MIRRORED = Reason.NEAR_DUPLICATE, Reason.MIRRORED_DUPLICATE


def spotted(image: Image.Image) -> Image.Image:
    """The same with three things that were not there."""
    changed = image.copy()
    for x, y in ((60, 80), (250, 300), (150, 420)):
        ImageDraw.Draw(changed).rectangle((x, y, x + 40, y + 40), fill="#20c020", outline="black", width=6)
    return changed


def test_the_more_two_pictures_differ_the_more_doubtful_they_are(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    one, copy = arrived(drawing(0)).image, arrived(drawing(0), quality=70).image
    changed, other = arrived(spotted(drawing(0))).image, arrived(drawing(1)).image
    comparer = PreviewComparer(Duplicates(), context.store)
    found = [comparer.compare(one, each, NEAR) for each in (copy, changed, other)]
    doubts = [figures.doubt for figures in found if figures]
    assert doubts == sorted(doubts)
    assert doubts[0] < 1
    assert doubts[2] > 1
    assert found[0] is not None
    assert found[0].agreeing > 0.95


@pytest.mark.parametrize(("strictness", "expected"), [(50, True), (95, False)])
def test_the_doubt_is_above_one_where_the_recipe_would_keep_both(
    drawing: Drawing, arrived: Arrived, context: Context, strictness: int, expected: bool
) -> None:
    comparer = PreviewComparer(Duplicates(strictness=strictness), context.store)
    figures = comparer.compare(arrived(drawing(0)).image, arrived(spotted(drawing(0))).image, NEAR)
    assert figures is not None
    assert (figures.doubt <= 1) is expected
    assert figures.weakest == "moved"


def test_a_mirror_image_is_compared_as_one(drawing: Drawing, arrived: Arrived, context: Context) -> None:
    one, mirrored = arrived(drawing(0)).image, arrived(ImageOps.mirror(drawing(0))).image
    comparer = PreviewComparer(Duplicates(), context.store)
    figures = comparer.compare(one, mirrored, MIRRORED)
    assert figures is not None
    assert figures.doubt < 1
    assert figures.agreeing == 1


def test_what_is_gone_cannot_be_compared_and_what_cannot_be_laid_is_the_most_doubtful(
    drawing: Drawing, arrived: Arrived, context: Context, tmp_path: Path
) -> None:
    one, strip = arrived(drawing(0)).image, arrived(Image.new("RGB", (600, 90), "#80a0c0")).image
    assert PreviewComparer(Duplicates(), context.store).compare(one, strip, NEAR) == NOT_LAID
    assert NOT_LAID.doubt == inf
    gone = FolderStore(tmp_path)
    gone.put(keys.original(one), b"")
    assert PreviewComparer(Duplicates(), gone).compare(one, strip, NEAR) is None
