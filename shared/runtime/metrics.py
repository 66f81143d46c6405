"""What Prometheus sees of a process. Stages are a label; items, addresses and error texts never are."""

import math
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram, Info

from shared.contract.events import Event, FieldGauge

M = TypeVar("M", Counter, Gauge, Histogram)

_ANSWER_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60)

BUILD = Info("magritte_build", "Version of Magritte that a stage runs", ["stage"])
ITEMS = Counter("magritte_items", "Deliveries by what came of them", ["stage", "outcome"])
ITEM_SECONDS = Histogram(
    "magritte_item_seconds",
    "Time that a stage spent on an attempt at something that it had not done before",
    ["stage"],
    buckets=(0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
ITEM_AGE_SECONDS = Histogram(
    "magritte_item_age_seconds",
    "Time from the publication of a message to its last answer, with all its waiting and attempts",
    ["stage"],
    buckets=(1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400),
)
IN_PROGRESS = Gauge("magritte_items_in_progress", "Deliveries that are being worked on", ["stage"])
LAST_STEP = Gauge(
    "magritte_last_step_timestamp_seconds",
    "When long work came to its next step",
    ["stage"],
)
DROPPED = Counter("magritte_dropped", "Pictures and faces dropped, by reason", ["stage", "reason"])
DEAD = Counter("magritte_dead", "Items that could not be processed, by the type of the error", ["stage", "error"])

STORE_SECONDS = Histogram(
    "magritte_store_seconds",
    "Time until the store had answered: done, absent (no such object) or failed",
    ["stage", "op", "outcome"],
    buckets=_ANSWER_BUCKETS,
)
PUBLISH_SECONDS = Histogram(
    "magritte_publish_seconds",
    "Time until the bus had a message safely, with the waiting for room in a full queue",
    ["stage"],
    buckets=_ANSWER_BUCKETS,
)
BROKER_CONNECTED = Gauge("magritte_broker_connected", "1 while the broker can be talked to", ["stage"])
RECONNECTS = Counter("magritte_reconnects", "Times that broker or store were back after being away", ["stage", "to"])


@cache
def labelled(metric: M, *labels: str) -> M:
    """Return the child of a metric with these labels, found faster than by the metric itself."""
    return metric.labels(*labels)


def introduce(stage: str, outcomes: Iterable[str]) -> None:
    """Show a stage that has not done anything yet: a count that appears as 1 is no increase to Prometheus."""
    BUILD.labels(stage).info({"version": version("magritte")})
    IN_PROGRESS.labels(stage)
    for outcome in outcomes:
        ITEMS.labels(stage, outcome)


@cache
def event_gauge(declared: FieldGauge) -> Gauge:
    """Register the gauge that an event type declares, once in a process, and return it."""
    return Gauge(declared.name, declared.help, ["stage"])


def set_gauges(event: Event, stage: str) -> None:
    """Set the gauges of an event to its fields; what is None, nothing finite or not measured, is not a number."""
    for name, declared in event.gauges.items():
        value = getattr(event, name)
        event_gauge(declared).labels(stage).set(math.nan if value is None else value)
