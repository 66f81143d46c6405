"""Statistics of a tick of training."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.trainer.plan import Plan
from shared.contract.events import Tick

if TYPE_CHECKING:  # its module needs TensorFlow
    from services.trainer.learning.training import Losses

_NAMES = {
    "g": "loss_g",
    "d": "loss_d",
    "real_score": "real_score",
    "fake_score": "fake_score",
    "real_sign": "real_sign",
    "r1": "r1_penalty",
    "path_length": "path_length_penalty",
}


@dataclass(frozen=True)
class Span:
    """The steps of a tick: pictures shown to D before and after them, how long they took, and the time at their end."""

    before: int
    after: int
    seconds: float
    ended: float = 0.0


@dataclass(frozen=True)
class Watched:
    """Measurements at the end of a tick.

    `held_out_score` is D's mean score of pictures that are not trained on, and `overfitting` how far it tells these
    from the ones that are: 0 not at all, 1 as well as it tells fakes (r_v in Karras et al. 2020b, section 3.1). None
    where nothing is held out. `memory` is the most bytes that a device has held, or on a CPU this process.
    """

    held_out_score: float | None = None
    overfitting: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Statistics:
    """The statistics of a tick.

    `number` counts whole ticks since the training began, `kimg` as people count; `eta` is the time in seconds until
    its end at this pace, `time` when the tick ended, in seconds since 1970. `means` are over the steps that had a
    finite value, None without one; `failed` names the losses that were computed and never finite. `augment_p` is that
    of the last step, None if pictures are not augmented with a probability.
    """

    number: int
    kimg: float
    sec_per_kimg: float
    eta: float
    time: float
    means: dict[str, float | None]
    failed: tuple[str, ...]
    augment_p: float | None = None
    watched: Watched = Watched()

    def event(self) -> Tick:
        """Return the tick as an event, whose fields are also a line of `stats.jsonl`."""
        return Tick(
            tick=self.number,
            kimg=self.kimg,
            sec_per_kimg=round(self.sec_per_kimg, 3),
            images_per_sec=round(1000 / self.sec_per_kimg, 3) if self.sec_per_kimg else None,
            eta=round(self.eta),
            time=round(self.time, 3),
            memory_bytes=self.watched.memory,
            **{name: _rounded(value) for name, value in self.figures().items()},
        )

    def figures(self) -> dict[str, float | None]:
        """Return the figures of the training itself: mean losses, overfitting and the augmentation's probability."""
        watched = {"held_out_score": self.watched.held_out_score, "overfitting": self.watched.overfitting}
        return self.means | watched | {"augment_p": self.augment_p}


def summarize(losses: Sequence["Losses"], span: Span, plan: Plan, watched: Watched = Watched()) -> Statistics:
    """Return the statistics of a tick's steps, one at least."""
    sec_per_kimg = span.seconds / (span.after - span.before) * 1000
    columns = {name: [getattr(each, field) for each in losses] for field, name in _NAMES.items()}
    means = {name: _mean(column) for name, column in columns.items()}
    return Statistics(
        number=span.after // plan.tick,
        kimg=plan.kimg(span.after),
        sec_per_kimg=sec_per_kimg,
        eta=max(plan.total - span.after, 0) / 1000 * sec_per_kimg,
        time=span.ended,
        means=means,
        failed=tuple(name for name, mean in means.items() if mean is None and _any_computed(columns[name])),
        augment_p=losses[-1].augment_p,
        watched=watched,
    )


def _rounded(value: float | None) -> float | None:
    return round(value, 5) if value is not None and math.isfinite(value) else None


def _any_computed(column: Iterable[float | None]) -> bool:
    """Say whether a regularisation, which is None in most steps, was computed in one of them."""
    return any(value is not None for value in column)


def _mean(column: Iterable[float | None]) -> float | None:
    finite = [value for value in column if value is not None and math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else None
