import pytest

from shared.contract.facts import RunFact
from shared.contract.messages import (
    FaceNormalized,
    FacesCounted,
    FaceSuperseded,
    ImageDropped,
    ImageKept,
    Message,
)
from shared.contract.reasons import Reason
from shared.ledger.book import Book
from shared.ledger.progress import Phase, PhaseSettings, Progress

RUN, DIGEST, ENTRY = "anya-001", "0b" * 32, "0a" * 10
PLAIN = PhaseSettings(sources=1, review=False, training=False)
TRAINING = PhaseSettings(sources=1, review=False, training=True)
LISTED = RunFact("source-exhausted", "scraper", source=0, count=1)


def add(book: Book, *messages: Message) -> None:
    for message in messages:
        book.add(message.fact("some-stage"))


def settled() -> Book:
    """A run with one face that is ready."""
    book = Book()
    book.add(LISTED)
    about = {"run": RUN, "entry": ENTRY, "image": DIGEST}
    add(book, ImageKept.model_validate(about | {"arrival": 1, "decisions": 1}))
    add(book, FacesCounted.model_validate(about | {"faces": 1}))
    add(book, FaceNormalized.model_validate(about | {"face": 0, "picture": DIGEST}))
    return book


def packed(book: Book, version: int = 1) -> RunFact:
    return RunFact("dataset-packed", "packer", version=version, digest=DIGEST, changes=book.tally.changes)


def snapshot(leg: int, last: bool = False, version: int = 1) -> RunFact:
    return RunFact("snapshot-taken", "trainer", version=version, leg=leg, kimg=leg, last=last)


def test_a_run_goes_through_its_phases() -> None:
    book = Book()
    assert book.phase(TRAINING) is Phase.GATHERING
    book = settled()
    assert book.phase(TRAINING) is Phase.PACKING
    for fact, phase in (
        (packed(book), Phase.TRAINING),
        (snapshot(1), Phase.TRAINING),
        (snapshot(2, last=True), Phase.RANKING),
        (RunFact("ranking-ready", "ranker", version=1, leg=2), Phase.FINISHED),
    ):
        assert book.add(fact)
        assert not book.add(fact)
        assert book.phase(TRAINING) is phase
    assert book.phase(PLAIN) is Phase.FINISHED


def test_a_review_is_closed_before_anything_is_packed() -> None:
    book, settings = settled(), PhaseSettings(sources=1, review=True, training=False)
    assert book.phase(settings) is Phase.REVIEWING
    assert book.add(RunFact("review-closed", ""))
    assert book.phase(settings) is Phase.PACKING


def test_without_a_face_there_is_nothing_to_pack() -> None:
    book = Book()
    book.add(LISTED)
    add(book, ImageDropped(run=RUN, entry=ENTRY, stage="deduper", reason=Reason.CORRUPT))
    assert book.phase(TRAINING) is Phase.FINISHED


@pytest.mark.parametrize("missing", ["a source", "a listed picture"])
def test_a_run_gathers_until_all_sources_are_listed_and_all_listed_pictures_heard_of(missing: str) -> None:
    book = settled()
    if missing == "a source":
        assert book.phase(PhaseSettings(sources=2, review=False, training=False)) is Phase.GATHERING
        return
    book.progress.wait_for([ENTRY, "0c" * 10], book.tally)
    assert book.progress.awaited == {"0c" * 10}
    assert book.phase(PLAIN) is Phase.GATHERING
    add(book, ImageDropped(run=RUN, entry="0c" * 10, stage="deduper", reason=Reason.CORRUPT))
    assert book.phase(PLAIN) is Phase.PACKING


def test_what_changes_after_packing_is_packed_anew_and_trained_on_anew() -> None:
    book = settled()
    for fact in (packed(book), snapshot(1, last=True), RunFact("ranking-ready", "ranker", version=1, leg=1)):
        book.add(fact)
    another = {"run": RUN, "entry": ENTRY, "image": DIGEST, "face": 0, "revision": 1, "picture": DIGEST}
    add(book, FaceNormalized.model_validate(another))
    assert book.phase(TRAINING) is Phase.PACKING
    book.add(packed(book, version=2))
    assert book.phase(TRAINING) is Phase.TRAINING


def test_a_packer_that_was_overtaken_leaves_the_run_to_be_packed_once_more() -> None:
    book = settled()
    late = packed(book, version=2)
    add(book, FaceNormalized(run=RUN, entry=ENTRY, image=DIGEST, face=0, revision=1, picture=DIGEST))
    book.add(packed(book, version=1))
    assert book.phase(PLAIN) is Phase.FINISHED
    book.add(late)  # the higher version has the older pictures
    assert book.phase(PLAIN) is Phase.PACKING


def test_what_is_told_of_an_earlier_version_or_leg_is_no_news() -> None:
    progress = Progress()
    assert progress.add(snapshot(3, version=2))
    assert not progress.add(snapshot(4, version=1))
    assert not progress.add(snapshot(2, version=2))
    assert progress.snapshot == snapshot(3, version=2)


def test_an_earlier_ranking_that_comes_again_takes_no_later_one_s_place() -> None:
    progress = Progress()
    early, late = (RunFact("ranking-ready", "ranker", version=1, leg=leg, files={"a": f"{leg}"}) for leg in (1, 2))
    assert progress.add(late)
    assert not progress.add(early)
    assert progress.ranking == late


def test_another_ranking_by_the_same_snapshot_takes_the_place_of_the_first() -> None:
    progress = Progress()
    first, second = (RunFact("ranking-ready", "ranker", version=1, leg=2, files={"a": name}) for name in "bc")
    assert [progress.add(fact) for fact in (first, second, second)] == [True, True, False]
    assert progress.ranking == second


