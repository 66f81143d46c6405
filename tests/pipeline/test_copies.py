"""The next best copy of a picture takes its place when that falls out of a run."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.pipeline.conftest import RECIPE, Workplace
from tests.pipeline.test_verdicts import manifests

ONLY_HIGH = RECIPE + "faces: {lowest: 0.5}\n"
"""Faces whose middle lies in the lower half of the picture are dropped."""


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    (tmp_path / "pictures").mkdir()
    return Workplace(tmp_path)


def fates(place: Workplace) -> dict[str, int]:
    found = place.status()["fates"]
    return {each["reason"] or each["fate"]: each["pictures"] for each in found}


def test_a_smaller_copy_is_taken_where_the_better_one_has_no_face_that_can_be_used(
    place: Workplace, drawings: list[bytes]
) -> None:
    drawing = Image.open(io.BytesIO(drawings[0])).convert("RGB")
    width, height = drawing.size
    with_border = Image.new("RGB", (width, height + height * 3 // 4), "white")
    with_border.paste(drawing, (0, height * 3 // 4))
    with_border.save(place.pictures / "with-border.png")
    drawing.resize((width * 3 // 4, height * 3 // 4), Image.Resampling.LANCZOS).save(place.pictures / "small.png")
    place.write_recipe(RECIPE)
    place.run()
    assert fates(place) == {"in-dataset": 1, "near-duplicate": 1}
    place.write_recipe(ONLY_HIGH)
    place.run()
    assert fates(place) == {"in-dataset": 1, "face-too-low": 1}
    assert len(manifests(place)[-1]) == 1


def test_a_copy_comes_back_when_a_person_drops_the_better_one_and_leaves_when_that_is_kept(
    place: Workplace, drawings: list[bytes]
) -> None:
    (place.pictures / "best.png").write_bytes(drawings[0])
    drawing = Image.open(io.BytesIO(drawings[0])).convert("RGB")
    drawing.resize((drawing.width // 2, drawing.height // 2)).save(place.pictures / "half.png")
    (place.pictures / "another.png").write_bytes(drawings[1])
    place.write_recipe(RECIPE)
    place.run()
    place.magritte("verdict", "drop", "best.png")
    place.run()
    assert fates(place) == {"in-dataset": 2, "rejected": 1}
    place.magritte("verdict", "keep", "best.png")
    place.run()
    assert fates(place) == {"in-dataset": 2, "near-duplicate": 1}
    first, second, third = manifests(place)[0], manifests(place)[1], manifests(place)[-1]
    assert first == third != second


def test_what_a_person_calls_different_stays_so_in_this_run_and_in_later_ones(
    place: Workplace, drawings: list[bytes]
) -> None:
    (place.pictures / "one.png").write_bytes(drawings[0])
    drawing = Image.open(io.BytesIO(drawings[0])).convert("RGB")
    drawing.resize((drawing.width // 2, drawing.height // 2)).save(place.pictures / "half.png")
    place.write_recipe(RECIPE)
    place.run()
    assert fates(place) == {"in-dataset": 1, "near-duplicate": 1}
    said = place.magritte("verdict", "apart", "one.png", "half.png", "--why", "another mouth")
    assert "verdict 1: one.png and half.png are not the same" in said
    place.run()
    assert (place.status()["run"], fates(place)) == ("anya-001", {"in-dataset": 2})
    place.write_recipe(RECIPE + "faces: {expand: {top: 0.6}}\n")
    place.run()
    assert (place.status()["run"], fates(place)) == ("anya-002", {"in-dataset": 2})
    place.magritte("verdict", "same", "half.png", "one.png")
    place.run()
    assert fates(place) == {"in-dataset": 1, "near-duplicate": 1}
    assert "same" in place.magritte("verdict", "list")


def test_pictures_that_a_person_calls_copies_are_one_though_they_look_different(
    place: Workplace, drawings: list[bytes]
) -> None:
    for number in range(2):
        (place.pictures / f"{number}.png").write_bytes(drawings[number])
    place.write_recipe(RECIPE)
    place.run()
    assert fates(place) == {"in-dataset": 2}
    place.magritte("verdict", "same", "0.png", "1.png")
    place.magritte("verdict", "same", "0.png", "0.png", expect=2)
    place.run()
    assert fates(place) == {"in-dataset": 1, "near-duplicate": 1}
    place.write_recipe(RECIPE + "faces: {expand: {top: 0.6}}\n")
    place.run()
    assert (place.status()["run"], fates(place)) == ("anya-002", {"in-dataset": 1, "near-duplicate": 1})


def test_pairs_that_are_nearly_copies_are_drawn_until_a_person_has_decided(
    place: Workplace, drawings: list[bytes]
) -> None:
    drawing = Image.open(io.BytesIO(drawings[0])).convert("RGB")
    drawing.save(place.pictures / "one.png")
    ImageDraw.Draw(drawing).ellipse((140, 380, 210, 430), fill="#103070", outline="#f0e0a0", width=6)
    drawing.save(place.pictures / "brooch.png")
    (place.pictures / "another.png").write_bytes(drawings[1])
    place.write_recipe(RECIPE + "duplicates: {strictness: 77, faces: false}\n")
    place.run()
    assert fates(place) == {"in-dataset": 3}
    sheet = place.root / "nearly.png"
    assert place.magritte("duplicates", "--nearly", "--out", str(sheet)).startswith("1 pairs, of a doubt from 1.")
    assert sheet.is_file()
    place.magritte("verdict", "apart", "one.png", "brooch.png")
    place.magritte("duplicates", "--nearly", "--out", str(sheet), expect=1)


def test_a_face_that_came_with_two_pictures_is_in_the_data_set_once(place: Workplace, drawings: list[bytes]) -> None:
    face, other = (Image.open(io.BytesIO(drawings[number])).convert("RGB") for number in (0, 1))
    face.save(place.pictures / "alone.png")
    collage = Image.new("RGB", (face.width * 2 + 60, face.height + 80), "#406080")
    collage.paste(face, (20, 50))
    collage.paste(other, (face.width + 40, 30))
    collage.save(place.pictures / "collage.jpg", quality=85)
    (place.pictures / "another.png").write_bytes(drawings[2])
    for faces, members in (("true", 3), ("false", 4)):
        place.write_recipe(RECIPE + f"duplicates: {{faces: {faces}}}\n")
        place.run()
        assert fates(place) == {"in-dataset": 3}
        assert len(manifests(place)[-1]) == place.status()["faces"] == members
    place.write_recipe(RECIPE + "duplicates: {faces: true}\n")
    assert "reason=near-d" in place.magritte("trace", "collage.jpg", "--run", "anya-001")
    place.run()
    assert place.status()["phase"] == "finished"
    sheet = place.root / "faces.png"
    assert place.magritte("duplicates", "anya-003", "--faces", "--out", str(sheet)).startswith("1 pairs of faces; ")
    assert sheet.is_file()
    place.magritte("duplicates", "anya-002", "--faces", "--out", str(sheet), expect=1)
    place.magritte("verdict", "apart", "alone.png", "collage.jpg", "--run", "anya-003")
    assert place.status()["phase"] == "comparing"
    place.run()
    assert (place.status()["run"], place.status()["faces"]) == ("anya-003", 4)
    place.magritte("verdict", "same", "alone.png", "collage.jpg", "--run", "anya-003")
    place.run()
    place.magritte("verdict", "drop", "alone.png", "--run", "anya-003")
    place.run()
    assert place.status()["faces"] == 3
    assert fates(place) == {"in-dataset": 2, "rejected": 1}
