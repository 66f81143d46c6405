from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.trainer import leg
from services.trainer.plan import Plan
from services.trainer.stats import Span, Watched, summarize
from shared.contract.errors import Interrupted, StoreUnavailable
from shared.contract.stage import Context
from shared.store.folder import FolderStore
from tests.services.trainer.test_stats import Step


class TrainingSession:
    """Takes no time and learns nothing: ten pictures a step."""

    images = 0
    is_cold = False

    def step(self) -> Step:
        self.images += 10
        self.is_cold = False
        return Step()

    def state(self) -> dict[str, np.ndarray]:
        return {"step": np.array(self.images)}

    def watched(self) -> Watched:
        return Watched()

    def gallery(self) -> "Gallery":
        return Gallery()


class Gallery:
    """One black picture."""

    def fakes(self) -> np.ndarray:
        return np.zeros((2, 2, 3), np.uint8)

    truncation = fakes


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(FolderStore(tmp_path))


def test_a_legs_ticks_are_timed_one_by_one(context: Context) -> None:
    seconds = iter([0.0, 1.0, 10.0, 12.0, 20.0, 23.0, 30.0])  # what is looked at between two ticks takes some eight
    session: Any = TrainingSession()
    clock = leg.Clock(lambda: next(seconds), lambda: 0.0)
    ticks = leg.advance(session, 50, Plan(total=100, leg=50, tick=20), context, clock)
    assert [(tick.kimg, tick.sec_per_kimg, tick.eta) for tick in ticks] == [
        (0.02, pytest.approx(50.0), pytest.approx(4.0)),
        (0.04, pytest.approx(100.0), pytest.approx(6.0)),
        (0.05, pytest.approx(300.0), pytest.approx(15.0)),
    ]


def test_the_step_that_compiles_everything_does_not_count_for_the_pace(context: Context) -> None:
    seconds = iter([0.0, 100.0, 101.0, 101.0])
    session: Any = TrainingSession()
    session.is_cold = True
    clock = leg.Clock(lambda: next(seconds), lambda: 0.0)
    (tick,) = leg.advance(session, 20, Plan(total=40, leg=20, tick=20), context, clock)
    assert (tick.kimg, tick.sec_per_kimg) == (0.02, pytest.approx(100.0))


def test_whether_to_stop_is_looked_at_before_every_step(tmp_path: Path, context: Context) -> None:
    session: Any = TrainingSession()
    stopping = Context(context.store, stopping=lambda: session.images == 30)
    with pytest.raises(Interrupted):
        leg.advance(session, 50, Plan(total=100, leg=50, tick=20), stopping, leg.Clock(lambda: 0.0, lambda: 0.0))
    assert session.images == 30


def test_a_disk_that_takes_no_files_is_no_fault_of_the_training(tmp_path: Path) -> None:
    session: Any = TrainingSession()
    tick = summarize([Step()], Span(0, 500, 15.0), Plan(total=1000, leg=500, tick=500))
    with pytest.raises(StoreUnavailable):
        leg.save(session, [tick], 0, tmp_path / "gone")
