"""Resuming with the number of TensorFlow's intra-op threads that a training had."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.trainer.events import ThreadsNotKept
from services.trainer.stage import Trainer
from shared.contract import keys
from shared.contract.events import Level
from shared.runs import trainings
from shared.runs.trainings import CHECKPOINT, Snapshot
from tests.services.trainer.conftest import NAME, Bench, due

TRAIN = """
import sys
from pathlib import Path
from services.trainer.stage import Trainer
from tests.services.trainer.conftest import Bench, eagerly

bench = Bench(Path(sys.argv[1]))
with eagerly():
    bench.train(Trainer(), legs=int(sys.argv[2]))
assert not [facts for event, facts in bench.emitted if event == "threads-not-kept"]
"""


def train(bench: Bench, legs: int, **environment: str) -> None:
    """Train in a process of its own, whose threads are TensorFlow's usual ones where the environment sets none."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_NUM_")}
    inherited |= {"PYTHONPATH": str(Path(__file__).parents[3]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", TRAIN, str(bench.folder), str(legs)]
    done = subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, check=False, timeout=250
    )
    assert done.returncode == 0, done.stderr[-2000:]


def record(bench: Bench, snapshot: Snapshot) -> None:
    """Write the record of a snapshot over the one that is there."""
    bench.store.put(keys.leg(NAME, snapshot.leg, "done.json"), snapshot.model_dump_json().encode())


@pytest.mark.slow
def test_a_training_is_resumed_with_the_threads_that_it_had_and_gives_the_same_bytes(tmp_path: Path) -> None:
    others = len(os.sched_getaffinity(0)) + 1  # than a process takes by itself, and than there are cores
    bench = Bench(tmp_path / "store")
    bench.put_dataset()
    train(bench, 2, TF_NUM_INTRAOP_THREADS=str(others))
    resumed = bench.copy("resumed")
    resumed.forget_legs_after(1)
    train(resumed, 1)
    assert [bench.snapshot(2).threads, resumed.snapshot(2).threads] == [others, others]
    assert resumed.snapshot(2).files[CHECKPOINT] == bench.snapshot(2).files[CHECKPOINT]


def test_threads_that_cannot_be_kept_are_told(trained: Bench) -> None:
    trained.forget_legs_after(2)
    before = trained.snapshot(2)
    assert before.threads is not None
    record(trained, before.model_copy(update={"threads": before.threads + 1}))
    trained.answers(Trainer(), due(2))
    (facts,) = [facts for event, facts in trained.emitted if event == "threads-not-kept"]
    assert (facts["recorded"], facts["used"]) == (before.threads + 1, before.threads)
    assert trained.snapshot(3).threads == before.threads
    assert ThreadsNotKept.level is Level.WARNING


def test_nothing_is_told_where_the_threads_are_kept(trained: Bench, expected: str) -> None:
    trained.forget_legs_after(2)
    trained.answers(Trainer(), due(2))
    assert "threads-not-kept" not in {event for event, _ in trained.emitted}
    assert trained.snapshot(3).files[CHECKPOINT] == expected


def test_a_snapshot_of_before_threads_were_recorded_is_gone_on_from(trained: Bench, expected: str) -> None:
    trained.forget_legs_after(2)
    text = trained.store.get(keys.leg(NAME, 2, "done.json")).replace(b',"threads":', b',"others":')
    trained.store.put(keys.leg(NAME, 2, "done.json"), text)
    assert trained.snapshot(2).threads is None
    trained.answers(Trainer(), due(2))
    assert trained.snapshot(3).files[CHECKPOINT] == expected
    assert trained.snapshot(3).threads is not None
    assert "threads-not-kept" not in {event for event, _ in trained.emitted}


def test_the_newest_snapshot_up_to_a_leg_decides(trained: Bench) -> None:
    for leg in (1, 2, 3):
        record(trained, trained.snapshot(leg).model_copy(update={"threads": 10 + leg}))
    assert [trainings.recorded_threads(trained.store, NAME, leg) for leg in (0, 1, 2, 3, 4)] == [None, 11, 12, 13, 13]
