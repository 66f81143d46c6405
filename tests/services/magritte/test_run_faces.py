import pytest

from services.magritte.run_faces import RunFace, run_faces
from services.magritte.run_items import RunItems
from services.magritte.screen import remark
from shared.contract.items import Face
from shared.contract.messages import Decision, FaceNormalized, VerdictGiven
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdict, Verdicts, give
from shared.store import FolderStore
from tests.services.magritte.verdict_runs import ENTRIES, IMAGES, faces, take
from tests.shared.ledgers import note

__all__ = ["faces"]  # a fixture
OTHER = "0d" * 32


def decided(
    store: FolderStore, run: str, image: str, face: int | None, decision: Decision, why: str = "", prune: str = ""
) -> None:
    """Write a verdict down and tell the run, as `magritte verdict` does."""
    verdict = Verdict(image=image, face=face, decision=decision, who="me", why=why, prune=prune)
    number = give(store, "anya", verdict)
    for entry in (entry for entry, known in zip(ENTRIES, IMAGES, strict=True) if known == image):
        about = {"run": run, "entry": entry, "image": image, "face": face, "decision": decision, "number": number}
        note(store, "person", VerdictGiven.model_validate(about))


def found(store: FolderStore, run: str) -> list[RunFace]:
    verdicts = Verdicts("anya")
    verdicts.read(store)
    return run_faces(RunItems(store, run, remark), verdicts)


def test_the_faces_of_the_data_set_come_with_original_and_picture(store: FolderStore, faces: str) -> None:
    assert found(store, faces) == [
        RunFace(Face(entry, 0), image, image, belongs=True, dropped=None)
        for entry, image in zip(ENTRIES, IMAGES, strict=True)
    ]


@pytest.mark.parametrize("face", [0, None])
def test_a_dropped_face_comes_last_and_once_and_belongs_no_more(
    store: FolderStore, faces: str, face: int | None
) -> None:
    decided(store, faces, IMAGES[0], face, Decision.DROP)
    seen = [(each.item.entry, each.belongs, each.dropped) for each in found(store, faces)]
    assert seen == [(ENTRIES[1], True, None), (ENTRIES[0], False, True)]


def test_a_face_that_was_kept_is_marked_and_one_that_was_taken_back_too(store: FolderStore, faces: str) -> None:
    decided(store, faces, IMAGES[1], 0, Decision.KEEP)
    decided(store, faces, IMAGES[0], None, Decision.DROP)
    decided(store, faces, IMAGES[0], None, Decision.KEEP)
    assert [(each.belongs, each.dropped) for each in found(store, faces)] == [(True, False)] * 3


def test_the_verdict_about_a_face_goes_before_that_about_its_picture(store: FolderStore, faces: str) -> None:
    decided(store, faces, IMAGES[1], 0, Decision.KEEP)
    decided(store, faces, IMAGES[1], None, Decision.DROP)
    assert [each.item.entry for each in found(store, faces)] == [ENTRIES[0], ENTRIES[2]]
    decided(store, faces, IMAGES[0], 0, Decision.DROP)
    decided(store, faces, IMAGES[0], None, Decision.KEEP)
    assert [(each.belongs, each.dropped) for each in found(store, faces)] == [(False, True)]


@pytest.mark.parametrize("reason", [Reason.EXCLUDED_ARTIST, Reason.EXCLUDED_WORK])
def test_what_was_excluded_by_artist_or_work_says_nothing_of_looks(
    store: FolderStore, faces: str, reason: Reason
) -> None:
    decided(store, faces, IMAGES[1], None, Decision.DROP, f"{reason}: by someone")
    assert [(each.item.entry, each.dropped) for each in found(store, faces)] == [(ENTRIES[0], None), (ENTRIES[2], None)]


def test_what_a_prune_has_dropped_by_its_rank_says_nothing_of_looks(store: FolderStore, faces: str) -> None:
    decided(store, faces, IMAGES[1], 0, Decision.DROP, prune="a-prune")
    assert [(each.item.entry, each.dropped) for each in found(store, faces)] == [(ENTRIES[0], None), (ENTRIES[2], None)]


def test_of_several_pictures_of_a_face_that_of_the_last_revision_counts(store: FolderStore, faces: str) -> None:
    for revision, picture in ((2, "2a" * 32), (1, "1a" * 32)):
        about = {"run": faces, "entry": ENTRIES[1], "image": IMAGES[1], "face": 0}
        note(store, "s", FaceNormalized.model_validate(about | {"picture": picture, "revision": revision}))
    assert [each.picture[:2] for each in found(store, faces)] == ["0b", "2a", "0b"]
    decided(store, faces, IMAGES[1], 0, Decision.DROP)
    assert [each.picture[:2] for each in found(store, faces)] == ["0b", "0b", "2a"]


def test_a_dropped_face_that_was_never_cut_out_is_not_there(store: FolderStore, faces: str) -> None:
    take(store, faces, 3, "f" * 20, OTHER)
    give(store, "anya", Verdict(image=OTHER, face=4, decision=Decision.DROP, who="me"))
    assert [each.dropped for each in found(store, faces)] == [None] * 4
