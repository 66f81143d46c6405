import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from click.testing import Result
from PIL import Image, ImageDraw, ImageOps

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from services.magritte.duplicates import Compared, Pair, compare_pairs, find_pairs
from services.magritte.run_items import RunItems
from services.magritte.screen import remark
from shared.contract import keys
from shared.contract.compared_pictures import Figures
from shared.contract.messages import ImageFetched, ImageKept, ImageSuperseded
from shared.contract.reasons import Reason
from shared.pictures.contact_sheet import PAIRS, half
from shared.store import FolderStore
from tests.services.magritte.sheets import middle, pixels, text, tile
from tests.shared.ledgers import note
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]
ENTRIES = [f"{number:020x}" for number in range(6)]


@pytest.fixture(scope="module")
def drawing() -> Image.Image:
    random = Random("pairs")
    return Image.open(BytesIO(draw(HEROINE, any_pose(random), random, (400, 500)))).convert("RGB")


def encoded(image: Image.Image, quality: int = 0) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality) if quality else image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pictures(drawing: Image.Image) -> list[bytes]:
    """A drawing, three copies of it (as JPEG, with a bubble and mirrored), and one of which half is missing."""
    bubble = drawing.copy()
    ImageDraw.Draw(bubble).ellipse((20, 20, 220, 140), fill="white", outline="black", width=3)
    red = Image.new("RGB", drawing.size, "#ff0000")
    return [encoded(drawing), encoded(drawing, 80), encoded(bubble), encoded(ImageOps.mirror(drawing)), encoded(red)]


@pytest.fixture
def deduped(store: FolderStore, run: str, pictures: list[bytes]) -> str:
    """A run that has kept the first picture; the last is not like it, and the second has come twice."""
    images = [hashlib.sha256(data).hexdigest() for data in pictures]
    for image, data in zip(images, pictures, strict=True):
        store.put(keys.original(image), data)
    for number, entry in enumerate(ENTRIES):
        about = {"run": run, "entry": entry, "image": [*images, images[0]][number]}
        origin = {"source": 0, "origin": f"{number}.png"}
        note(store, "scraper", ImageFetched.model_validate(about | origin))
        judged = about | {"arrival": number + 1, "decisions": 1}
        reasons = [Reason.NEAR_DUPLICATE] * 4 + [Reason.EXACT_DUPLICATE]
        reasons[2] = Reason.MIRRORED_DUPLICATE
        superseded = {"by": images[0], "reason": reasons[number - 1]}
        message = ImageSuperseded.model_validate(judged | superseded) if number else ImageKept.model_validate(judged)
        note(store, "deduper", message)
    return run


def test_pairs_are_side_by_side_the_most_doubtful_first(
    magritte: Magritte, deduped: str, drawing: Image.Image, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.png"
    done = magritte("duplicates", deduped, "--out", str(path))
    assert done.exit_code == 0, done.exception
    assert done.stdout.startswith("4 pairs, of a doubt from inf to 0.")
    assert f"and 1 exact copies; {path}" in done.output
    page = pixels(path)
    width = half((PAIRS.width, PAIRS.height))[0]
    lefts = [middle(tile(page, number, PAIRS)[:, :width]) for number in range(4)]
    rights = [middle(tile(page, number, PAIRS)[:, -width:]) for number in range(4)]
    assert len(set(lefts)) == 1
    assert rights[0] == (255, 0, 0)
    assert lefts[0] != (255, 0, 0)
    assert rights.count(lefts[0]) >= 1
    assert [text(page, number, PAIRS).min() < 100 for number in range(4)] == [True] * 4


def test_no_more_pairs_are_drawn_than_asked_for(magritte: Magritte, deduped: str, tmp_path: Path) -> None:
    done = magritte("duplicates", deduped, "--most", "1", "--out", str(tmp_path / "pairs.png"))
    assert "the most doubtful 1 of them" in done.output
    assert pixels(tmp_path / "pairs.png").shape[1] == PAIRS.corner(1)[0]


def test_an_original_that_is_gone_is_grey_and_comes_last(
    magritte: Magritte, store: FolderStore, deduped: str, pictures: list[bytes], tmp_path: Path
) -> None:
    store.delete(keys.original(hashlib.sha256(pictures[4]).hexdigest()))
    done = magritte("duplicates", deduped, "--out", str(tmp_path / "pairs.png"))
    assert done.exit_code == 0, done.exception
    last = tile(pixels(tmp_path / "pairs.png"), 3, PAIRS)
    assert middle(last[:, -half((PAIRS.width, PAIRS.height))[0] :]) == (176, 176, 176)


def test_a_decision_that_was_taken_back_is_no_pair(store: FolderStore, deduped: str, pictures: list[bytes]) -> None:
    image = hashlib.sha256(pictures[1]).hexdigest()
    kept = {"run": deduped, "entry": ENTRIES[1], "image": image, "arrival": 7, "decisions": 1}
    note(store, "deduper", ImageKept.model_validate(kept))
    pairs, exact = find_pairs(RunItems(store, deduped, remark))
    assert [(pair.entry, pair.name, pair.kept_name) for pair in pairs] == [
        (ENTRIES[number], f"{number}.png", "0.png") for number in (2, 3, 4)
    ]
    assert exact == 1


def pair(entry: str) -> Pair:
    return Pair(entry, entry, "", "kept", "", Reason.NEAR_DUPLICATE)


class Table:
    """A comparer that has its answers from a table."""

    def __init__(self, doubts: dict[str, float]) -> None:
        self.doubts = doubts

    def compare(self, one: str, other: str, kind: Reason) -> Figures | None:
        assert (one, kind) == ("kept", Reason.NEAR_DUPLICATE)
        doubts = {"moved": self.doubts[other], "cover": 0.1} if other in self.doubts else None
        return None if doubts is None else Figures(50, 0.9, 0.05, doubts)


def test_doubtful_pairs_come_first_and_what_cannot_be_compared_last() -> None:
    found = compare_pairs(Table({"a": 0.2, "b": 0.9}), map(pair, ("gone", "a", "b")))
    assert [each.pair.entry for each in found] == ["b", "a", "gone"]
    assert [each.figures and each.figures.weakest for each in found] == ["moved", "moved", None]
    assert Compared(pair("c"), None).order[0] > 1000


def test_a_run_without_pairs_says_so(magritte: Magritte, run: str) -> None:
    assert str(magritte("duplicates", run).exception).startswith(f"run {run} has no near or mirrored duplicates (0 ")


def test_without_the_libraries_it_says_what_to_install(store: FolderStore, deduped: str) -> None:
    done = without_libraries(store.root, "duplicates", deduped)
    assert done.returncode == 1
    assert "install magritte[deduper]" in done.stderr
