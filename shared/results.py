"""What a run has come to so far: the keys of its data set, networks, grids and rankings."""

from shared import keys, trainings
from shared.recipe import Recipe
from shared.runs import latest_dataset, run_recipe
from shared.store.interface import Store

DATA_SET = "data set"
"""The result that is a whole folder; its key is that of the manifest."""


def results(store: Store, run: str) -> dict[str, str]:
    """The key of every result that there is, by the name that people call it."""
    found = latest_dataset(store, run)
    if found is None:
        return {}
    _, dataset = found
    manifest = keys.dataset(dataset, keys.MANIFEST)
    return {DATA_SET: manifest} | _of_training(store, run_recipe(store, run), dataset)


def _of_training(store: Store, recipe: Recipe, dataset: str) -> dict[str, str]:
    """What the last snapshot that the recipe asks for draws, and its ranking if there is one."""
    if not recipe.training.kimg:
        return {}
    training = trainings.training_digest(recipe.resolved_training, dataset)
    asked = trainings.finishing(store, training, round(recipe.training.kimg * 1000))
    snapshot = asked or trainings.latest(store, training)
    if snapshot is None:
        return {}
    ranking = {
        name: trainings.ranking_key(snapshot, recipe.ranking, file)
        for name, file in (("ranking", trainings.RANKING), ("worst", trainings.WORST), ("best", trainings.BEST))
    }
    return {
        "reals": keys.leg(snapshot.training, 0, "reals.png"),
        "fakes": snapshot.key(trainings.FAKES),
        "network": snapshot.key(trainings.NETWORK),
    } | {name: key for name, key in ranking.items() if store.exists(key)}