def test_a_death_of_the_run_is_news_once() -> None:
    progress = Progress()
    died = RunFact("item-died", "trainer", reason="poison")
    assert progress.add(died)
    assert not progress.add(died)
    assert progress.add(RunFact("item-died", "ranker", reason="poison"))


def of_two_faces() -> Book:
    book, about = settled(), {"run": RUN, "entry": "0c" * 10, "image": DIGEST}
    add(book, ImageKept.model_validate(about | {"arrival": 2, "decisions": 1}))
    add(book, FacesCounted.model_validate(about | {"faces": 1}))
    add(book, FaceNormalized.model_validate(about | {"face": 0, "picture": DIGEST}))
    return book


def test_faces_are_compared_before_they_are_packed_and_again_when_they_have_changed() -> None:
    book, settings = of_two_faces(), PhaseSettings(sources=1, review=False, training=False, second_pass=True)
    for phase in (Phase.COMPARING, Phase.PACKING):
        assert book.phase(settings) is phase
        book.add(RunFact("faces-compared", "deduper", changes=book.tally.candidate_changes))
    about = {"run": RUN, "entry": ENTRY, "face": 0, "picture": DIGEST, "by": DIGEST, "changes": 2}
    add(book, FaceSuperseded.model_validate(about | {"reason": Reason.NEAR_DUPLICATE}))
    assert (book.phase(settings), book.tally.faces, book.tally.candidate_faces) == (Phase.PACKING, 1, 2)
    book.add(packed(book))
    assert book.phase(settings) is Phase.FINISHED
    another = {"run": RUN, "entry": ENTRY, "image": DIGEST, "face": 0, "revision": 1, "picture": DIGEST}
    add(book, FaceNormalized.model_validate(another))
    assert book.phase(settings) is Phase.COMPARING


def test_what_was_packed_before_faces_were_compared_stays_finished() -> None:
    book, settings = of_two_faces(), PhaseSettings(sources=1, review=False, training=False, second_pass=True)
    book.add(packed(book))
    assert book.phase(settings) is Phase.FINISHED


def test_a_single_face_is_not_compared() -> None:
    settings = PhaseSettings(sources=1, review=False, training=False, second_pass=True)
    assert settled().phase(settings) is Phase.PACKING


def numbered(kind: str, number: int, leg: int = 1, version: int = 1, last: bool = False) -> RunFact:
    return RunFact(kind, "trainer", version=version, number=number, leg=leg, last=last)


def test_a_training_that_a_person_asks_for_takes_a_finished_run_up_again() -> None:
    book = settled()
    for fact in (
        RunFact("dataset-packed", "packer", version=1, digest=DIGEST, changes=book.tally.changes, number=1),
        numbered("snapshot-taken", 1, leg=9, last=True),
        numbered("ranking-ready", 1, leg=9),
    ):
        assert book.add(fact)
    assert book.phase(TRAINING) is Phase.FINISHED
    assert book.add(numbered("training-due", 2))
    assert not book.add(numbered("training-due", 2))
    assert book.phase(TRAINING) is Phase.TRAINING
    assert book.add(numbered("snapshot-taken", 2, leg=1, last=True))
    assert book.phase(TRAINING) is Phase.RANKING
    assert book.add(numbered("ranking-ready", 2, leg=1))
    assert book.phase(TRAINING) is Phase.FINISHED
    assert not book.add(numbered("snapshot-taken", 1, leg=10))


def test_a_training_that_a_person_asks_for_is_waited_for_where_the_recipe_trains_nothing() -> None:
    book = settled()
    book.add(packed(book))
    assert book.phase(PLAIN) is Phase.FINISHED
    book.add(numbered("training-due", 1))
    assert book.phase(PLAIN) is Phase.TRAINING


def test_a_new_version_waits_for_its_own_training_and_shows_the_snapshot_of_the_one_before() -> None:
    book = settled()
    for fact in (packed(book), snapshot(1, last=True), RunFact("ranking-ready", "ranker", version=1, leg=1)):
        book.add(fact)
    another = {"run": RUN, "entry": ENTRY, "image": DIGEST, "face": 0, "revision": 1, "picture": DIGEST}
    add(book, FaceNormalized.model_validate(another))
    book.add(RunFact("dataset-packed", "p", version=2, digest=DIGEST, changes=book.tally.changes, number=1))
    assert book.phase(TRAINING) is Phase.TRAINING
    assert book.progress.snapshot == snapshot(1, last=True)
    book.add(numbered("snapshot-taken", 1, version=2, last=True))
    assert book.phase(TRAINING) is Phase.RANKING


def test_the_content_of_progress_of_before_trainings_had_numbers_is_read() -> None:
    progress = Progress()
    progress.add(snapshot(3))
    content = progress.content()
    del content["training"]
    del content["snapshot"]["number"]
    assert Progress.of(content) == progress


def test_a_ranking_in_the_middle_of_a_training_does_not_end_the_run() -> None:
    book = settled()
    book.add(RunFact("dataset-packed", "packer", version=1, digest=DIGEST, changes=book.tally.changes, number=1))
    for leg in (1, 2):
        book.add(numbered("snapshot-taken", 1, leg=leg, last=leg == 2))
        assert book.phase(TRAINING) is (Phase.RANKING if leg == 2 else Phase.TRAINING)
        assert book.add(numbered("ranking-ready", 1, leg=leg))
        assert book.phase(TRAINING) is (Phase.FINISHED if leg == 2 else Phase.TRAINING)
