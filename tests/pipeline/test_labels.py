import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.pipeline.conftest import RECIPE, Workplace, filled

Fates = Callable[[dict[str, Any]], dict[str, int]]

LABELS = "labels: {folders: true}\n"


@pytest.fixture
def sorted_by_class(workplace: Workplace) -> Workplace:
    """Five of the drawings in two sub-folders, the other three in none; the copy of number 0 lies among those."""
    return sort(workplace)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, drawings: list[bytes]) -> Workplace:
    """The same with a finished run over it. Not to be touched."""
    place = sort(filled(tmp_path_factory.mktemp("labelled"), drawings))
    place.run()
    return place


def sort(workplace: Workplace) -> Workplace:
    deep = workplace.pictures / "of 2019" / "more"
    (workplace.pictures / "smile").mkdir()
    (workplace.pictures / "frown" / "2020").mkdir(parents=True)
    for number in (0, 2, 4):
        (deep / f"{number}.png").rename(workplace.pictures / "smile" / f"{number}.png")
    (deep / "again.png").rename(workplace.pictures / "again.png")
    for number in (1, 3):
        (workplace.pictures / f"{number}.png").rename(workplace.pictures / "frown" / "2020" / f"{number}.png")
    (deep / "6.png").rename(workplace.pictures / "6.png")
    workplace.write_recipe(RECIPE + LABELS)
    return workplace


def folder_of(store: Path) -> Path:
    (folder,) = (store / "datasets").iterdir()
    return folder


def places_and_classes(store: Path) -> list[tuple[set[str], str]]:
    """By record, the folders that a picture lay in, and its class by the labels."""
    folder = folder_of(store)
    manifest = json.loads((folder / "manifest.json").read_text())
    labels = np.load(folder / f"{folder.name}-rxx.labels")
    assert labels.dtype == np.float32
    assert labels.shape == (len(manifest["members"]), len(manifest["classes"]))
    lain = [{str(Path(origin["origin"]).parent) for origin in member["origins"]} for member in manifest["members"]]
    return [(folders, manifest["classes"][row.argmax()]) for folders, row in zip(lain, labels, strict=True)]


def test_labels_come_from_the_folders_in_the_order_of_the_records(labelled: Workplace) -> None:
    found = places_and_classes(labelled.root / "data")
    expected = {"smile": "smile", "frown/2020": "frown", ".": "other"}
    assert {label for _, label in found} == {"smile", "frown", "other"}
    for folders, label in found:
        assert label == expected[max(folders)]  # of the copy in no sub-folder, that of the other one
    assert "every record of every level is right" in labelled.magritte("verify")


def test_a_run_that_was_killed_goes_on_to_the_data_set_of_an_undisturbed_one(
    sorted_by_class: Workplace, labelled: Workplace
) -> None:
    process = sorted_by_class.start("run", str(sorted_by_class.root / "recipe.yaml"))
    while len(list((sorted_by_class.root / "data").glob("actions/normalizer/*/*.json"))) < 3:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    sorted_by_class.run()
    assert sorted_by_class.status()["run"] == "anya-001"
    assert sorted_by_class.dataset_digest() == labelled.dataset_digest()
    data, undisturbed = (folder_of(place.root / "data") for place in (sorted_by_class, labelled))
    labels = f"{data.name}-rxx.labels"
    assert (data / labels).read_bytes() == (undisturbed / labels).read_bytes()


def test_a_second_run_without_classes_has_another_data_set_and_no_labels(labelled: Workplace, tmp_path: Path) -> None:
    place = labelled.copy(tmp_path)
    place.write_recipe()
    place.run()
    datasets = list((place.root / "data" / "datasets").iterdir())
    assert [len(list(folder.glob("*.labels"))) for folder in sorted(datasets, key=lambda f: f.stat().st_mtime)] == [
        1,
        0,
    ]
    assert "every record of every level is right" in place.magritte("verify")


def test_pictures_in_no_sub_folder_are_dropped_with_a_reason(sorted_by_class: Workplace, fates_of: Fates) -> None:
    sorted_by_class.write_recipe(RECIPE + "labels: {folders: true, unlabelled: drop}\n")
    sorted_by_class.run()
    status = sorted_by_class.status()
    fates = fates_of(status)
    assert status["finished"]
    assert sum(fates.values()) == 12
    assert fates["unlabelled"] >= 2
    found = places_and_classes(sorted_by_class.root / "data")
    assert len(found) == fates["in-dataset"] == status["faces"]
    assert {label for _, label in found} == {"smile", "frown"}


def test_pictures_of_one_class_alone_fail_the_run_with_what_to_do(sorted_by_class: Workplace) -> None:
    for path in sorted_by_class.pictures.glob("*.*"):
        path.unlink()
    for path in (sorted_by_class.pictures / "frown" / "2020").iterdir():
        path.write_bytes(b"")
    process = sorted_by_class.start("run", str(sorted_by_class.root / "recipe.yaml"))
    _, err = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "labels.folders: all pictures are of the class smile" in err
    assert sorted_by_class.status()["phase"] == "failed"
    assert sum(entry["pictures"] for entry in sorted_by_class.status()["fates"] if entry["fate"] == "dead") == 0


def test_verify_names_a_label_that_is_wrong(labelled: Workplace, tmp_path: Path) -> None:
    place = labelled.copy(tmp_path)
    folder = folder_of(place.root / "data")
    file = folder / f"{folder.name}-rxx.labels"
    labels = np.load(file)
    labels[2] = 0
    with file.open("wb") as stream:
        np.save(stream, labels)
    (finding,) = json.loads(place.magritte("verify", "--json", expect=1))["findings"]
    assert (finding["file"], finding["record"], finding["problem"]) == (file.name, 2, "not-one-hot")
    file.unlink()
    assert "missing-labels" in place.magritte("verify", "--json", expect=1)


def test_a_better_copy_in_no_sub_folder_is_of_the_class_of_the_worse_one(sorted_by_class: Workplace) -> None:
    with Image.open(sorted_by_class.pictures / "5.png") as picture:
        picture.convert("RGB").resize((270, 338)).save(sorted_by_class.pictures / "smile" / "smaller.jpg")
    sorted_by_class.run()
    (member,) = (
        member
        for member in json.loads((folder_of(sorted_by_class.root / "data") / "manifest.json").read_text())["members"]
        if member["origins"][0]["origin"] == "5.png"
    )
    assert member["label"] == "smile"
