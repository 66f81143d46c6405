"""What the commands around a run say, to people and to programs."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from tests.pipeline.conftest import RECIPE, Workplace

SOON = 60.0
"""Seconds within which what must happen happens, on any machine."""


def test_a_dry_run_tests_everything_and_leaves_nothing_behind(workplace: Workplace) -> None:
    said = workplace.magritte("run", "--dry-run", str(workplace.root / "recipe.yaml"))
    assert said == f"{workplace.root}/recipe.yaml: anya, fine; the stages' self-tests passed\n"
    assert [*(workplace.root / "data").rglob("*")] == []


def test_a_dry_run_finds_a_detector_that_does_not_work(workplace: Workplace) -> None:
    model = workplace.root / "model.xml"
    model.write_text("<opencv_storage/>")
    workplace.write_recipe(RECIPE + "faces: {detector: cascade, cascade: {model: ./model.xml}}\n")
    process = workplace.start("run", "--dry-run", str(workplace.root / "recipe.yaml"))
    out, err = process.communicate(timeout=SOON)
    assert process.returncode == 1
    assert "magritte: the cascade's model file is not an OpenCV cascade" in err
    assert out == ""


def test_a_dry_run_names_the_field_that_is_wrong(workplace: Workplace) -> None:
    workplace.write_recipe(RECIPE + "faces: {detector: telescope}\n")
    process = workplace.start("run", "--dry-run", str(workplace.root / "recipe.yaml"))
    _, err = process.communicate(timeout=SOON)
    assert process.returncode == 2
    assert "faces.detector" in err
    assert "animeface" in err


def test_health_and_metrics_are_served_while_a_run_is_at_work(workplace: Workplace) -> None:
    port = free_port()
    process = workplace.start("run", str(workplace.root / "recipe.yaml"), MAGRITTE_METRICS_PORT=str(port))
    try:
        until_served(
            process, f"http://127.0.0.1:{port}/metrics", 'magritte_items_total{outcome="done",stage="deduper"}'
        )
        assert until_served(process, f"http://127.0.0.1:{port}/healthz", "") == "yes\n"
    finally:
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 0, err
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=SOON)


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def until_served(process: "subprocess.Popen[str]", address: str, words: str) -> str:
    """What lies at the address once `words` are in it; fails when the process ends before."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=SOON) as answer:
                text: str = answer.read().decode()
            if words in text:
                return text
        except OSError:
            pass  # not yet
        time.sleep(0.02)
    pytest.fail(f"the run was over before {address} had {words}")


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
    assert done.magritte("status", "anya", "--json") == done.magritte("status", "anya-001", "--json") == latest


def test_status_of_an_unknown_run_says_so(done: Workplace) -> None:
    process = done.start("status", "--json", "bea")
    out, err = process.communicate(timeout=SOON)
    told = f"magritte: no run bea in this store ({done.root / 'data'})\n"
    assert (process.returncode, out, err) == (1, "", told)


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
    story: list[dict[str, Any]] = json.loads(place.magritte("trace", name, "--json"))
    return story


def test_trace_as_json_tells_why_a_file_was_dropped(done: Workplace) -> None:
    [record] = traced(done, "empty.jpg")
    assert (record["type"], record["stage"], record["reason"]) == ("image-dropped", "scraper", "empty-file")
