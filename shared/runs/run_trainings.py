"""The trainings of a run, numbered from 1 on: what each is of, what it begins with, and how long it is.

A training belongs to whoever trains the same (`shared.runs.trainings`); its number is its place in one run. A later one
takes the place of an earlier one, also of one that is not finished: between two legs its trainer gives it up.
"""

from collections.abc import Iterator
from contextlib import suppress

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contract import keys
from shared.contract.errors import Poison, Unreadable
from shared.contract.messages import Count, Digest
from shared.contract.objects import Objects
from shared.runs.trainings import Parent

_REMEDY = "Delete it and all later ones, and run again: it is written anew"


class RunTraining(BaseModel):
    """A training of a run: on which version of the data set, and how.

    It begins with its parent and goes on for `more` kimg; without a parent it begins as the recipe says. Without `more`
    it is as long as the recipe says.
    """

    model_config = ConfigDict(frozen=True)

    version: Count
    dataset: Digest
    parent: Parent | None = None
    more: float | None = Field(default=None, gt=0)


def number_training(store: Objects, run: str, training: RunTraining) -> int:
    """Give a training the next number of its run and return that."""
    number = newest_number(store, run) + 1
    while not store.put_new(keys.run_training(run, number), training.model_dump_json(indent=1).encode()):
        number += 1
    return number


def read_training(store: Objects, run: str, number: int) -> RunTraining:
    """Return the record of a run's training; raises `NotFound` and `Unreadable`."""
    key = keys.run_training(run, number)
    try:
        return RunTraining.model_validate_json(store.get(key))
    except ValidationError as error:
        raise Unreadable(f"{key} is damaged or of another version of Magritte", _REMEDY) from error


def newest_number(store: Objects, run: str) -> int:
    """Return the number of the newest training of a run; 0 without one."""
    return max(_numbers(store, run), default=0)


def run_trainings(store: Objects, run: str) -> Iterator[tuple[int, RunTraining]]:
    """Yield number and record of every training of a run, in order; raises `Unreadable`."""
    return ((number, read_training(store, run, number)) for number in sorted(_numbers(store, run)))


def _numbers(store: Objects, run: str) -> Iterator[int]:
    for key in store.list(keys.run_training(run)):
        with suppress(Poison):  # a file in the store's folder that is no record
            yield keys.parse_run_training(key)
