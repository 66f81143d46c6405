"""Messages as a broker carries them; headers beside the body say which attempt it is, and why it is dead. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.bus.interface import DeadLetter

_LONGEST_REASON = 500


@dataclass(frozen=True)
class Outgoing:
    """A message to be published to `exchange`, with a queue's name as its routing key."""

    exchange: str
    key: str
    body: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)


class PublishOutcome(StrEnum):
    """Answer of the broker to a published message; the values complete a sentence that begins with "the queue"."""

    CONFIRMED = "has it"
    FULL = "is full"
    UNROUTABLE = "does not exist"


def of_new(now: float) -> dict[str, Any]:
    """Return the headers of a message that is published for the first time, at `now` (seconds since 1970)."""
    return {"published": round(now * 1000)}


def published(headers: Mapping[str, Any], now: float) -> float:
    """Return the time at which a message was first published, in seconds since 1970; `now` without such a header."""
    header = headers.get("published")
    return header / 1000 if isinstance(header, int) else now


def attempt(headers: Mapping[str, Any]) -> int:
    """Return the number of a delivery's attempt, from 1; 1 without such a header."""
    header = headers.get("attempt")
    return int(header) if isinstance(header, int) and header > 0 else 1


def redeliveries(headers: Mapping[str, Any]) -> int:
    """Return how often a message has gone back to its queue unanswered: its consumer vanished, or handed it back."""
    counts = (headers.get("x-delivery-count"), headers.get("handed-back"))
    return sum(count for count in counts if isinstance(count, int))


def of_requeue(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers of a message that goes back to its queue: the same attempt, returned once more."""
    return own(headers) | {"handed-back": redeliveries(headers) + 1}


def own(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return `headers` without the broker's (`x-...`): published again, it would go on counting from them."""
    return {name: value for name, value in headers.items() if not name.startswith("x-")}


def of_retry(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers of the next attempt, which has not been returned yet."""
    kept = {name: value for name, value in own(headers).items() if name != "handed-back"}
    return kept | {"attempt": attempt(headers) + 1}


def of_dead(headers: Mapping[str, Any], queue: str, reason: str, error: str) -> dict[str, Any]:
    """Return the headers of a dead letter; a long reason is cut, and what UTF-8 cannot express becomes `?`."""
    death = {"reason": _text(reason)[:_LONGEST_REASON], "error": _text(error), "queue": queue}
    return own(headers) | death | {"attempt": attempt(headers)}


def dead_letter(queue: str, headers: Mapping[str, Any], body: bytes) -> DeadLetter:
    """Decode a message from the dead queue of `queue`, put there by a worker or by the broker itself."""
    if "reason" in headers:
        reason, error = str(headers["reason"]), str(headers.get("error", ""))
    else:
        reason, error = _broker_reason(headers)
    return DeadLetter(queue, body, attempt(headers), reason, error)


def _broker_reason(headers: Mapping[str, Any]) -> tuple[str, str]:
    deaths = headers.get("x-death") or [{}]
    why = str(deaths[0].get("reason", "unknown")).replace("_", "-")
    if why == "delivery-limit":
        times = redeliveries(headers)  # RabbitMQ 3 does not say
        return f"its worker vanished {f'{times} times' if times else 'too often'}", why
    return f"put aside by the broker: {why}", why


def _text(words: str) -> str:
    return words.encode("utf-8", "replace").decode("utf-8")
