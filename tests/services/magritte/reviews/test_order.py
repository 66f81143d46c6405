import pytest

from services.magritte.reviews.order import Sort, in_order
from services.magritte.run_faces import RunFace
from shared.contract import keys
from shared.contract.errors import Unreadable
from shared.contract.items import Face
from shared.contract.messages import DatasetPacked, RankingReady
from shared.store import FolderStore
from tests.shared.ledgers import note

FACES = [RunFace(Face(f"{number:020x}", 0), f"{number:064x}", f"{number:064x}", True, None) for number in range(3)]
NAMES = {FACES[0].item.entry: "c", FACES[1].item.entry: "b", FACES[2].item.entry: "a"}
TRAINING = "0f" * 32
TABLE = "rank,quality,entry,face,image\n2,0.5,{},0,{}\n1,-3.5,{},0,{}\n"


def rank(store: FolderStore, run: str, table: str) -> None:
    key = keys.leg(TRAINING, 1, "ranking-0d.csv")
    store.put(key, table.encode())
    about = {"run": run, "version": 1, "dataset": TRAINING, "training": TRAINING, "leg": 1}
    note(store, "tfrecord-packer", DatasetPacked(run=run, version=1, digest=TRAINING))
    note(store, "ranker", RankingReady.model_validate({**about, "files": {"ranking.csv": key}}))


def order(store: FolderStore, run: str, sort: Sort) -> list[tuple[str, float | None]]:
    return [(NAMES[each.face.item.entry], each.score) for each in in_order(store, run, FACES, sort, NAMES)]


def test_by_name_is_by_what_a_person_sees(store: FolderStore, run: str) -> None:
    assert order(store, run, Sort.NAME) == [("a", None), ("b", None), ("c", None)]


def test_by_score_the_least_believed_come_first_and_those_without_a_score_last(store: FolderStore, run: str) -> None:
    rank(store, run, TABLE.format(*(part for each in FACES[:2] for part in (each.item.entry, each.image))))
    assert order(store, run, Sort.SCORE) == [("b", -3.5), ("c", 0.5), ("a", None)]


def test_by_rank_the_worst_come_first_whatever_their_scores(store: FolderStore, run: str) -> None:
    rank(store, run, TABLE.format(*(part for each in FACES[:2] for part in (each.item.entry, each.image))))
    assert order(store, run, Sort.RANK) == [("c", 2.0), ("b", 1.0), ("a", None)]


def test_a_ranking_that_cannot_be_read_is_named(store: FolderStore, run: str) -> None:
    rank(store, run, "rank,place\n1,2\n")
    with pytest.raises(Unreadable, match=r"ranking-0d\.csv has no line with the columns"):
        order(store, run, Sort.SCORE)
