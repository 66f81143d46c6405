"""The stage that ranks the training pictures by D's scores, to find those that do not belong."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from pydantic import Field

from services.ranker import ranking, scoring
from services.ranker.declaration import RANKER
from services.ranker.ranking import RankedPicture
from services.ranker.sheets import ranking_sheet
from shared.contract.errors import Interrupted, Poison
from shared.contract.messages import RankingReady, SnapshotTaken
from shared.contract.stage import Context, Stage
from shared.pictures import encode_png
from shared.recipe.ranking import Ranking
from shared.recipe.recipe import Recipe
from shared.runs import datasets, manifests, trainings
from shared.runs.trainings import Snapshot
from shared.stylegan2 import network_file
from shared.stylegan2.picture_file import PictureFile


class SeededRanking(Ranking):
    """Settings of a ranking, with the seed of the training, which as an input is known by its digest."""

    seed: int = Field(exclude=True)


class Ranker(Stage[SnapshotTaken, SeededRanking]):
    """The last `SnapshotTaken` of a training in; `RankingReady` out. Earlier snapshots are not ranked."""

    declaration = RANKER

    def settings(self, recipe: Recipe) -> SeededRanking:
        return SeededRanking(**dict(recipe.ranking), seed=recipe.training.seed)

    def inputs(self, message: SnapshotTaken, settings: SeededRanking) -> Mapping[str, str | int] | None:
        if not message.last:
            return None
        return {"training": message.training, "leg": message.leg, "dataset": message.dataset}

    def process(self, message: SnapshotTaken, settings: SeededRanking, context: Context) -> Iterator[RankingReady]:
        if not message.last:
            return
        snapshot = trainings.find_snapshot(context.store, message.training, message.leg)
        if snapshot is None:
            raise Poison(f"there is no snapshot {message.leg} of the training {message.training[:20]}")
        pictures = datasets.open_pictures(context.store, message.dataset)
        members = manifests.members(context.store, message.dataset)
        if len(members) != len(pictures):
            raise Poison(f"the data set has {len(pictures)} pictures, and its manifest {len(members)}")
        places = ranking.places(_scores(snapshot, message.dataset, pictures, settings, context))
        size = settings.sheet
        files = {
            trainings.RANKING: ranking.table(places, members),
            trainings.WORST: _sheet(pictures, places[: -size - 1 : -1]),
            trainings.BEST: _sheet(pictures, places[:size]),
        }
        made = {file: trainings.ranking_key(snapshot, settings, file) for file in files}
        for file, data in files.items():
            context.store.put(made[file], data)
        yield _ready(message, made)


STAGES = (Ranker,)


def _ready(message: SnapshotTaken, files: dict[str, str]) -> RankingReady:
    return RankingReady(
        run=message.run,
        version=message.version,
        dataset=message.dataset,
        training=message.training,
        leg=message.leg,
        number=message.number,
        files=files,
    )


def _scores(
    snapshot: Snapshot, dataset: str, pictures: PictureFile, settings: SeededRanking, context: Context
) -> scoring.Scores:
    from shared.stylegan2.inference import Discriminator  # loads TensorFlow

    with context.store.file(snapshot.key(trainings.NETWORK)) as path:
        networks = network_file.load(path.read_bytes())
    discriminator = Discriminator(networks.architecture, networks.D)
    labels = datasets.open_labels(context.store, dataset) if networks.architecture.label_size else None

    def unless_stopped(chosen: scoring.Chosen) -> scoring.Logits:
        if context.stopping():
            raise Interrupted("asked to stop while ranking; the next run ranks again")
        return discriminator.scores(pictures[chosen], None if labels is None else labels[chosen])

    architecture = networks.architecture
    minibatch = scoring.minibatch(len(pictures), architecture.mbstd_group_size, architecture.resolution)
    rule = scoring.Rule(minibatch, settings.shuffles, settings.seed)
    return scoring.score(len(pictures), unless_stopped, rule)


def _sheet(pictures: PictureFile, places: Sequence[RankedPicture]) -> bytes:
    shown = pictures[np.array([place.index for place in places], np.intp)]
    return encode_png(ranking_sheet(shown, [place.caption for place in places]))
