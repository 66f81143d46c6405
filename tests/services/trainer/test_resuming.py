from dataclasses import replace
from pathlib import Path

import pytest

from services.trainer.stage import Trainer
from shared.contract import keys
from shared.contract.errors import Interrupted, Poison
from shared.runs.trainings import CHECKPOINT, STATS
from tests.services.trainer.conftest import NAME, PACKED, TOY, Bench, due, taken

LONGER = TOY.model_copy(update={"kimg": 0.028})


def test_a_training_that_another_process_goes_on_with_is_bitwise_the_same(bench: Bench, expected: str) -> None:
    bench.train(Trainer(), legs=1)
    bench.train(Trainer())
    assert bench.snapshot(3).files[CHECKPOINT] == expected


@pytest.mark.slow
def test_a_compiled_training_that_another_process_goes_on_with_is_bitwise_the_same(tmp_path: Path) -> None:
    one = Bench(tmp_path / "one")
    one.put_dataset()
    one.train(Trainer(), legs=2)
    two = one.copy("two")
    two.forget_legs_after(1)
    two.train(Trainer(), legs=1)
    assert one.snapshot(2).files[CHECKPOINT] == two.snapshot(2).files[CHECKPOINT]


def test_an_interrupted_leg_leaves_the_last_snapshot_and_begins_again(trained: Bench, expected: str) -> None:
    trained.forget_legs_after(2)
    stage = Trainer()
    looks = iter([False, True])
    trained.stopping = lambda: next(looks, False)
    with pytest.raises(Interrupted):
        trained.answers(stage, due(2))
    assert trained.answers(stage, PACKED) == [due(2)]
    trained.answers(stage, due(2))
    assert trained.snapshot(3).files[CHECKPOINT] == expected


def test_of_two_trainers_at_one_leg_the_first_to_finish_wins(trained: Bench, expected: str) -> None:
    trained.forget_legs_after(2)
    first = replace(trained)
    winners = []

    def while_first_finishes() -> bool:
        if not winners:
            winners.append(first.answers(Trainer(), due(2)))
        return False

    trained.stopping = while_first_finishes
    answers = trained.answers(Trainer(), due(2))
    assert answers == winners[0] == [taken(3, 0.024, last=True)]
    lost_and_won = [key for key in trained.store.list(keys.leg(NAME, 3)) if key.endswith(".jsonl")]
    assert lost_and_won == [trained.snapshot(3).key(STATS)]
    assert trained.snapshot(3).files[CHECKPOINT] == expected


def test_a_trainer_that_lost_a_leg_goes_on_from_the_winners_checkpoint(trained: Bench) -> None:
    trained.forget_legs_after(1)
    stage = Trainer()
    first = replace(trained)

    def while_first_finishes() -> bool:
        if trained.answers(Trainer(), PACKED) == [due(1)]:
            trained.stopping = lambda: False
            first.answers(Trainer(), due(1))
        return False

    trained.stopping = while_first_finishes
    trained.answers(stage, due(1))
    trained.emitted.clear()
    trained.damage_checkpoint(2)
    trained.answers(stage, due(2))
    assert ("checkpoint-unreadable", {"leg": 2}) in trained.emitted


def test_a_damaged_checkpoint_costs_a_leg_and_nothing_else(trained: Bench) -> None:
    trained.training = LONGER
    damaged = trained.copy("damaged")
    damaged.damage_checkpoint(3)
    assert trained.answers(Trainer(), due(3)) == damaged.answers(Trainer(), due(3)) == [taken(4, 0.028, last=True)]
    assert damaged.emitted[0] == ("checkpoint-unreadable", {"leg": 3})
    assert damaged.snapshot(4).files[CHECKPOINT] == trained.snapshot(4).files[CHECKPOINT]


def test_a_training_of_few_legs_without_a_readable_checkpoint_starts_over(trained: Bench, expected: str) -> None:
    trained.forget_legs_after(2)
    trained.damage_checkpoint(2)
    trained.train(Trainer())
    assert trained.snapshot(3).files[CHECKPOINT] == expected


def test_without_any_readable_checkpoint_a_long_training_says_what_to_do(trained: Bench) -> None:
    trained.training = LONGER
    trained.damage_checkpoint(2)
    trained.damage_checkpoint(3)
    with pytest.raises(Poison, match="start_from"):
        trained.answers(Trainer(), due(3))
