import json
from dataclasses import dataclass
from math import inf, nan

import pytest

from services.trainer.plan import Plan
from services.trainer.stats import Span, Watched, summarize

PLAN = Plan(total=60_000, leg=2000, tick=500)


@dataclass(frozen=True)
class Step:
    """As `services.trainer.learning.training.Losses`, whose module needs TensorFlow."""

    g: float = 1.0
    d: float = 1.0
    real_score: float = 0.0
    fake_score: float = 0.0
    real_sign: float = 0.5
    augment_p: float | None = None
    r1: float | None = None
    path_length: float | None = None


def test_a_line_has_the_means_of_the_steps_that_had_a_value() -> None:
    steps = [Step(g=1.0, r1=8.0), Step(g=2.0), Step(g=6.0)]
    line = summarize(steps, Span(0, 96, 9.6), PLAN).event().fields()
    assert (line["loss_g"], line["r1_penalty"], line["path_length_penalty"]) == (3.0, 8.0, None)


def test_pace_and_time_left_are_those_of_the_tick() -> None:
    line = summarize([Step()] * 10, Span(10_000, 10_500, 25.0), PLAN).event().fields()
    assert (line["tick"], line["kimg"], line["sec_per_kimg"], line["eta"]) == (21, 10.5, 50.0, 2475)


def test_nothing_is_left_when_the_last_minibatch_went_beyond_the_end() -> None:
    assert summarize([Step()], Span(59_990, 60_022, 1.0), PLAN).eta == 0


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_a_value_that_is_not_finite_does_not_spoil_the_mean(value: float) -> None:
    tick = summarize([Step(d=value), Step(d=3.0)], Span(0, 64, 1.0), PLAN)
    assert tick.means["loss_d"] == 3.0
    assert tick.failed == ()


def test_a_loss_that_was_never_finite_has_failed_and_can_be_written_as_json() -> None:
    tick = summarize([Step(d=nan), Step(d=nan, r1=inf)], Span(0, 64, 1.0), PLAN)
    assert tick.failed == ("loss_d", "r1_penalty")
    assert json.loads(json.dumps(tick.event().fields(), allow_nan=False))["loss_d"] is None


def test_a_regularisation_that_no_step_had_has_not_failed() -> None:
    assert summarize([Step()], Span(0, 32, 1.0), PLAN).failed == ()


def test_what_was_watched_and_the_last_p_are_among_the_figures() -> None:
    steps = [Step(augment_p=0.1), Step(augment_p=0.2)]
    line = summarize(steps, Span(0, 32, 1.0), PLAN, Watched(-0.25, 0.125, 10**9)).event().fields()
    found = [line[name] for name in ("augment_p", "held_out_score", "overfitting", "memory_bytes")]
    assert found == [0.2, -0.25, 0.125, 10**9]


def test_what_was_not_watched_is_told_as_none() -> None:
    line = summarize([Step()], Span(0, 32, 1.0), PLAN).event().fields()
    assert {line[name] for name in ("augment_p", "held_out_score", "overfitting", "memory_bytes")} == {None}


def test_pictures_in_a_second_are_those_of_the_tick() -> None:
    assert summarize([Step()], Span(0, 500, 25.0), PLAN).event().fields()["images_per_sec"] == 20.0
