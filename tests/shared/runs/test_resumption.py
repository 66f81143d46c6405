import tracemalloc
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import (
    Decision,
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    Message,
    RunRequested,
    SourceExhausted,
    Stamp,
    VerdictGiven,
)
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdict, give
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs import resumption
from shared.runs.dead_letters import bury, keep_letter
from shared.runs.registry import open_run
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, list_pages, note

RUN, IMAGE = "anya-001", "0b" * 32
OPEN, GONE, READY = "0a" * 10, "0b" * 10, "0c" * 10


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """A run of two sources: the first has been listed, the second has not."""
    store = FolderStore(tmp_path)
    folders = tuple(FolderSource(folder=tmp_path / name) for name in ("one", "two"))
    assert open_run(store, Recipe(name="anya", sources=folders)).name == RUN
    found = {"origin": "a.png", "image": IMAGE, "score": 3}
    note(store, "scraper", list_entries(store, RUN, dict.fromkeys((OPEN, GONE, READY), found)))
    return store


def publish(store: FolderStore, stage: str, *messages: Message) -> set[Message]:
    note(store, stage, *messages, at="2026-11-24T00:00:00.000+00:00", attempt=1, seconds=0.1)
    return set(messages)


def outstanding(store: FolderStore, run: str) -> list[Message]:
    return [message for _, message in resumption.outstanding(store, run)]


def fetched(entry: str) -> ImageFetched:
    return ImageFetched(run=RUN, entry=entry, image=IMAGE, source=0, score=3, origin="a.png")


def kept(entry: str, arrival: int, decisions: int = 1) -> ImageKept:
    return ImageKept(run=RUN, entry=entry, image=IMAGE, arrival=arrival, decisions=decisions)


def ready(store: FolderStore, entry: str) -> None:
    about = {"run": RUN, "entry": entry, "image": IMAGE}
    publish(store, "face-detector", FacesCounted.model_validate(about | {"faces": 1}))
    publish(store, "normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": IMAGE}))


def test_what_is_not_settled_is_fetched_again_from_the_store(store: FolderStore) -> None:
    face = FaceFound(run=RUN, entry=OPEN, image=IMAGE, face=0, crop=IMAGE, box=(1, 2, 3, 4), side=4)
    publish(store, "scraper", fetched(OPEN))
    publish(store, "deduper", kept(OPEN, 1))
    publish(store, "face-detector", FacesCounted(run=RUN, entry=OPEN, image=IMAGE, faces=1), face)
    assert {fetched(entry) for entry in (OPEN, GONE, READY)} <= set(outstanding(store, RUN))


def test_what_the_listing_dropped_and_the_ledger_never_heard_of_is_dropped_again(store: FolderStore) -> None:
    found = {"origin": "b.txt", "score": 0, "reason": "not-a-picture", "detail": "it is a text"}
    list_entries(store, RUN, {GONE: found, OPEN: {"origin": "c", "error": "OSError", "detail": ""}})
    dropped = ImageDropped(run=RUN, entry=GONE, stage="scraper", reason=Reason.NOT_A_PICTURE, detail="it is a text")
    assert [message for message in outstanding(store, RUN) if str(message.item) != "run"] == [dropped]


def test_a_long_listing_is_published_again_page_by_page(tmp_path: Path) -> None:
    peaks = []
    for pages in (2, 40):
        store = FolderStore(tmp_path / str(pages))
        run = open_run(store, Recipe(name="anya", sources=(FolderSource(folder=tmp_path),))).name
        list_pages(store, run, pages)
        note(store, "scraper", SourceExhausted(run=run, source=0, count=200 * pages))
        list(resumption.outstanding(store, run))  # what is imported or cached by the first time does not count
        tracemalloc.start()
        published = sum(1 for _ in resumption.outstanding(store, run))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert published == 200 * pages + 1
    per_entry = (peaks[1] - peaks[0]) / (200 * 38)
    assert per_entry < 300, f"{per_entry:.0f} bytes"


def test_an_unsettled_picture_that_has_left_its_folder_is_announced_as_it_was(store: FolderStore) -> None:
    publish(store, "scraper", fetched("0d" * 10))
    assert fetched("0d" * 10) in set(outstanding(store, RUN))


def test_nothing_is_said_again_of_a_settled_picture(store: FolderStore) -> None:
    settle(store)
    assert {str(message.item) for message in outstanding(store, RUN)} == {"run"}


