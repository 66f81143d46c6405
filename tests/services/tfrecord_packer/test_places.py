import json
from pathlib import Path

import pytest

from services.tfrecord_packer.places import RunPlaces
from shared.contract import keys
from shared.contract.messages import ImageKept, ImageSuperseded
from shared.contract.reasons import Reason
from shared.runtime.records import leave_trail
from shared.store import FolderStore

RUN = "anya-001"
FIRST, SECOND, THIRD = (f"{n}{n}" * 32 for n in (1, 2, 3))
A, B, C = (f"{n}" * 20 for n in ("a", "b", "c"))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "data")
    for image, entry in ((FIRST, A), (SECOND, B), (THIRD, C)):
        store.put(keys.provenance(image, entry), json.dumps({"origin": entry[0]}).encode())
    return store


def keep(store: FolderStore, entry: str, image: str, arrival: int, by: str | None = None) -> None:
    about = {"run": RUN, "entry": entry, "image": image, "arrival": arrival, "decisions": 1}
    if by is None:
        leave_trail(store, "deduper", ImageKept.model_validate(about), {})
    else:
        more = {"by": by, "reason": Reason.NEAR_DUPLICATE}
        leave_trail(store, "deduper", ImageSuperseded.model_validate(about | more), {})


def origins(store: FolderStore, image: str, entries: tuple[str, ...] = (A, B, C)) -> list[list[str]]:
    return [[record["origin"] for record in each] for each in RunPlaces(RUN, entries, store).of(image)]


def test_a_picture_s_own_places_come_first_and_then_those_of_the_copies_that_it_superseded(store: FolderStore) -> None:
    for entry, image, by in ((A, FIRST, SECOND), (B, SECOND, None), (C, THIRD, SECOND)):
        keep(store, entry, image, 1, by)
    assert origins(store, SECOND) == [["b"], ["a"], ["c"]]
    assert origins(store, FIRST) == [["a"]]


def test_places_of_one_picture_are_one_list(store: FolderStore) -> None:
    store.put(keys.provenance(FIRST, B), json.dumps({"origin": "twin"}).encode())
    keep(store, A, FIRST, 1)
    keep(store, B, FIRST, 2, by=FIRST)
    assert origins(store, FIRST) == [["a", "twin"]]


def test_the_latest_judgement_counts(store: FolderStore) -> None:
    keep(store, A, FIRST, 10, by=THIRD)
    keep(store, A, FIRST, 9, by=SECOND)
    keep(store, B, SECOND, 11)
    assert origins(store, THIRD) == [["c"], ["a"]]
    assert origins(store, SECOND) == [["b"]]


def test_places_that_another_run_knows_do_not_count(store: FolderStore) -> None:
    store.put(keys.provenance(FIRST, "d" * 20), json.dumps({"origin": "moved since"}).encode())
    assert origins(store, FIRST) == [["a"]]
    assert origins(store, FIRST, entries=(B,)) == [[]]
