"""The owner of the ledger at work: what it writes, and when a data set is due."""

from pathlib import Path

import pytest

from services.tfrecord_packer.bookkeeping import Bookkeeping
from shared.contract import keys
from shared.contract.errors import StoreUnavailable
from shared.contract.messages import (
    DatasetDue,
    DatasetPacked,
    Decision,
    FaceDropped,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    KeeperSettled,
    Message,
    ReviewClosed,
    VerdictGiven,
)
from shared.contract.reasons import Reason
from shared.ledger.fates import Fate
from shared.ledger.progress import Phase
from shared.ledger.state import RunState, find_state
from shared.ledger.verdicts import Verdict, give
from shared.runs.registry import read_state
from shared.store import FolderStore
from tests.services.tfrecord_packer.packing_run import IMAGE, PackingRun, image
from tests.shared.ledgers import story, tally_of


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "data")


@pytest.fixture
def run(store: FolderStore, tmp_path: Path) -> PackingRun:
    return PackingRun(store, tmp_path)


def versions(published: list[Message]) -> list[int]:
    return [message.version for message in published if isinstance(message, DatasetPacked)]


def written(run: PackingRun) -> RunState:
    state = find_state(run.store, run.run)
    assert state is not None
    return state


def test_a_data_set_is_due_once_when_the_last_picture_is_settled(run: PackingRun) -> None:
    owner = Bookkeeping()
    assert run.keep(owner, [*run.facts(0), run.exhausted]) == []
    (due,) = run.keep(owner, run.facts(1))
    assert due == DatasetDue(run=run.run, changes=tally_of(run.store, run.run).changes)
    assert run.keep(owner, run.facts(1) + run.facts(0)) == []


def test_a_batch_is_one_object_with_all_that_is_news_and_its_stamps(run: PackingRun) -> None:
    owner = Bookkeeping()
    run.keep(owner, [*run.facts(0), *run.facts(0), run.exhausted])
    run.keep(owner, run.facts(0))
    assert list(run.store.list(keys.journal(run.run))) == [keys.journal(run.run, 1)]
    published = [(record["teller"], record["type"], record["at"]) for record in story(run.store, run.run)]
    expected = [(stage, message.kind(), "now") for stage, message in [*run.facts(0), run.exhausted]]
    assert published == expected


def test_an_owner_that_starts_late_knows_what_the_journal_tells(run: PackingRun) -> None:
    run.keep(Bookkeeping(), [*run.facts(0), run.exhausted])
    assert len(run.keep(Bookkeeping(), run.facts(1))) == 1


def test_what_another_owner_has_written_in_between_is_known_in_the_next_epoch(run: PackingRun) -> None:
    first, second = Bookkeeping(), Bookkeeping()
    assert run.keep(first, [run.exhausted], epoch=1) == []
    assert run.keep(second, run.facts(0), epoch=1) == []
    assert len(run.keep(first, run.facts(1), epoch=2)) == 1


def test_an_owner_that_is_too_late_for_a_number_reads_what_the_other_has_written(run: PackingRun) -> None:
    first, second = Bookkeeping(), Bookkeeping()
    run.keep(first, [run.exhausted])
    run.keep(second, run.facts(0))
    assert len(run.keep(first, run.facts(1))) == 1
    assert [record["type"] for record in story(run.store, run.run)].count("image-kept") == 2


def test_what_could_not_be_written_is_not_known_before_it_comes_again(store: FolderStore, run: PackingRun) -> None:
    owner = Bookkeeping()
    run.keep(owner, [run.exhausted, *run.facts(0)])
    folder = store.root / keys.journal(run.run)
    folder.chmod(0o500)
    blocked = store.root / keys.journal(run.run, 2)
    blocked.mkdir()  # as root, whom no mode stops
    try:
        with pytest.raises(StoreUnavailable):
            run.keep(owner, run.facts(1))
    finally:
        folder.chmod(0o700)
        blocked.rmdir()
    assert len(run.keep(owner, run.facts(1))) == 1


def test_whoever_resumes_a_settled_run_is_answered_with_the_data_set(run: PackingRun) -> None:
    run.keep(Bookkeeping(), [run.exhausted, *run.facts(0), *run.facts(1)])
    assert len(run.keep(Bookkeeping(), [run.exhausted])) == 1
    assert run.keep(Bookkeeping(), run.facts(1)) != []  # asked for before, and perhaps not heard: harmless


