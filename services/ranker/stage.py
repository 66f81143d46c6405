"""The stage that ranks the training pictures, to find those that do not belong."""

from collections.abc import Iterator, Mapping

from pydantic import Field

from services.ranker import making
from services.ranker.declaration import RANKER
from services.ranker.pruning import prune
from shared.contract.errors import Interrupted
from shared.contract.messages import LegMessage, Message, RankingReady, SnapshotTaken
from shared.contract.picture_ranking import RankingRequest
from shared.contract.stage import Context, Stage
from shared.recipe.pruning import Pruning
from shared.recipe.ranking import Ranking
from shared.recipe.recipe import Recipe


class RankerSettings(Ranking):
    """Settings of a ranking and of what follows from it.

    The action leaves out what is known by the inputs, and what decides only which snapshots are ranked.
    """

    pruning: Pruning
    character: str = Field(exclude=True)
    at_kimg: tuple[float, ...] = Field((), exclude=True)
    leg_kimg: float = Field(exclude=True)
    seed: int = Field(exclude=True)
    sources: int = Field(exclude=True)

    def are_for(self, message: SnapshotTaken) -> bool:
        """Return whether a snapshot is ranked: the last one, and those of the legs that `at_kimg` names."""
        before = message.kimg - self.leg_kimg
        return message.last or any(before < kimg <= message.kimg for kimg in self.at_kimg)


class Ranker(Stage[SnapshotTaken, RankerSettings]):
    """`SnapshotTaken` in; `RankingReady` out, for those snapshots that are ranked, and `VerdictGiven` for a prune."""

    declaration = RANKER

    def settings(self, recipe: Recipe) -> RankerSettings:
        training = recipe.training
        known = {"leg_kimg": training.leg_kimg, "seed": training.seed, "sources": len(recipe.sources)}
        return RankerSettings(**dict(recipe.ranking), **known, pruning=recipe.pruning, character=recipe.name)

    def inputs(self, message: SnapshotTaken, settings: RankerSettings) -> Mapping[str, str | int] | None:
        if not settings.are_for(message):
            return None
        return message.model_dump(include={"run", "training", "leg", "dataset", "number"})  # no number if it is 0

    def process(self, message: SnapshotTaken, settings: RankerSettings, context: Context) -> Iterator[Message]:
        if not settings.are_for(message):
            return

        def unless_stopped(what: str, done: int, total: int) -> None:
            if context.stopping():
                raise Interrupted(f"asked to stop while {what}; the next run ranks again")

        made = making.make(_request(message, settings), context.store, unless_stopped)
        for file, key in made.keys.items():
            context.store.put(key, made.files[file])
        about = message.model_dump(include=set(LegMessage.model_fields))
        yield RankingReady(**about, files=dict(made.keys), stability=made.stability)
        yield from prune(message, made.rows, made.earlier, settings.pruning, settings.character, context.store)


STAGES = (Ranker,)


def _request(message: SnapshotTaken, settings: RankerSettings) -> RankingRequest:
    return RankingRequest(
        run=message.run,
        sources=settings.sources,
        dataset=message.dataset,
        training=message.training,
        legs=(message.leg,),
        base=None,
        seed=settings.seed,
        settings=Ranking(**{name: getattr(settings, name) for name in Ranking.model_fields}),
    )
