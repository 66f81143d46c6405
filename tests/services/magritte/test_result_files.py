from pathlib import Path

import pytest

from services.magritte.result_files import result_files
from services.magritte.weights import ExportFormat
from shared.contract import keys
from shared.contract.errors import Poison
from shared.runs.registry import read_state
from shared.store import FolderStore
from tests.shared import legs


def test_a_run_without_a_data_set_has_none(store: FolderStore, run: str) -> None:
    assert result_files(store, run, read_state(store, run)) == {}


def test_levels_are_links_and_all_else_is_copied(store: FolderStore, run: str, tmp_path: Path) -> None:
    legs.pack(store, run)
    level = keys.dataset(legs.DATASET, "anya-r06.tfrecords")
    store.put(level, b"a level")
    wanted = result_files(store, run, read_state(store, run))
    for number, name in enumerate(("dataset/anya-r06.tfrecords", "dataset/manifest.json")):
        wanted[name].write(tmp_path / str(number))
    assert (tmp_path / "0").samefile(store.root / level)
    assert not (tmp_path / "1").samefile(store.root / keys.dataset(legs.DATASET, keys.MANIFEST))


def test_the_origin_of_a_file_is_another_when_its_content_is(store: FolderStore, run: str) -> None:
    legs.pack(store, run)
    origins = []
    for leg in (1, 2, 2):
        legs.complete(store, run, leg)
        origins.append({name: each.origin for name, each in result_files(store, run, read_state(store, run)).items()})
    assert all(origins[0][name] != origins[1][name] for name in ("fakes.png", "network.npz", "stats.jsonl"))
    assert origins[0]["dataset/manifest.json"] == origins[1]["dataset/manifest.json"]
    assert origins[1] == origins[2]


def test_a_network_that_cannot_be_read_is_named(store: FolderStore, run: str, tmp_path: Path) -> None:
    legs.pack(store, run)
    snapshot = legs.complete(store, run, 1)
    wanted = result_files(store, run, read_state(store, run), [ExportFormat.PKL])
    with pytest.raises(Poison, match=snapshot.key("network.npz")):
        wanted["network.pkl"].write(tmp_path / "network.pkl")