def test_a_change_after_packing_makes_the_next_version(run: PackingRun) -> None:
    owner = Bookkeeping()
    assert versions(run.go_on(owner, [run.exhausted, *run.facts(0), *run.facts(1)])) == [1]
    about = {"run": run.run, "entry": run.entries[0], "image": image(0)}
    counted = FacesCounted.model_validate(about | {"faces": 2})
    another = FaceNormalized.model_validate(about | {"face": 1, "picture": run.picture(7)})
    assert run.go_on(owner, [("face-detector", counted)]) == []
    assert versions(run.go_on(owner, [("normalizer", another)])) == [2]


def test_a_fact_of_a_higher_revision_revives_what_was_dropped(run: PackingRun) -> None:
    owner = Bookkeeping()
    dropped = ImageDropped(run=run.run, entry=run.entries[1], stage="face-detector", reason=Reason.NO_FACE)
    assert versions(run.go_on(owner, [run.exhausted, *run.facts(0), ("face-detector", dropped)])) == [1]
    revived = [(stage, message.model_copy(update={"revision": 1})) for stage, message in run.facts(1)[1:]]
    assert versions(run.go_on(owner, revived)) == [2]


def test_the_book_of_a_run_that_left_memory_is_read_again(store: FolderStore, tmp_path: Path) -> None:
    owner = Bookkeeping(most_bytes=0)
    runs = [PackingRun(store, tmp_path / str(number)) for number in range(3)]
    for run in runs:
        assert run.keep(owner, [run.exhausted, *run.facts(0)]) == []
    for run in runs:
        assert len(run.keep(owner, run.facts(1))) == 1


def test_a_run_without_a_single_face_is_finished_without_a_data_set(run: PackingRun) -> None:
    dropped = [
        FaceDropped(run=run.run, entry=entry, face=0, stage="normalizer", reason=Reason.NOT_VERIFIED)
        for entry in run.entries
    ]
    counted = [FacesCounted(run=run.run, entry=entry, image=IMAGE, faces=1) for entry in run.entries]
    facts = [*(("face-detector", each) for each in counted), *(("normalizer", each) for each in dropped)]
    assert run.keep(Bookkeeping(), [run.exhausted, *facts]) == []
    assert written(run).phase is Phase.FINISHED


class TestState:
    def test_it_is_written_at_once_in_a_new_phase_and_otherwise_when_there_is_time(self, run: PackingRun) -> None:
        owner = Bookkeeping()
        run.keep(owner, [run.exhausted])
        assert (written(run).phase, written(run).batches) == (Phase.GATHERING, 1)
        run.keep(owner, run.facts(0))
        assert written(run).batches == 1
        owner.rest()
        assert written(run).batches == 2
        run.go_on(owner, run.facts(1))
        assert written(run).phase is Phase.FINISHED

    def test_it_says_what_counting_the_journal_says(self, run: PackingRun) -> None:
        owner = Bookkeeping()
        run.go_on(owner, [run.exhausted, *run.facts(0), *run.facts(1)])
        owner.rest()
        kept = written(run)
        run.store.delete(keys.state(run.run))
        assert read_state(run.store, run.run).model_copy(update={"at": kept.at}) == kept
        assert kept.dataset is not None
        assert (kept.pictures, kept.faces, kept.dataset.version) == (2, 2, 1)

    def test_one_that_the_journal_has_left_behind_is_not_shown(self, run: PackingRun) -> None:
        run.keep(Bookkeeping(), [run.exhausted])
        run.keep(Bookkeeping(), run.facts(0))  # and no time to write the state
        run.store.put(keys.state(run.run), written(run).model_copy(update={"batches": 1}).model_dump_json().encode())
        assert read_state(run.store, run.run).batches == 2


