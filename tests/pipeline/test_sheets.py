"""Contact sheets of a real run: what they show of its pictures, and that looking changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.pictures.contact_sheet import LARGE, PAIRS, Layout, half
from tests.pipeline.conftest import RECIPE, Workplace
from tests.services.magritte.sheets import middle, pixels, tile

LAYOUT = Layout()


@pytest.fixture(scope="module")
def place(finished: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The finished run somewhere else, to be compared on."""
    return finished.copy(tmp_path_factory.mktemp("sheets"))


def objects(place: Workplace) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (place.root / "data").rglob("*") if path.is_file()}


def other_recipe(place: Workplace, faces: str) -> str:
    path = place.root / "other.yaml"
    path.write_text(f"{RECIPE}faces: {{{faces}}}\n")
    return str(path)


def test_the_faces_of_the_data_set_are_shown_as_they_are_in_it(place: Workplace) -> None:
    path = place.root / "kept.png"
    said = place.ask("sheet", "--kept", "--out", str(path))
    faces = place.status()["faces"]
    assert said.startswith(f"{faces} tiles in ")
    page = pixels(path)
    assert faces >= 5
    spreads = [tile(page, number, LAYOUT).std() for number in range(faces)]
    assert min(spreads) > 20


def test_what_was_left_out_has_a_tile_each(place: Workplace) -> None:
    path = place.root / "left-out.png"
    before = objects(place)
    place.ask("sheet", "anya", "--out", str(path))
    assert objects(place) == before
    fates = [fate for fate in place.status()["fates"] if fate["fate"] == "dropped"]
    tiles = sorted((fate["stage"], fate["reason"]) for fate in fates for _ in range(fate["pictures"]))
    page = pixels(path)
    seen: dict[str, Any] = {reason: middle(tile(page, number, LAYOUT)) for number, (_, reason) in enumerate(tiles)}
    assert seen["empty-file"] == seen["truncated"] == (176, 176, 176)
    assert (136, 170, 204) in seen.values()  # the sky


def test_other_margins_and_thresholds_are_compared_without_a_search(place: Workplace) -> None:
    before = objects(place)
    other = other_recipe(place, "expand: {top: 0.9}")
    words = ("faces", "compare", str(place.root / "recipe.yaml"), other, "--run", "anya", "--json")
    found = json.loads(place.ask(*words, "--out", str(place.root / "moved.png")))
    assert (found["searched"], found["lost"], found["gained"]) == (0, 0, 0)
    assert found["moved"] == found["faces"][0] == place.status()["faces"]
    assert objects(place) == before
    sheet = tile(pixels(place.root / "moved.png"), 0, LARGE)
    assert all(((sheet == colour).all(axis=2).sum() > 100) for colour in ((0, 0, 255), (255, 127, 0)))


def test_what_another_detector_has_to_search_is_searched_once(place: Workplace) -> None:
    other = other_recipe(place, "detector: animeface")
    words = ("faces", "compare", str(place.root / "recipe.yaml"), other, "--run", "anya")
    counts = [place.ask(*words, "--out", str(place.root / "other.png")) for _ in range(2)]
    pictures = json.loads(place.ask(*words, "--json", "--out", str(place.root / "other.png")))["pictures"]
    assert f"{pictures} pictures, {pictures} of them searched anew" in counts[0]
    assert f"{pictures} pictures, 0 of them searched anew" in counts[1]


def test_single_pictures_of_a_run_are_compared_by_name(place: Workplace) -> None:
    other = other_recipe(place, "smallest: 200")
    words = ("faces", "compare", str(place.root / "recipe.yaml"), other, "--run", "anya", "3.png", "--json")
    found = json.loads(place.ask(*words, "--out", str(Path(place.root / "one.png"))))
    assert (found["pictures"], found["lost"]) == (1, 1)
    assert found["changes"][0]["name"] == "3.png"


def test_the_duplicates_of_a_run_are_those_that_it_has_counted(workplace: Workplace) -> None:
    place = workplace
    for name, size in (("3.png", (200, 250)), ("5.png", (260, 325))):
        Image.open(place.pictures / name).convert("RGB").resize(size).save(place.pictures / f"copy of {name}.jpg")
    place.run()
    before = objects(place)
    said = place.ask("duplicates", "anya", "--out", str(place.root / "pairs.png"))
    assert objects(place) == before
    counts = {fate["reason"]: fate["pictures"] for fate in place.status()["fates"]}
    assert counts["near-duplicate"] == 2
    assert said.startswith(f"{counts['near-duplicate']} pairs, of a doubt from 0.")
    assert f" and {counts.get('exact-duplicate', 0)} exact copies; " in said
    sheet = tile(pixels(place.root / "pairs.png"), 0, PAIRS)
    width = half((PAIRS.width, PAIRS.height))[0]
    assert abs(sheet[:, :width].mean() - sheet[:, -width:].mean()) < 5
