"""The command `run` itself: what it refuses and serves. Runs through the whole chain are in tests/pipeline."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from shared.runs.registry import is_finished
from shared.store import FolderStore
from tests.pipeline.conftest import RECIPE, Workplace, drawings, workplace

__all__ = ["drawings", "workplace"]  # fixtures

Magritte = Callable[..., Result]
SOON = 60.0
"""Seconds within which what must happen happens, on any machine."""


def test_a_dry_run_tests_everything_and_leaves_nothing_behind(workplace: Workplace) -> None:
    plan = workplace.magritte("run", "--dry-run", str(workplace.root / "recipe.yaml"))
    assert plan == f"{workplace.root}/recipe.yaml: anya, fine; the stages' self-tests passed\n"
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


def test_a_run_that_could_not_fetch_all_pictures_says_so_with_its_exit_code(workplace: Workplace) -> None:
    workplace.write_recipe(RECIPE.replace("[{", "[{urls: ['http://127.0.0.1:9/1.png'], pause: 0}, {"))
    process = workplace.start("run", str(workplace.root / "recipe.yaml"), MAGRITTE_PRIVATE_NETWORKS="127.0.0.1")
    out, err = process.communicate(timeout=2 * SOON)
    assert "fetch-failed" in out
    assert "1 pictures could not be fetched: `magritte run" in err
    assert process.returncode == 75


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


def test_a_run_ends_with_what_became_of_its_pictures(magritte: Magritte, store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for name in ("empty.jpg", "blank.png"):
        (tmp_path / "pictures" / name).write_bytes(b"")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    result = magritte("run", str(tmp_path / "recipe.yaml"))
    assert result.exit_code == 0, result.exception
    assert "run anya-001, finished: 2 pictures" in result.stdout
    assert ["2", "dropped", "scraper", "empty-file"] in [line.split() for line in result.stdout.splitlines()]
    assert is_finished(store, "anya-001")


def test_a_run_leaves_its_results_beside_the_recipe(workplace: Workplace) -> None:
    out = workplace.magritte("run", str(workplace.root / "recipe.yaml"))
    folder = workplace.root / "results" / "anya-001"
    assert f"in a folder  {folder}" in out
    (manifest,) = folder.rglob("manifest.json")
    assert manifest.parent == folder / "dataset"
    card = (folder / "data-card.md").read_text()
    assert card.startswith("# Data card: anya")
    assert "## Versions" in card
    assert str(workplace.root) not in card
    assert "0 of" in workplace.magritte("fetch", "--to", str(workplace.root / "results"))


def test_a_run_leaves_no_results_where_none_are_wanted(workplace: Workplace) -> None:
    out = workplace.magritte("run", "--no-results", str(workplace.root / "recipe.yaml"))
    assert "in a folder" not in out
    assert not (workplace.root / "results").exists()


def test_a_run_does_not_write_results_into_a_source(workplace: Workplace) -> None:
    process = workplace.start("run", "--results", str(workplace.pictures), str(workplace.root / "recipe.yaml"))
    _, err = process.communicate(timeout=SOON)
    assert (process.returncode, "--results" in err) == (2, True)