def test_a_settled_picture_is_spoken_of_while_a_decision_of_its_arrival_is_unknown(store: FolderStore) -> None:
    settle(store)
    publish(store, "deduper", kept(READY, 2, decisions=2))
    assert fetched(READY) in set(outstanding(store, RUN))
    superseded = {"by": IMAGE, "reason": Reason.NEAR_DUPLICATE, "arrival": 2, "decisions": 2}
    publish(store, "deduper", ImageSuperseded.model_validate({"run": RUN, "entry": OPEN, "image": IMAGE} | superseded))
    assert {str(message.item) for message in outstanding(store, RUN)} == {"run"}


def settle(store: FolderStore) -> None:
    publish(store, "scraper", *map(fetched, (OPEN, GONE, READY)))
    for entry in (OPEN, GONE):
        publish(store, "deduper", ImageDropped(run=RUN, entry=entry, stage="deduper", reason=Reason.CORRUPT))
    publish(store, "deduper", kept(READY, 1))
    ready(store, READY)


def test_sources_that_were_not_listed_to_their_end_are_asked_for_and_the_others_told_of_last(
    store: FolderStore,
) -> None:
    messages = list(outstanding(store, RUN))
    assert messages[0] == RunRequested(run=RUN, source=1)
    assert messages[-1] == SourceExhausted(run=RUN, source=0, count=3)


def test_a_run_whose_journal_is_damaged_is_named_with_what_to_do(store: FolderStore) -> None:
    store.put(keys.journal(RUN, 1), b"")
    with pytest.raises(
        Unreadable, match=f"{keys.journal(RUN, 1)} has been cut short or damaged. `magritte run RECIPE`"
    ):
        list(outstanding(store, RUN))


def test_a_verdict_of_which_the_ledger_has_not_heard_is_published(store: FolderStore) -> None:
    publish(store, "scraper", fetched(OPEN))
    verdict = Verdict(image=IMAGE, decision=Decision.DROP, who="anya")
    number = give(store, "anya", verdict)
    lost = VerdictGiven(run=RUN, entry=OPEN, image=IMAGE, decision=Decision.DROP, number=number)
    assert [message for message in outstanding(store, RUN) if isinstance(message, VerdictGiven)] == [lost]
    publish(store, "person", lost)
    assert [message for message in outstanding(store, RUN) if isinstance(message, VerdictGiven)] == []


def test_of_several_verdicts_about_a_picture_the_last_is_published(store: FolderStore) -> None:
    publish(store, "scraper", fetched(OPEN))
    for decision in (Decision.DROP, Decision.KEEP):
        give(store, "anya", Verdict(image=IMAGE, decision=decision, who="anya"))
    (verdict,) = [message for message in outstanding(store, RUN) if isinstance(message, VerdictGiven)]
    assert (verdict.decision, verdict.number) == (Decision.KEEP, 2)


def test_a_verdict_about_a_picture_that_the_run_does_not_have_is_not_published(store: FolderStore) -> None:
    give(store, "anya", Verdict(image="0f" * 32, decision=Decision.DROP, who="anya"))
    assert not any(isinstance(message, VerdictGiven) for message in outstanding(store, RUN))


def test_an_unknown_run_is_not_found(store: FolderStore) -> None:
    with pytest.raises(NotFound):
        list(outstanding(store, "bond-001"))


def test_a_dead_letter_that_was_replayed_is_published_again_until_it_comes_to_something(store: FolderStore) -> None:
    request, died = RunRequested(run=RUN, source=0), ItemDied(run=RUN, entry=OPEN, stage="scraper", error="value-error")
    keep_letter(store, bury(store, "scraper", request.encode(), request, (4, ValueError("odd")), OPEN).replayed())
    publish(store, "scraper", died)
    assert request in set(outstanding(store, RUN))
    publish(store, "scraper", fetched(OPEN))
    publish(store, "deduper", kept(OPEN, 1))
    ready(store, OPEN)
    assert request not in set(outstanding(store, RUN))


def test_what_is_published_again_bears_the_stage_that_published_it_first(store: FolderStore) -> None:
    body = kept(OPEN, 1).encode(Stamp(stage="deduper"))
    keep_letter(store, bury(store, "face-detector", body, kept(OPEN, 1), (4, ValueError("odd"))).replayed())
    publish(store, "face-detector", ItemDied(run=RUN, entry=OPEN, stage="face-detector", error="value-error"))
    stages = {message.kind(): stage for stage, message in resumption.outstanding(store, RUN)}
    assert stages == {
        "run-requested": "",
        "image-kept": "deduper",
        "image-fetched": "scraper",
        "source-exhausted": "scraper",
    }
