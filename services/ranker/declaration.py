"""Declaration of the ranker."""

from shared.contract import keys, patterns
from shared.contract import messages as m
from shared.contract.declaration import Declaration

RANKER = Declaration(
    name="ranker",
    consumes=(m.SnapshotTaken,),
    produces=(m.RankingReady,),
    threads=1,
    longest=6 * 3600.0,
    reads=(patterns.DATASETS, patterns.TRAININGS),
    writes=tuple(keys.training("*") + f"*/{file}" for file in ("ranking-*.csv", "worst-*.png", "best-*.png")),
)
