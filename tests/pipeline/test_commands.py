"""What the commands around a run say, to people and to programs."""

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from tests.pipeline.conftest import RECIPE, Workplace

SOON = 60.0
"""Seconds within which what must happen happens, on any machine."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, drawings: list[bytes]) -> Workplace:
    """A run over two drawings and an empty file."""
    place = Workplace(tmp_path_factory.mktemp("small"))
    place.pictures.mkdir()
    for number, drawing in enumerate(drawings[:2]):
        (place.pictures / f"{number}.png").write_bytes(drawing)
    (place.pictures / "empty.jpg").write_bytes(b"")
    place.write_recipe()
    place.run()
    return place


def test_status_as_json_adds_up_and_points_to_the_data_set(done: Workplace) -> None:
    status = done.status()
    assert status["run"] == "anya-001"
    assert status["finished"] is True
    assert status["pictures"] == sum(fate["pictures"] for fate in status["fates"]) == 3
    dropped = {"fate": "dropped", "stage": "scraper", "reason": "empty-file", "pictures": 1}
    assert dropped in status["fates"]
    assert {"stage": "scraper", "message": "image-fetched", "count": 2} in status["stages"]
    assert Path(urlparse(status["results"]["data set"]).path, "manifest.json").is_file()


def test_status_finds_a_run_by_its_own_and_by_the_recipe_s_name(done: Workplace) -> None:
    latest = done.magritte("status", "--json")
    assert done.ask("status", "anya", "--json") == done.ask("status", "anya-001", "--json") == latest


def test_status_of_an_unknown_run_says_so(done: Workplace) -> None:
    process = done.start("status", "--json", "bea")
    out, err = process.communicate(timeout=SOON)
    text = f"magritte: no run bea in this store ({done.root / 'data'})\n"
    assert (process.returncode, out, err) == (1, "", text)


def test_trace_as_json_tells_the_same_by_whatever_name(done: Workplace) -> None:
    story = traced(done, "0.png")
    assert [record["at"] for record in story] == sorted(record["at"] for record in story)
    assert {record["run"] for record in story} == {"anya-001"}
    [face] = {record["item"] for record in story if "." in record["item"]}
    entry = face.partition(".")[0]
    image = next(record["image"] for record in story if record["type"] == "image-fetched")
    picture = next(record["picture"] for record in story if record["type"] == "face-normalized")
    for name in (entry, image, face, picture):
        assert traced(done, name) == story


def traced(place: Workplace, name: str) -> list[dict[str, Any]]:
    story: list[dict[str, Any]] = json.loads(place.ask("trace", name, "--json"))
    return story


def test_trace_as_json_tells_why_a_file_was_dropped(done: Workplace) -> None:
    [record] = traced(done, "empty.jpg")
    assert (record["type"], record["stage"], record["reason"]) == ("image-dropped", "scraper", "empty-file")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, drawings: list[bytes]) -> Workplace:
    """A run over one drawing whose name a terminal would act on, and that no Latin-1 has."""
    place = Workplace(tmp_path_factory.mktemp("odd"))
    place.pictures.mkdir()
    (place.pictures / "Face [b] \x1b[31m 日本 😀.PNG").write_bytes(drawings[0])
    (place.pictures / "other.PNG").write_bytes(b"")
    place.write_recipe()
    place.run()
    return place


def test_a_file_of_any_name_is_traced(odd: Workplace) -> None:
    for name in (
        "Face [b] \x1b[31m 日本 😀.PNG",
        "face [B]",
        "日本",
        "😀",
        f"{odd.pictures}/Face [b] \x1b[31m 日本 😀.PNG",
    ):
        assert {record["type"] for record in traced(odd, name)} >= {"image-fetched", "face-normalized"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_names_are_printed_in_any_encoding_and_act_on_no_screen(odd: Workplace, encoding: str) -> None:
    process = odd.start("trace", "png", PYTHONIOENCODING=encoding, COLUMNS="200")
    out, err = process.communicate(timeout=SOON)
    assert process.returncode == 1, err
    assert "Face [b] \\x1b[31m" in out
    assert "2 pictures of run anya-001 can be meant by png" in err


def test_a_reader_that_has_seen_enough_ends_a_command_quietly(odd: Workplace) -> None:
    for words in (("trace", "日本"), ("status", "--json"), ("recipe", "example")):
        process = odd.start(*words)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(timeout=SOON) == 1


@pytest.fixture
def copied(done: Workplace, tmp_path: Path) -> Workplace:
    """The small run in a store of its own, to be damaged."""
    shutil.copytree(done.root, tmp_path / "copy")
    return Workplace(tmp_path / "copy")


def test_a_run_whose_recipe_was_cut_short_is_followed_by_a_new_one(copied: Workplace) -> None:
    (copied.root / "data" / "recipes" / "anya-001.json").write_bytes(b"")
    process = copied.start("run", str(copied.root / "recipe.yaml"))
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert "warning: run anya-001 cannot go on, a new one begins: recipes/anya-001.json is empty" in err
    assert "run anya-002, finished: 3 pictures, 2 faces" in out
    assert "Traceback" not in err


def test_a_run_goes_on_with_stray_files_in_its_folders(copied: Workplace) -> None:
    copied.run()  # the copy's folder has another path, and so this is another run
    data, run = copied.root / "data", copied.root / "data" / "runs" / "anya-002"
    packed = next(path for path in sorted((run / "journal").iterdir()) if b'"dataset-packed"' in path.read_bytes())
    for path in [path for path in run.rglob("*.*") if path.is_file()]:
        path.with_name(f"{path.stem} (conflicted copy){path.suffix}").write_bytes(path.read_bytes())
    for folder in (data / "datasets", run / "datasets"):
        shutil.rmtree(folder)
    packed.unlink()
    (run / "state.json").unlink()
    process = copied.start("run", str(copied.root / "recipe.yaml"))
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert "run anya-002, finished: 3 pictures, 2 faces" in out
    assert list(data.glob("datasets/*/manifest.json"))
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan"])
def test_a_number_that_is_not_finite_is_refused_before_a_run_begins(copied: Workplace, number: str) -> None:
    copied.write_recipe(RECIPE + f"pictures: {{elongation: {number}}}\n")
    for words in (("recipe", "check"), ("run",)):
        process = copied.start(*words, str(copied.root / "recipe.yaml"))
        _, err = process.communicate(timeout=SOON)
        assert process.returncode == 2
        assert err.startswith(f"magritte: {copied.root}/recipe.yaml:7: pictures.elongation: Input should be a finite")
    assert [path.name for path in (copied.root / "data" / "recipes").iterdir()] == ["anya-001.json"]


def test_a_source_with_the_store_in_it_is_refused_before_a_run_begins(copied: Workplace) -> None:
    copied.write_recipe(RECIPE.replace("./pictures", "."))
    for words in (("recipe", "check"), ("run",), ("run", "--dry-run"), ("submit",)):
        process = copied.start(*words, str(copied.root / "recipe.yaml"))
        _, err = process.communicate(timeout=SOON)
        assert process.returncode == 2
        text = f"{copied.root}/recipe.yaml:3: sources[0].folder: {copied.root} holds the store, {copied.root / 'data'}"
        assert text in err
