import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from services.magritte.face_comparison import Picture, compare_all
from shared.contract.errors import NotFound, StoreUnavailable, Transient
from shared.contract.found_faces import CutFace, FoundFaces, Looked
from shared.contract.objects import Objects
from shared.contract.reasons import Drop, Reason
from shared.pictures.contact_sheet import LARGE
from tests.services.magritte.drawn_faces import ANIMEFACE, FACE, face_recipe, heads
from tests.services.magritte.sheets import middle, pixels, png, text, tile

Magritte = Callable[..., Result]
BLUE, ORANGE, GREEN = (0, 0, 255), (255, 127, 0), (32, 160, 32)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """One head; a large and a small one; a plain picture; half a picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "one.png").write_bytes(heads(1))
    (folder / "two.png").write_bytes(heads(2, (0.75, 0.4)))
    (folder / "plain.png").write_bytes(png("#88aacc", (300, 300)))
    (folder / "half.png").write_bytes(heads(1)[:2000])
    return folder


def compared(magritte: Magritte, root: Path, other: str, *words: str) -> dict[str, Any]:
    recipes = face_recipe(root), face_recipe(root, other, "other")
    done = magritte("faces", "compare", *recipes, *words, "--json", "--out", str(root / "sheet.png"))
    assert done.exit_code == 0, done.exception or done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def has(place: Any, colour: tuple[int, ...]) -> bool:
    return bool((place == colour).all(axis=2).sum() > 100)


def test_a_face_that_is_too_small_for_the_second_recipe_is_lost(
    magritte: Magritte, pictures: Path, tmp_path: Path
) -> None:
    found = compared(magritte, tmp_path, f"{ANIMEFACE}, smallest: 90")
    assert {name: found[name] for name in ("pictures", "searched", "faces")} == {
        "pictures": 4, "searched": 3, "faces": [3, 2]
    }  # fmt: skip
    assert {name: found[name] for name in ("gained", "lost", "moved", "same")} == {
        "gained": 0, "lost": 1, "moved": 0, "same": 2
    }  # fmt: skip
    assert found["unreadable"][0].startswith("half.png: truncated")
    [change] = found["changes"]
    assert (change["name"], len(change["lost"])) == ("two.png", 1)
    left, _, width, _ = change["lost"][0]["box"]
    assert abs(left + width / 2 - (320 + 160)) < 10
    place = tile(pixels(tmp_path / "sheet.png"), 0, LARGE)
    assert [has(place[:, 180:], colour) for colour in (ORANGE, BLUE, GREEN)] == [True, False, False]
    assert [has(place[:, :180], colour) for colour in (ORANGE, BLUE, GREEN)] == [False, False, True]


def test_the_other_way_round_it_is_gained(magritte: Magritte, pictures: Path, tmp_path: Path) -> None:
    recipes = face_recipe(tmp_path, f"{ANIMEFACE}, smallest: 90"), face_recipe(tmp_path, name="other")
    done = magritte("faces", "compare", *recipes, "--out", str(tmp_path / "sheet.png"))
    assert done.exit_code == 0, done.exception
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["1", "gained", "1"] in lines
    assert ["2", "same"] in lines
    assert "4 pictures" in done.stdout
    place = tile(pixels(tmp_path / "sheet.png"), 0, LARGE)
    assert [has(place[:, 180:], colour) for colour in (ORANGE, BLUE)] == [False, True]


def test_another_margin_moves_crops_and_what_moves_most_comes_first(
    magritte: Magritte, pictures: Path, tmp_path: Path
) -> None:
    found = compared(magritte, tmp_path, f"{ANIMEFACE}, expand: {{left: 0.6}}")
    assert [found[name] for name in ("gained", "lost", "moved", "same")] == [0, 0, 3, 0]
    assert [change["name"] for change in found["changes"]] == ["two.png", "one.png"]
    before, after = found["changes"][1]["moved"][0]
    assert before["box"] == after["box"]
    assert after["crop"][0] < before["crop"][0] - 0.3 * FACE
    page = pixels(tmp_path / "sheet.png")
    assert [has(tile(page, 1, LARGE), colour) for colour in (ORANGE, BLUE)] == [True, True]
    assert [text(page, number, LARGE).min() < 100 for number in (0, 1)] == [True, True]


def test_recipes_that_find_the_same_have_no_sheet(magritte: Magritte, pictures: Path, tmp_path: Path) -> None:
    recipes = face_recipe(tmp_path), face_recipe(tmp_path, name="other")
    done = magritte("faces", "compare", *recipes, str(pictures / "one.png"), "--out", str(tmp_path / "sheet.png"))
    assert "no picture changes: there is no sheet" in done.stdout
    assert not (tmp_path / "sheet.png").exists()


def test_a_sheet_in_a_source_is_wrong_usage(magritte: Magritte, pictures: Path, tmp_path: Path) -> None:
    recipes = face_recipe(tmp_path), face_recipe(tmp_path, name="other")
    done = magritte("faces", "compare", *recipes, "--out", str(pictures / "sheet.png"))
    assert done.exit_code == 2


class Table:
    """A finder that has its answers from a table."""

    def __init__(self, answers: dict[str, Looked | Drop]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, object]] = []

    def find(self, read: Callable[[], bytes], image: str = "", store: Objects | None = None) -> Looked | Drop:
        self.asked.append((image, store))
        return self.answers[read().decode()]

    def close(self) -> None:
        """Close nothing."""


def found(*boxes: int) -> FoundFaces:
    faces: Sequence[CutFace] = [CutFace((x, 0, 9, 9), 1.0, (x, 0, 9, 9)) for x in boxes]
    return FoundFaces((100, 100), (), faces)


def test_pictures_that_are_gone_or_damaged_are_named_and_the_others_counted() -> None:
    def gone() -> bytes:
        raise NotFound("no object originals/aa")

    def dying() -> bytes:
        raise Transient("the child has died")

    damaged = Drop(Reason.CORRUPT, "the PNG file is damaged")
    finder = Table({"a": Looked((found(0), found(0, 50)), 1), "b": damaged, "c": Looked((found(0), found(0)), 0)})
    pictures = [Picture(name, name.encode, name * 64) for name in "abc"]
    total = compare_all(finder, [*pictures, Picture("d", gone), Picture("e", dying)], None)
    assert (total.pictures, total.searched, total.faces) == (5, 1, (2, 3))
    assert total.unreadable == [
        "b: corrupt: the PNG file is damaged", "d: no object originals/aa", "e: the child has died"
    ]  # fmt: skip
    assert [each.picture.name for each in total.changed] == ["a"]
    assert finder.asked[0] == ("a" * 64, None)


def test_a_store_that_does_not_answer_ends_the_comparison() -> None:
    def away() -> bytes:
        raise StoreUnavailable("the store does not answer")

    with pytest.raises(StoreUnavailable):
        compare_all(Table({}), [Picture("a", away)], None)


def test_the_middle_of_a_picture_stays_as_it_is(magritte: Magritte, pictures: Path, tmp_path: Path) -> None:
    compared(magritte, tmp_path, f"{ANIMEFACE}, smallest: 90", str(pictures / "two.png"))
    place = tile(pixels(tmp_path / "sheet.png"), 0, LARGE)
    ground = place[place.shape[0] // 2 :, 170:190]
    assert middle(ground[:20]) == (232, 228, 244)
