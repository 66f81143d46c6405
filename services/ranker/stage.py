"""Lets the discriminator of a finished training point at the training pictures that do not belong."""

from collections.abc import Iterator, Sequence

import numpy as np

from services.ranker import ranking, scoring
from services.ranker.ranking import Place
from services.ranker.sheets import sheet
from shared.contract.errors import Interrupted, Poison
from shared.contract.messages import RankingReady, SnapshotTaken
from shared.contract.stage import Action, Context, Stage
from shared.pictures import encode_png
from shared.runs import datasets, trainings
from shared.runs.trainings import Snapshot
from shared.stylegan2 import network_file
from shared.stylegan2.picture_file import PictureFile


class Ranker(Stage[SnapshotTaken]):
    """The last `SnapshotTaken` of a training in; `RankingReady` out. Earlier snapshots are not ranked."""

    name = "ranker"
    version = 1

    def action(self, message: SnapshotTaken, context: Context) -> Action | None:
        if not message.last:
            return None
        inputs = {"training": message.training, "leg": message.leg, "dataset": message.dataset}
        return Action(self.name, self.version, context.recipe.ranking.model_dump(mode="json"), inputs)

    def process(self, message: SnapshotTaken, context: Context) -> Iterator[RankingReady]:
        if not message.last:
            return
        snapshot = trainings.find(context.store, message.training, message.leg)
        if snapshot is None:
            raise Poison(f"there is no snapshot {message.leg} of the training {message.training[:20]}")
        pictures = datasets.open_pictures(context.store, message.dataset)
        members = datasets.members(context.store, message.dataset)
        if len(members) != len(pictures):
            raise Poison(f"the data set has {len(pictures)} pictures, and its manifest {len(members)}")
        places = ranking.places(_scores(snapshot, message.dataset, pictures, context))
        size = context.recipe.ranking.sheet
        _put(trainings.RANKING, ranking.table(places, members), snapshot, context)
        _put(trainings.BEST, _sheet(pictures, places[:size]), snapshot, context)
        _put(trainings.WORST, _sheet(pictures, places[: -size - 1 : -1]), snapshot, context)
        yield _ready(message, snapshot, context)


STAGE = Ranker


def _ready(message: SnapshotTaken, snapshot: Snapshot, context: Context) -> RankingReady:
    files = (trainings.RANKING, trainings.WORST, trainings.BEST)
    return RankingReady(
        run=message.run,
        version=message.version,
        dataset=message.dataset,
        training=message.training,
        leg=message.leg,
        files={file: trainings.ranking_key(snapshot, context.recipe.ranking, file) for file in files},
    )


def _scores(snapshot: Snapshot, dataset: str, pictures: PictureFile, context: Context) -> scoring.Scores:
    from shared.stylegan2.inference import Discriminator  # loads TensorFlow

    with context.store.file(snapshot.key(trainings.NETWORK)) as path:
        networks = network_file.load(path.read_bytes())
    discriminator = Discriminator(networks.architecture, networks.D)
    labels = datasets.open_labels(context.store, dataset) if networks.architecture.label_size else None

    def unless_stopped(chosen: scoring.Chosen) -> scoring.Logits:
        if context.stopping():
            raise Interrupted("asked to stop while ranking; the next run ranks again")
        return discriminator.scores(pictures[chosen], None if labels is None else labels[chosen])

    architecture, recipe = networks.architecture, context.recipe
    minibatch = scoring.minibatch(len(pictures), architecture.mbstd_group_size, architecture.resolution)
    rule = scoring.Rule(minibatch, recipe.ranking.shuffles, recipe.training.seed)
    return scoring.score(len(pictures), unless_stopped, rule)


def _sheet(pictures: PictureFile, places: Sequence[Place]) -> bytes:
    shown = pictures[np.array([place.index for place in places], np.intp)]
    return encode_png(sheet(shown, [place.caption for place in places]))


def _put(file: str, data: bytes, snapshot: Snapshot, context: Context) -> None:
    context.store.put(trainings.ranking_key(snapshot, context.recipe.ranking, file), data)
