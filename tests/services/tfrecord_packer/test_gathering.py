from pathlib import Path

import pytest

from services.tfrecord_packer.gathering import RunPlaces, gather
from shared.contract.messages import FacesCounted, ImageKept, ImageSuperseded
from shared.contract.reasons import Reason
from shared.ledger.ledger import Ledger
from shared.ledger.tally import Tally
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, note

RUN = "anya-001"
FIRST, SECOND, THIRD = (f"{n}{n}" * 32 for n in (1, 2, 3))
A, B, C = (f"{n}" * 20 for n in ("a", "b", "c"))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "data")
    images = {A: FIRST, B: SECOND, C: THIRD}
    list_entries(store, RUN, {entry: found(entry[0], image) for entry, image in images.items()})
    return store


def found(origin: str, image: str) -> dict[str, object]:
    return {"origin": origin, "score": 0, "image": image, "provenance": {"origin": origin}}


def judge(store: FolderStore, entry: str, image: str, arrival: int, by: str | None = None) -> None:
    about = {"run": RUN, "entry": entry, "image": image, "arrival": arrival, "decisions": 1}
    if by is None:
        note(store, "deduper", ImageKept.model_validate(about))
    else:
        more = {"by": by, "reason": Reason.NEAR_DUPLICATE}
        note(store, "deduper", ImageSuperseded.model_validate(about | more))


def origins(store: FolderStore, image: str, sources: int = 1) -> list[list[str]]:
    places = RunPlaces(store, RUN, sources, gather(Ledger(store, RUN), Tally()).copies)
    return [[str(record["origin"]) for record in each] for each in places.of(image)]


def test_a_picture_s_own_places_come_first_and_then_those_of_the_copies_that_it_superseded(store: FolderStore) -> None:
    for entry, image, by in ((A, FIRST, SECOND), (B, SECOND, None), (C, THIRD, SECOND)):
        judge(store, entry, image, 1, by)
    assert origins(store, SECOND) == [["b"], ["a"], ["c"]]
    assert origins(store, FIRST) == [["a"]]


def test_places_of_one_picture_in_all_sources_are_one_list(store: FolderStore) -> None:
    list_entries(store, RUN, {"d" * 20: found("twin", FIRST)}, source=1)
    judge(store, A, FIRST, 1)
    judge(store, "d" * 20, FIRST, 2, by=FIRST)
    assert origins(store, FIRST, sources=2) == [["a", "twin"]]


def test_the_tags_that_a_tagger_has_told_are_gathered_by_picture(store: FolderStore) -> None:
    for entry, image, tags in ((A, FIRST, ("smile", "solo")), (B, SECOND, ())):
        judge(store, entry, image, 1)
        note(store, "face-detector", FacesCounted(run=RUN, entry=entry, image=image, faces=1, tags=tags))
    assert gather(Ledger(store, RUN), Tally()).tags == {FIRST: ("smile", "solo")}


def test_the_latest_judgement_counts(store: FolderStore) -> None:
    judge(store, A, FIRST, 10, by=THIRD)
    judge(store, A, FIRST, 9, by=SECOND)
    judge(store, B, SECOND, 11)
    assert origins(store, THIRD) == [["c"], ["a"]]
    assert origins(store, SECOND) == [["b"]]


def test_a_source_that_is_not_listed_readably_tells_of_no_place(store: FolderStore) -> None:
    assert origins(store, FIRST, sources=3) == [["a"]]
