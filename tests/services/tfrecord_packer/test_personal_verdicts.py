"""Boxes by hand, from the log of verdicts to the requests that cut them out."""

from pathlib import Path
from typing import Any

import pytest

from services.tfrecord_packer.bookkeeping import Bookkeeping
from shared.contract.messages import (
    Decision,
    FaceBoxed,
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    Message,
    VerdictGiven,
)
from shared.contract.person_messages import BY_HAND, NEW_FACES, HandBox
from shared.contract.reasons import Reason
from shared.ledger.fates import Fate
from shared.ledger.verdicts import Verdict, give
from shared.store import FolderStore
from tests.services.tfrecord_packer.packing_run import Fact, PackingRun, image
from tests.shared.ledgers import tally_of

FOUND: HandBox = (100, 100, 80, 80)
MEANT: HandBox = (90, 95, 120, 120)
ELSEWHERE: HandBox = (400, 20, 80, 80)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def run(store: FolderStore, tmp_path: Path) -> PackingRun:
    return PackingRun(store, tmp_path, pictures=1)


def box(store: FolderStore, face: int = 0, instead_of: HandBox | None = FOUND) -> int:
    verdict = Verdict(
        image=image(0), face=face, decision=Decision.BOX, box=MEANT, angle=12.0, instead_of=instead_of, who="me"
    )
    return give(store, "anya", verdict)


def found(run: PackingRun, *boxes: HandBox) -> list[Fact]:
    """All that is said of a picture in which detectors have found these faces."""
    about: dict[str, Any] = {"run": run.run, "entry": run.entries[0], "image": image(0)}
    crop = {"crop": "0" * 64, "side": 80}
    kept, *_ = run.facts(0)
    cut = [FaceFound.model_validate(about | crop | {"face": n, "box": each}) for n, each in enumerate(boxes)]
    ready = [FaceNormalized.model_validate(about | {"face": n, "picture": run.picture(0)}) for n, _ in enumerate(boxes)]
    counted = FacesCounted.model_validate(about | {"faces": len(boxes)})
    return [kept, *(("face-detector", each) for each in (*cut, counted)), *(("normalizer", each) for each in ready)]


def requests(run: PackingRun, number: int, face: int) -> FaceBoxed:
    about = {"run": run.run, "entry": run.entries[0], "image": image(0), "box": MEANT, "angle": 12.0}
    return FaceBoxed.model_validate({**about, "face": face, "revision": BY_HAND + number})


def boxes(published: list[Message]) -> set[FaceBoxed]:
    return {message for message in published if isinstance(message, FaceBoxed)}


def cut_out(run: PackingRun, asked: FaceBoxed) -> Fact:
    about = asked.model_dump(include={"run", "entry", "image", "face", "revision"})
    return "normalizer", FaceNormalized.model_validate({**about, "picture": "0e" * 32})


def members(run: PackingRun) -> list[tuple[int, int]]:
    return sorted((face, revision) for _, face, revision in tally_of(run.store, run.run).members())


def test_a_box_is_asked_for_until_it_is_cut_out_and_then_no_more(store: FolderStore, run: PackingRun) -> None:
    owner = Bookkeeping()
    run.keep(owner, [run.exhausted, *found(run, FOUND)])
    number = box(store)
    about = {"run": run.run, "entry": run.entries[0], "image": image(0), "face": 0, "decision": "box", "number": number}
    given = ("person", VerdictGiven.model_validate({**about, "box": MEANT, "angle": 12.0}))
    asked = requests(run, number, 0)
    assert boxes(run.keep(owner, [given])) == {asked}
    assert tally_of(store, run.run).settlement(run.entries[0]).fate is Fate.UNDECIDED
    assert boxes(run.keep(Bookkeeping(), [given])) == {asked}  # delivered again, to another owner
    assert boxes(run.keep(owner, found(run, FOUND), epoch=2)) == {asked}
    run.keep(owner, [cut_out(run, asked)])
    assert members(run) == [(0, BY_HAND + number)]
    assert boxes(run.keep(owner, [given, *found(run, FOUND)])) == set()


@pytest.mark.parametrize("backwards", [False, True])
def test_in_a_run_with_other_numbers_the_face_is_known_by_its_place(
    store: FolderStore, run: PackingRun, backwards: bool
) -> None:
    number = box(store)
    kept, *facts = found(run, ELSEWHERE, (96, 104, 88, 80))
    asked = boxes(run.keep(Bookkeeping(), [run.exhausted, kept, *(facts[::-1] if backwards else facts)]))
    assert requests(run, number, 1) in asked
    assert requests(run, number, 0) not in asked
    run.keep(Bookkeeping(), [cut_out(run, each) for each in asked])
    assert (0, 0) in members(run)
    assert (1, BY_HAND + number) in members(run)


def test_where_no_face_is_found_the_box_is_a_face_of_its_own(store: FolderStore, run: PackingRun) -> None:
    number, owner = box(store), Bookkeeping()
    assert boxes(run.keep(owner, [run.exhausted, *found(run, ELSEWHERE)])) == {requests(run, number, NEW_FACES)}
    run.keep(owner, [cut_out(run, requests(run, number, NEW_FACES))])
    assert members(run) == [(0, 0), (NEW_FACES, BY_HAND + number)]


def test_a_picture_without_any_face_has_the_one_that_a_person_has_found(store: FolderStore, run: PackingRun) -> None:
    number, owner = box(store, NEW_FACES + 3, None), Bookkeeping()
    about = {"run": run.run, "entry": run.entries[0], "image": image(0)}
    kept = ImageKept.model_validate(about | {"arrival": 1, "decisions": 1})
    none = ImageDropped.model_validate(about | {"stage": "face-detector", "reason": Reason.NO_FACE})
    asked = boxes(run.keep(owner, [run.exhausted, ("deduper", kept), ("face-detector", none)]))
    assert asked == {requests(run, number, NEW_FACES + 3)}
    run.keep(owner, [cut_out(run, *asked)])
    assert members(run) == [(NEW_FACES + 3, BY_HAND + number)]


def test_a_box_that_was_taken_back_is_not_asked_for_in_later_runs(store: FolderStore, run: PackingRun) -> None:
    box(store)
    give(store, "anya", Verdict(image=image(0), face=0, decision=Decision.KEEP, who="me"))
    assert boxes(run.keep(Bookkeeping(), [run.exhausted, *found(run, FOUND)])) == set()
    assert members(run) == [(0, 0)]


def test_a_face_at_another_place_with_the_number_of_a_verdict_with_a_box_is_left_alone(
    store: FolderStore, run: PackingRun
) -> None:
    box(store)
    give(store, "anya", Verdict(image=image(0), face=0, decision=Decision.DROP, who="me"))
    run.keep(Bookkeeping(), [run.exhausted, *found(run, ELSEWHERE, FOUND)])
    assert members(run) == [(0, 0)]
