"""Makes the ranking of pictures that a network draws: a table, and sheets of the best and the worst."""

from collections.abc import Callable, Iterator

import numpy as np

from services.ranker import tables
from services.ranker.judge import Judge, Step
from services.ranker.sheets import ranking_sheet
from shared.pictures import encode_png
from shared.recipe.ranking import Ranking
from shared.runs import trainings

COLUMNS: tables.Columns = {"rank": int, "seed": int, "score": float, "spread": float}


def fake_ranking(
    judge: Judge, settings: Ranking, seed: int, steps: Callable[[str], Step]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the ranking by name; 1 is the most convincing fake."""
    fakes = judge.fakes(settings.fakes, steps("drawing"))
    scores = judge.scores_of_fakes(fakes, settings.shuffles, seed, steps("scoring what is drawn"))
    order = np.argsort(-scores.mean, kind="stable").tolist()
    rows = [
        {"rank": rank, "seed": each, "score": float(scores.mean[each]), "spread": float(scores.spread[each])}
        for rank, each in enumerate(order, 1)
    ]
    yield trainings.FAKE_RANKING, tables.as_csv(rows, COLUMNS)
    for file, shown in (
        (trainings.WORST_FAKES, rows[: -settings.sheet - 1 : -1]),
        (trainings.BEST_FAKES, rows[: settings.sheet]),
    ):
        captions = [f"#{row['rank']}  seed {row['seed']}\n{row['score']:.2f}" for row in shown]
        pictures = fakes.pictures[np.array([row["seed"] for row in shown], np.intp)]
        yield file, encode_png(ranking_sheet(pictures, captions))
