"""What Prometheus sees of a process. Stages are a label; items, addresses and error texts never are."""

import math
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, Info

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
    "When long work came to its next step; such work is training, and walking a source",
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

TRAINING_KIMG = Gauge("magritte_training_kimg", "Thousand pictures shown to D since the training began", ["stage"])
TRAINING_SECONDS_PER_KIMG = Gauge(
    "magritte_training_seconds_per_kimg", "Time that D and G took for a thousand pictures in the last tick", ["stage"]
)
TRAINING_IMAGES_PER_SECOND = Gauge(
    "magritte_training_images_per_second", "Pictures shown to D in a second of the last tick", ["stage"]
)
TRAINING_ETA_SECONDS = Gauge(
    "magritte_training_eta_seconds", "Time to the end of the training at the pace of the last tick", ["stage"]
)
TRAINING_LOSS_G = Gauge("magritte_training_loss_g", "Mean loss of G in the last tick", ["stage"])
TRAINING_LOSS_D = Gauge("magritte_training_loss_d", "Mean loss of D in the last tick", ["stage"])
TRAINING_REAL_SCORE = Gauge(
    "magritte_training_real_score", "Mean score that D gave pictures of the training set in the last tick", ["stage"]
)
TRAINING_HELD_OUT_SCORE = Gauge(
    "magritte_training_held_out_score", "Mean score that D gave pictures that are kept from the training", ["stage"]
)
TRAINING_FAKE_SCORE = Gauge(
    "magritte_training_fake_score", "Mean score that D gave pictures of G's in the last tick", ["stage"]
)
TRAINING_REAL_SIGN = Gauge(
    "magritte_training_real_sign",
    "Mean sign of D's scores of real pictures, which ADA steers (r_t in Karras et al. 2020b)",
    ["stage"],
)
TRAINING_OVERFITTING = Gauge(
    "magritte_training_overfitting",
    "How far D tells training pictures from held-out ones: 0 not at all, 1 as from fakes (r_v in Karras et al. 2020b)",
    ["stage"],
)
TRAINING_AUGMENT_P = Gauge(
    "magritte_training_augment_p", "Probability of each augmentation of what D is shown, 0 to 1", ["stage"]
)
TRAINING_R1_PENALTY = Gauge(
    "magritte_training_r1_penalty", "Mean R1 penalty of D in the last tick, before its weight", ["stage"]
)
TRAINING_PATH_LENGTH_PENALTY = Gauge(
    "magritte_training_path_length_penalty",
    "Mean path length penalty of G in the last tick, before its weight",
    ["stage"],
)
TRAINING_MEMORY_BYTES = Gauge(
    "magritte_training_memory_bytes", "Peak memory of the device, or the resident set where no device tells", ["stage"]
)

_OF_A_TICK = {
    "kimg": TRAINING_KIMG,
    "sec_per_kimg": TRAINING_SECONDS_PER_KIMG,
    "images_per_sec": TRAINING_IMAGES_PER_SECOND,
    "eta": TRAINING_ETA_SECONDS,
    "loss_g": TRAINING_LOSS_G,
    "loss_d": TRAINING_LOSS_D,
    "real_score": TRAINING_REAL_SCORE,
    "held_out_score": TRAINING_HELD_OUT_SCORE,
    "fake_score": TRAINING_FAKE_SCORE,
    "real_sign": TRAINING_REAL_SIGN,
    "overfitting": TRAINING_OVERFITTING,
    "augment_p": TRAINING_AUGMENT_P,
    "r1_penalty": TRAINING_R1_PENALTY,
    "path_length_penalty": TRAINING_PATH_LENGTH_PENALTY,
    "memory_bytes": TRAINING_MEMORY_BYTES,
}


def introduce(stage: str, outcomes: Iterable[str]) -> None:
    """Show a stage that has not done anything yet: a count that appears as 1 is no increase to Prometheus."""
    BUILD.labels(stage).info({"version": version("magritte")})
    IN_PROGRESS.labels(stage)
    for outcome in outcomes:
        ITEMS.labels(stage, outcome)


def overheard(say: Callable[..., None]) -> Callable[..., None]:
    """Wrap `say` so that the gauges of training follow what a stage says of its ticks."""

    def say_and_set(event: str, **fields: Any) -> None:
        if event == "tick":
            _follow(fields)
        say(event, **fields)

    return say_and_set


def _follow(tick: Mapping[str, Any]) -> None:
    for name in _OF_A_TICK.keys() & tick.keys():
        value = math.nan if tick[name] is None else tick[name]  # None: nothing finite, or not measured
        _OF_A_TICK[name].labels(tick["stage"]).set(value)