class TestVerdicts:
    def given(self, run: PackingRun, decision: Decision, picture: int = 1) -> tuple[str, Message]:
        number = give(run.store, "anya", Verdict(image=image(picture), decision=decision, who="me"))
        about = {"run": run.run, "entry": run.entries[picture], "image": image(picture)}
        return "", VerdictGiven.model_validate({**about, "decision": decision, "number": number})

    def test_one_that_drops_a_picture_makes_a_version_without_it_and_a_later_one_another(self, run: PackingRun) -> None:
        owner = Bookkeeping()
        run.go_on(owner, [run.exhausted, *run.facts(0), *run.facts(1)])
        assert versions(run.go_on(owner, [self.given(run, Decision.DROP)])) == [2]
        assert tally_of(run.store, run.run).settlement(run.entries[1]).reason == Reason.REJECTED
        assert versions(run.go_on(owner, [self.given(run, Decision.KEEP)])) == [3]

    def test_it_holds_in_a_later_run_of_the_character(
        self, store: FolderStore, run: PackingRun, tmp_path: Path
    ) -> None:
        self.given(run, Decision.DROP)
        later = PackingRun(store, tmp_path)
        later.go_on(Bookkeeping(), [later.exhausted, *later.facts(0), *later.facts(1)])
        tally = tally_of(store, later.run)
        assert tally.settlement(later.entries[1]).reason == Reason.REJECTED
        assert tally.settlement(later.entries[0]).fate is Fate.IN_DATASET
        assert tally.verdicts() == [1]


class TestReview:
    def test_nothing_is_due_before_it_is_closed(self, store: FolderStore, tmp_path: Path) -> None:
        run, owner = PackingRun(store, tmp_path, review={"required": True}), Bookkeeping()
        assert run.keep(owner, [run.exhausted, *run.facts(0), *run.facts(1)]) == []
        assert written(run).phase is Phase.REVIEWING
        assert versions(run.go_on(owner, [("", ReviewClosed(run=run.run))])) == [1]
        assert written(run).phase is Phase.FINISHED


def test_a_picture_that_died_is_counted_and_the_run_goes_on_without_it(run: PackingRun) -> None:
    owner = Bookkeeping()
    died = ItemDied(run=run.run, entry=run.entries[1], stage="deduper", error="poison")
    assert versions(run.go_on(owner, [run.exhausted, *run.facts(0), ("deduper", died)])) == [1]
    assert tally_of(run.store, run.run).settlement(run.entries[1]).fate is Fate.DEAD


def test_a_run_whose_source_is_listed_anew_waits_for_what_the_listing_names(
    store: FolderStore, run: PackingRun
) -> None:
    owner = Bookkeeping()
    assert run.keep(owner, run.facts(0)) == []
    assert run.keep(owner, [run.exhausted]) == []  # the listing names a second picture
    assert written(run).phase is Phase.GATHERING
    assert len(run.keep(owner, run.facts(1))) == 1


def test_the_deduper_is_told_of_a_picture_that_has_left_the_run_until_it_answers(run: PackingRun) -> None:
    about = {"run": run.run, "decisions": 1}
    first, second = ({**about, "entry": run.entries[each], "image": image(each)} for each in range(2))
    kept = [("deduper", ImageKept.model_validate({**first, "arrival": 1}))]
    copy = ImageSuperseded.model_validate(
        {**second, "arrival": 2, "by": image(0), "keeper": run.entries[0], "reason": Reason.NEAR_DUPLICATE}
    )
    no_face = ImageDropped.model_validate({**first, "stage": "face-detector", "reason": Reason.NO_FACE})
    told = KeeperSettled(run=run.run, entry=run.entries[0], out=True)
    owner = Bookkeeping()
    assert run.keep(owner, [run.exhausted, *kept, ("deduper", copy)]) == []
    assert run.keep(owner, [("face-detector", no_face)]) == [told]
    assert run.keep(Bookkeeping(), [run.exhausted]) == []
    assert run.keep(Bookkeeping(), kept) == [told]
    assert run.keep(Bookkeeping(), [("deduper", copy)]) == [told]
    answer = ImageKept.model_validate({**first, "arrival": 3, "decisions": 2, "passed_over": True})
    revived = ImageKept.model_validate({**second, "arrival": 3, "decisions": 2})
    assert run.keep(owner, [("deduper", answer), ("deduper", revived)]) == []
    due = run.keep(owner, run.facts(1)[1:])
    assert [type(each) for each in due] == [DatasetDue]
