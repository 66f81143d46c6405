import json
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contract.errors import Poison
from shared.contract.facts import RunFact
from shared.contract.message_base import SCHEMA_VERSION
from shared.contract.messages import (
    FaceDropped,
    FaceFound,
    ImageDropped,
    ImageFetched,
    ImageFingerprinted,
    ImageKept,
    ItemDied,
    Judgement,
    Message,
    RankingReady,
    RunRequested,
    SourceExhausted,
    decode_message,
    kebab,
    rebuild,
)
from shared.contract.reasons import Drop, Reason


def body(**changes: Any) -> bytes:
    return json.dumps(
        {"type": "source-exhausted", "v": 1, "run": "anya-001", "source": 0, "count": 2} | changes
    ).encode()


def test_every_type_has_an_example_here(every_message: tuple[Message, ...]) -> None:
    assert {type(message) for message in every_message} == set(Message.types.values())


def test_every_message_survives_the_bus(every_message: tuple[Message, ...]) -> None:
    for message in every_message:
        assert decode_message(message.encode()) == message
        assert type(decode_message(message.encode())) is type(message)


def test_an_encoded_message_names_its_type_and_schema(every_message: tuple[Message, ...]) -> None:
    for message in every_message:
        envelope = json.loads(message.encode())
        assert (envelope["type"], envelope["v"]) == (message.kind(), SCHEMA_VERSION)


def test_no_message_has_a_field_that_the_envelope_needs() -> None:
    assert [kind for kind in Message.types.values() if {"type", "v"} & kind.model_fields.keys()] == []


def test_messages_are_frozen() -> None:
    message = RunRequested(run="anya-001", source=0)
    with pytest.raises(ValidationError, match="frozen"):
        message.source = 1  # type: ignore[misc]


def test_fields_that_a_newer_writer_added_are_ignored() -> None:
    assert decode_message(body(priority=3)) == SourceExhausted(run="anya-001", source=0, count=2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"not JSON",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"a": ' * 10_000,
        b"1" * 5_000_000,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_message_is_poison(data: bytes) -> None:
    with pytest.raises(Poison, match="not a message"):
        decode_message(data)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"v": 2}, "v"),
        ({"v": "1"}, "v"),
        ({"v": None}, "v"),
        ({"type": 5}, "type"),
        ({"run": "../etc"}, "run"),
        ({"run": "anya-001\n"}, "run"),
        ({"run": "a" * 81}, "run"),
        ({"count": -1}, "count"),
        ({"count": 1.5}, "count"),
        ({"count": None}, "count"),
        ({"count": "x" * 1_000_000}, "count"),
    ],
    ids=str,
)
def test_a_message_with_an_impossible_field_is_poison_that_names_it(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Poison, match=rf"schema version 1: {field}: ") as refused:
        decode_message(body(**changes))
    assert len(str(refused.value)) < 300


def test_a_number_too_large_for_any_machine_is_poison() -> None:
    with pytest.raises(Poison):
        decode_message(body().replace(b": 2", b": " + b"9" * 10_000))


def test_a_message_of_an_unknown_type_is_poison_that_names_it() -> None:
    with pytest.raises(Poison, match="unknown type 'image-painted'"):
        decode_message(body(type="image-painted"))


def test_a_missing_type_is_poison() -> None:
    with pytest.raises(Poison, match="type"):
        decode_message(b'{"v": 1, "run": "anya-001", "source": 0, "count": 2}')


def test_a_file_name_that_is_not_utf_8_does_not_poison_the_message_about_it() -> None:
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    died = ItemDied(run="anya-001", stage="scraper", error="poison", detail=f"{name} is odd ☂")
    assert decode_message(died.encode()) == died.model_copy(update={"detail": "caf?.png is odd ☂"})


def test_an_item_is_a_face_an_entry_or_the_run(every_message: tuple[Message, ...]) -> None:
    items = {message.kind(): str(message.item) for message in every_message}
    assert items["face-found"] == "0a" * 10 + ".1"
    assert items["image-kept"] == "0a" * 10
    assert items["dataset-packed"] == "run"


