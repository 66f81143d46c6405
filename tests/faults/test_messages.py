"""What can be wrong with messages: sent to real workers over a real broker."""

import json
from random import Random
from typing import Any

import pika
import pytest

from shared.bus.rabbitmq import LARGEST_BODY
from shared.contract.errors import Poison
from shared.contract.messages import FaceFound, FaceUpscaled
from shared.runs import dead_letters
from shared.runs.dead_letters import Letter, LetterState
from tests.faults.place import Faces, Place, wait_until
from tests.faults.toy import BROKEN, FAILS_UNTIL_MENDED, SLOW

DONE = "face-upscaled"


def send_raw(place: Place, body: bytes) -> None:
    """Send what no client of ours would send."""
    with pika.BlockingConnection(pika.URLParameters(place.environment["MAGRITTE_BUS"])) as connection:
        connection.channel().basic_publish("", "upscaler", body)


def changed(faces: Faces, item: str, **parts: Any) -> bytes:
    """The message about an item, with some parts changed."""
    return json.dumps(json.loads(faces.bodies[item]) | parts).encode()


def letters(place: Place) -> list[Letter]:
    return list(dead_letters.letters(place.store))


@pytest.mark.fault(29, "each message twice, shuffled", "every message is sent a second time, in random order")
def test_repeated_and_shuffled_messages_change_nothing(place: Place, faces: Faces) -> None:
    faces.publish(*[SLOW] * 30)
    again = list(faces.bodies.values())
    Random(29).shuffle(again)
    for body in again:
        place.bus.send("upscaler", body)
    for _ in range(2):
        place.start_toy()
    assert set(faces.wait().values()) == {DONE}
    assert set(faces.announced()) == set(faces.bodies)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(
            b'{"type":"face-found","v":2,"run":"toy-001"}',
            "schema version 1",
            marks=pytest.mark.fault(30, "unknown schema version", "a message that says v = 2"),
        ),
        pytest.param(
            b'{"type":"face-lost","v":1,"run":"toy-001"}',
            "unknown type",
            marks=pytest.mark.fault(30, "unknown type of message", "a message of a type that there is not"),
        ),
        pytest.param(
            b"\xff\x00 not JSON",
            "not a message",
            marks=pytest.mark.fault(31, "not JSON", "bytes that are no JSON, sent past our client"),
        ),
        pytest.param(b"", "not a message", marks=pytest.mark.fault(31, "empty body", "a message without a body")),
        pytest.param(
            b'{"type":"face-found","v":1,"run":"' + b"a" * 2_000_000 + b'"}',
            "not a message",
            marks=pytest.mark.fault(31, "huge body", "a message of 2 MB, sent past our client"),
        ),
    ],
    ids=["newer schema", "unknown type", "no JSON", "empty", "huge"],
)
def test_what_is_no_message_is_dead_with_a_reason_and_the_next_one_is_done(
    place: Place, faces: Faces, body: bytes, reason: str
) -> None:
    send_raw(place, body)
    faces.publish(b"plain")
    place.start_toy()
    assert set(faces.wait().values()) == {DONE}
    wait_until(lambda: len(letters(place)) == 1, "a dead letter")
    (letter,) = letters(place)
    assert (letter.error, letter.queue) == ("Poison", "upscaler")
    assert reason in letter.reason
    wait_until(lambda: place.bus.depths()["upscaler"].dead == 1, "the broker's dead letter")


def test_our_own_client_refuses_to_send_what_is_too_large(place: Place) -> None:
    with pytest.raises(Poison, match="byte"):
        place.bus.send("upscaler", b"x" * (LARGEST_BODY + 1))


@pytest.mark.fault(32, "an unknown field", "a message with a field that a newer writer might add")
def test_an_unknown_field_is_ignored(place: Place, faces: Faces) -> None:
    (item,) = faces.publish(b"plain")
    body = changed(faces, item, sharpness=0.7)
    place.bus.send("upscaler", body)
    place.start_toy()
    assert faces.wait() == {item: DONE}
    assert letters(place) == []


@pytest.mark.fault(33, "keys that lead elsewhere", "digests with `..`, an absolute path, NUL, another bucket, 2 KB")
@pytest.mark.parametrize(
    "crop", ["../../etc/passwd", "/etc/passwd", "0b\x00" + "0" * 61, "s3://other/" + "0" * 53, "a" * 2048]
)
def test_a_message_cannot_lead_to_another_key(place: Place, faces: Faces, crop: str) -> None:
    (item,) = faces.publish(b"plain")
    place.start_toy()
    faces.wait()
    place.bus.send("upscaler", changed(faces, item, crop=crop))
    place.bus.send("upscaler", changed(faces, item, run="../" + faces.run))
    wait_until(lambda: len(letters(place)) == 2, "two dead letters")
    assert {letter.error for letter in letters(place)} == {"Poison"}
    assert faces.fates() == {item: DONE}


@pytest.mark.fault(34, "all retries used up", "an item that fails at every attempt")
def test_what_fails_at_every_attempt_is_dead_with_the_last_error(place: Place, faces: Faces) -> None:
    (bad,) = faces.publish(FAILS_UNTIL_MENDED)
    (worse,) = faces.publish(BROKEN)
    place.start_toy()
    assert faces.wait() == {bad: "runtime-error", worse: "poison"}
    assert faces.begun() == {bad: 4, worse: 1}
    found = {letter.item: letter for letter in letters(place)}
    assert (found[bad].attempt, found[bad].error, found[bad].reason) == (4, "RuntimeError", "not mended yet")
    assert (found[worse].attempt, found[worse].error) == (1, "Poison")
    wait_until(lambda: place.bus.depths()["upscaler"].dead == 2, "two letters at the broker")


@pytest.mark.fault(35, "a dead letter is replayed", "the cause is mended, then `magritte dead replay`, twice")
def test_a_replay_after_the_mending_succeeds_and_a_second_one_does_nothing(place: Place, faces: Faces) -> None:
    (item,) = faces.publish(FAILS_UNTIL_MENDED)
    place.start_toy()
    assert faces.wait() == {item: "runtime-error"}
    (place.root / "mended").touch()
    assert "replayed 1 of 1" in place.magritte("dead", "replay", "--stage", "upscaler", "--reason", "mended")
    wait_until(lambda: faces.records_of(FaceUpscaled), "the face")
    wait_until(lambda: place.bus.depths()["upscaler"].dead == 0, "no letter at the broker")
    (letter,) = letters(place)
    assert (letter.state, len(letter.replays)) == (LetterState.REPLAYED, 1)
    assert "replayed 0 of 1" in place.magritte("dead", "replay", "--stage", "upscaler")
    assert faces.begun()[item] == 5
    assert str(FaceFound.model_validate_json(letter.body).item) == item
