"""Whatever lies in a folder: each file has a fate of its own, and the run goes on."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.pictures import Note
from tests.pipeline.conftest import Workplace
from tests.pipeline.odd_files import NOTES, REASONS, expected, write_odd, write_useless

RECIPE = """
name: odd
sources: [{folder: ./pictures}]
pictures: {monochrome: keep}
faces: {detector: animeface, animeface: {reduce_to: 2400}}
normalized: {size: 64}
upscaling: {enabled: false}
training: {kimg: 0}
"""

MOST_LEVELS = 5.0
"""By which a converted picture may differ from the plain drawing, of 255: those in JPEG differ by up to 2. The wide
picture, not converted, would differ by 11, one of inverted inks by 170."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All useless and all odd files in one folder."""
    folder = tmp_path_factory.mktemp("files") / "pictures"
    folder.mkdir()
    write_useless(folder)
    write_odd(folder)
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Workplace:
    """A run over them with one thread per stage."""
    return ran(tmp_path_factory.mktemp("odd"), pictures, MAGRITTE_THREADS="1")


@pytest.fixture(scope="module")
def plainly(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A run over what the odd files should look like, as plain files of the same names."""
    folder = tmp_path_factory.mktemp("plain files")
    for name in NOTES:
        expected(name).save(folder / name, "PNG")
    return ran(tmp_path_factory.mktemp("plain"), folder)


def ran(place: Path, pictures: Path, **environment: str) -> Workplace:
    workplace = Workplace(place)
    workplace.pictures.symlink_to(pictures)
    workplace.write_recipe(RECIPE)
    workplace.run(**environment)
    return workplace


def fates(status: dict[str, Any]) -> dict[str, int]:
    return {entry["reason"] or entry["fate"]: entry["pictures"] for entry in status["fates"]}


def listed(place: Workplace) -> dict[str, Any]:
    """What the run's listing says, by entry."""
    listing = place.root / "data" / "runs" / "odd-001" / "listings" / "0" / "00000001.json"
    found: dict[str, Any] = json.loads(listing.read_bytes())["entries"]
    return found


def records_of(place: Workplace, name: str, face: int | None = None) -> list[dict[str, Any]]:
    """Everything that the run's journal says of a file, or of a face in it."""
    [entry] = [entry for entry, found in listed(place).items() if found["origin"] == name]
    return [record for record in place.journal() if (record.get("entry"), record.get("face")) == (entry, face)]


def face(place: Workplace, name: str) -> NDArray[np.float32]:
    """The face in the file as it came into the data set."""
    [digest] = [record["picture"] for record in records_of(place, name, 0) if "picture" in record]
    path = place.root / "data" / "normalized" / digest[:2] / digest
    return np.asarray(Image.open(path), np.float32)


def test_the_fates_are_those_of_the_files_and_add_up(done: Workplace) -> None:
    status = done.status()
    reasons = [reason.value for reason in REASONS.values()]
    assert fates(status) == {reason: reasons.count(reason) for reason in reasons} | {"in-dataset": len(NOTES)}
    assert status["pictures"] == len(REASONS) + len(NOTES)
    assert status["finished"]


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
def test_a_useless_file_is_dropped_with_its_own_reason(done: Workplace, name: str, reason: str) -> None:
    assert [record["reason"] for record in records_of(done, name) if "reason" in record] == [reason]


@pytest.mark.parametrize(("name", "note"), NOTES.items())
def test_what_is_odd_about_a_file_is_noted(done: Workplace, name: str, note: str | None) -> None:
    [notes] = [found["provenance"]["notes"] for found in listed(done).values() if found["origin"] == name]
    assert set(notes) - {Note.PALETTE} == {note} - {Note.PALETTE, None}  # every GIF has a palette
    assert (Note.PALETTE in notes) == (name in ("few-colours.png", "moving.gif"))


@pytest.mark.parametrize("name", NOTES)
def test_an_odd_file_looks_as_its_drawing_does(done: Workplace, plainly: Workplace, name: str) -> None:
    assert np.abs(face(done, name) - face(plainly, name)).mean() < MOST_LEVELS


@pytest.mark.parametrize("threads", ["2", "5"])
def test_more_threads_change_neither_fates_nor_data_set(
    done: Workplace, pictures: Path, tmp_path: Path, threads: str
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for path in pictures.iterdir():
        if path.name != "crowd.jpg":  # which takes eight seconds
            (folder / path.name).symlink_to(path)
    other = ran(tmp_path, folder, MAGRITTE_THREADS=threads)
    assert fates(other.status()) | {"too-many-faces": 1} == fates(done.status())
    assert other.dataset_digest() == done.dataset_digest()


def test_of_a_picture_with_200_faces_the_largest_can_be_taken(done: Workplace, tmp_path: Path) -> None:
    again = Workplace(tmp_path)
    shutil.copytree(done.root / "data", tmp_path / "data")
    again.pictures.symlink_to(done.pictures)
    again.write_recipe(RECIPE.replace("faces: {", "faces: {too_many: keep-largest, at_most: 10, "))
    again.run()
    status = again.status()
    assert (status["run"], status["faces"]) == ("odd-002", len(NOTES) + 10)
    assert fates(status)["in-dataset"] == len(NOTES) + 1
    counts = {entry["message"]: entry["count"] for entry in status["stages"] if entry["stage"] == "face-detector"}
    assert counts["face-dropped"] > 100
