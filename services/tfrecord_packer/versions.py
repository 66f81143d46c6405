"""Numbers the versions of a run's data set, and the trainings that they call for."""

import json

from shared.contract import keys
from shared.contract.facts import RunFact
from shared.contract.objects import Objects
from shared.ledger.records import dataset_versions, read_dataset_version
from shared.recipe.recipe import Recipe
from shared.recipe.train_on import Beginning
from shared.runs.run_trainings import RunTraining, newest_number, number_training, run_trainings
from shared.runs.trainings import Parent


def number_version(run: str, digest: str, verdicts: list[int], store: Objects) -> int:
    """Return the run's version number for a data set: the newest if it is that one, otherwise the next, now taken."""
    newest, key = max(dataset_versions(store, run), default=(0, ""))
    if newest and read_dataset_version(store, key).digest == digest:
        return newest
    record = {"digest": digest, "parent": newest or None, "verdicts": verdicts}
    if store.put_new(keys.dataset_version(run, newest + 1), json.dumps(record).encode()):
        return newest + 1
    return number_version(run, digest, verdicts, store)  # another packer has been faster


class TrainingRules:
    """The part of a recipe that says whether a version is trained on, from where and for how long."""

    def __init__(self, recipe: Recipe) -> None:
        self._kimg = recipe.training.kimg
        self._before = recipe.training.resume_kimg
        self._train_on = recipe.train_on

    def due(self, run: str, version: int, digest: str, newest: RunFact | None, store: Objects) -> int:
        """Return the number of the training that is due now that the data set has this version; 0 for none.

        A version gets one training by itself, which begins with the run's `newest` snapshot. When that training is
        recorded, the one that is due is the run's last: that of this version, or one that a person has asked for since.
        """
        if not self._kimg:
            return newest_number(store, run)
        known = list(run_trainings(store, run))
        if any(training.version == version for _, training in known):
            return known[-1][0]
        return number_training(store, run, self._planned(version, digest, newest))

    def _planned(self, version: int, digest: str, newest: RunFact | None) -> RunTraining:
        rules = self._train_on
        if newest is None or newest.version == version or rules.begin is Beginning.START:
            return RunTraining(version=version, dataset=digest)
        left = self._kimg + self._before - newest.kimg
        parent = Parent(training=newest.training, leg=newest.leg, carry=rules.carry)
        return RunTraining(version=version, dataset=digest, parent=parent, more=max(left, rules.kimg or self._kimg / 3))
