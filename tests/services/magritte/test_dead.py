import json
from collections.abc import Callable

import pytest
from click.testing import Result

from shared.contract.errors import NotFound, Poison, SettingsError
from shared.contract.messages import ImageFetched, ImageKept, Message
from shared.runs import dead_letters
from shared.runs.dead_letters import Letter, LetterState
from shared.store import FolderStore

Magritte = Callable[..., Result]
IMAGE = "0b" * 32


def bury(store: FolderStore, run: str, queue: str, reason: str, entry: str = "0a" * 10) -> Letter:
    message: Message = ImageFetched(run=run, entry=entry, image=IMAGE, source=0)
    if queue == "face-detector":
        message = ImageKept(run=run, entry=entry, image=IMAGE, arrival=1, decisions=1)
    return dead_letters.bury(store, queue, message.encode(), message, (4, Poison(reason)))


@pytest.fixture
def letters(store: FolderStore, run: str) -> list[Letter]:
    return [
        bury(store, run, "deduper", "it has no pixels"),
        bury(store, run, "face-detector", "out of memory"),
        bury(store, "bond-001", "deduper", "out of memory"),
    ]


def listed(result: Result) -> set[str]:
    assert result.exit_code == 0, result.output
    return {(letter["run"], letter["queue"]) for letter in json.loads(result.stdout)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), {("anya-001", "deduper"), ("anya-001", "face-detector"), ("bond-001", "deduper")}),
        (("--run", "anya"), {("anya-001", "deduper"), ("anya-001", "face-detector")}),
        (("--stage", "deduper"), {("anya-001", "deduper"), ("bond-001", "deduper")}),
        (("--reason", "memory"), {("anya-001", "face-detector"), ("bond-001", "deduper")}),
        (("--run", "anya-001", "--reason", "poison", "--stage", "face-detector"), {("anya-001", "face-detector")}),
        (("--stage", "upscaler"), set()),
    ],
)
def test_letters_are_listed_by_run_stage_and_reason(
    magritte: Magritte, letters: list[Letter], words: tuple[str, ...], expected: set[tuple[str, str]]
) -> None:
    assert listed(magritte("dead", "list", "--json", *words)) == expected


def test_a_person_reads_why_and_how_often_it_was_tried(magritte: Magritte, letters: list[Letter]) -> None:
    table = magritte("dead", "list", "--stage", "face-detector").stdout
    assert letters[1].name in table
    assert {"Poison:", "memory", "4"} <= set(table.split())


def test_a_letter_is_shown_with_its_message(magritte: Magritte, letters: list[Letter]) -> None:
    shown = json.loads(magritte("dead", "show", letters[0].name).stdout)
    assert shown["message"]["type"] == "image-fetched"
    assert shown["state"] == "dead"


def test_a_letter_that_nobody_knows_is_an_error(magritte: Magritte, letters: list[Letter]) -> None:
    assert isinstance(magritte("dead", "show", "ffff").exception, NotFound)


def test_what_is_discarded_is_listed_no_more_and_stays_on_record(
    magritte: Magritte, store: FolderStore, letters: list[Letter]
) -> None:
    assert "discarded 2" in magritte("dead", "discard", "--reason", "memory").stdout
    assert listed(magritte("dead", "list", "--json")) == {("anya-001", "deduper")}
    assert len(listed(magritte("dead", "list", "--json", "--all"))) == 3
    assert [letter.state for letter in dead_letters.letters(store, "bond-001")] == [LetterState.DISCARDED]


def test_a_dry_run_changes_nothing(magritte: Magritte, store: FolderStore, letters: list[Letter]) -> None:
    assert "would discard 3" in magritte("dead", "discard", "--dry-run").stdout
    assert "would replay 3 of 3" in magritte("dead", "replay", "--dry-run").stdout
    assert {letter.state for letter in dead_letters.letters(store)} == {LetterState.DEAD}


def test_replaying_without_a_broker_is_refused_and_changes_nothing(
    magritte: Magritte, store: FolderStore, letters: list[Letter]
) -> None:
    result = magritte("dead", "replay")
    assert isinstance(result.exception, SettingsError)
    assert "MAGRITTE_BUS" in str(result.exception)
    assert {letter.state for letter in dead_letters.letters(store)} == {LetterState.DEAD}
