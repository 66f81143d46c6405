"""Rankings of a real run: at the kimg that the recipe names, at the end, and when a person asks."""

import csv
import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.pipeline.conftest import RECIPE, Workplace, filled

TRAINED = RECIPE.replace("size: 64", "size: 16").replace(
    "{kimg: 0}",
    "{kimg: 0.012, leg_kimg: 0.004, minibatch: 4, fmap_base: 128, fmap_max: 8, latent_size: 8, mapping_layers: 1}",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, drawings: list[bytes]) -> Workplace:
    """A finished run with a training of three legs, of which the first is ranked too."""
    place = filled(tmp_path_factory.mktemp("ranked"), drawings)
    place.write_recipe(TRAINED + "ranking: {at_kimg: [0.003], fakes: 8}\n")
    place.run()
    return place


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_named_leg_and_the_last_are_ranked_and_compared(trained: Workplace) -> None:
    ready = [record for record in trained.journal() if record["type"] == "ranking-ready"]
    assert [record["leg"] for record in ready] == [1, 3]
    assert ready[0]["stability"] is None
    assert -1 <= ready[1]["stability"] <= 1
    assert trained.status()["ranking"]["stability"] == ready[1]["stability"]
    assert f"{ready[1]['stability']:.2f} (1 is the same order" in trained.ask("status")


def test_each_row_says_in_which_file_and_where_in_it_the_face_is(trained: Workplace, tmp_path: Path) -> None:
    trained.ask("rank", "--out", str(tmp_path))
    table = rows(tmp_path / "ranking.csv")
    assert len(table) == trained.status()["faces"] > 3
    for row in table:
        file = trained.pictures / row["origin"].split("; ")[0]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == row["image"]
        left, top, width, height = (int(row[column]) for column in ("left", "top", "width", "height"))
        with Image.open(file) as picture:
            assert -width < left < picture.width
            assert -height < top < picture.height
        assert row["source"] == "folder"


def test_a_ranking_by_all_snapshots_is_another_one(trained: Workplace, tmp_path: Path) -> None:
    found = json.loads(trained.ask("rank", "--snapshots", "1,2", "--json", "--out", str(tmp_path)))
    assert (found["snapshots"], found["compared_with"]) == ([1, 2, 3], None)
    assert [row["rank"] for row in found["worst"]] == sorted((row["rank"] for row in found["worst"]), reverse=True)
    assert len(rows(tmp_path / "fake-ranking.csv")) == 8