def test_a_face_is_told_from_its_picture_even_when_it_is_the_first() -> None:
    assert str(ItemDied(run="r", entry="0a" * 10, face=0, stage="s", error="e").item) == "0a" * 10 + ".0"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ImageKept", "image-kept"),
        ("FaceUpscaled", "face-upscaled"),
        ("Poison", "poison"),
        ("face_detector", "face-detector"),
        ("OSError", "oserror"),
    ],
)
def test_names_are_spelt_with_hyphens(name: str, expected: str) -> None:
    assert kebab(name) == expected


def test_what_was_found_for_one_entry_is_told_again_of_another() -> None:
    consumed = ImageFetched(run="bea-007", entry="f" * 20, image="1" * 64, source=3, score=9)
    found = ImageDropped(run="anya-001", entry="0" * 20, stage="deduper", reason=Reason.CORRUPT, detail="bad CRC")
    assert rebuild(found.finding(), consumed) == ImageDropped(
        run="bea-007", entry="f" * 20, stage="deduper", reason=Reason.CORRUPT, detail="bad CRC"
    )


def test_a_recalled_score_is_that_of_the_question(every_message: tuple[Message, ...]) -> None:
    consumed = ImageFetched(run="bea-007", entry="f" * 20, image="1" * 64, source=3, score=9)
    fingerprint = next(message for message in every_message if isinstance(message, ImageFingerprinted))
    again = rebuild(fingerprint.finding(), consumed)
    assert isinstance(again, ImageFingerprinted)
    assert (again.run, again.entry, again.score) == ("bea-007", "f" * 20, 9)
    assert (again.image, again.width, again.phash) == (fingerprint.image, fingerprint.width, fingerprint.phash)


def test_the_faces_of_a_recalled_picture_keep_their_numbers(every_message: tuple[Message, ...]) -> None:
    consumed = ImageKept(run="bea-007", entry="f" * 20, image="1" * 64, arrival=1, decisions=1)
    found = next(message for message in every_message if isinstance(message, FaceFound))
    again = rebuild(found.finding(), consumed)
    assert isinstance(again, FaceFound)
    assert (again.run, str(again.item), again.crop, again.box) == (
        "bea-007",
        "f" * 20 + ".1",
        found.crop,
        found.box,
    )


def test_a_finding_survives_json(every_message: tuple[Message, ...]) -> None:
    for message in every_message:
        assert rebuild(json.loads(json.dumps(message.finding())), message) == message


def test_what_others_are_kinds_of_is_no_message_itself() -> None:
    with pytest.raises(Poison, match="unknown type"):
        decode_message(body(type=Judgement.kind()))


def test_a_drop_is_about_the_item_that_was_asked_for() -> None:
    drop = Drop(Reason.CORRUPT, "bad CRC")
    consumed = FaceFound(run="r", entry="f" * 20, image="1" * 64, face=2, crop="2" * 64, box=(0, 0, 9, 9), side=9)
    again = FaceDropped.of(consumed, "upscaler", drop)
    assert again == FaceDropped(run="r", entry="f" * 20, face=2, stage="upscaler", reason=drop.reason, detail="bad CRC")
    assert str(ImageDropped.of(consumed, "upscaler", drop).item) == "f" * 20


def test_a_drop_names_what_the_question_does_not() -> None:
    consumed, drop = RunRequested(run="r", source=1), Drop(Reason.EMPTY_FILE, "0 bytes")
    assert str(ImageDropped.of(consumed, "scraper", drop, entry="f" * 20).item) == "f" * 20
    picture = ImageKept(run="r", entry="e" * 20, image="1" * 64, arrival=1, decisions=1)
    assert str(FaceDropped.of(picture, "face-detector", drop, face=3).item) == "e" * 20 + ".3"


def test_a_ranking_of_before_there_was_stability_is_read_and_its_fact_is_that_of_the_others() -> None:
    digests = {"dataset": "d" * 64, "training": "7" * 64}
    old = body(type="ranking-ready", version=2, leg=3, files={"ranking.csv": "a/b"}, **digests)
    ready = decode_message(old)
    assert isinstance(ready, RankingReady)
    assert ready.stability is None
    newer = ready.model_copy(update={"stability": 0.5})
    expected = RunFact(
        "ranking-ready", "ranker", version=2, digest="d" * 64, training="7" * 64, leg=3, files={"ranking.csv": "a/b"}
    )
    assert ready.fact("ranker") == newer.fact("ranker") == expected
    assert decode_message(newer.encode()) == newer
