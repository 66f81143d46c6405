"""Declaration of the ranker."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration

RANKER = Declaration(
    name="ranker",
    version=2,
    consumes=(m.SnapshotTaken,),
    produces=(m.RankingReady, m.VerdictGiven),
    threads=1,
    longest=6 * 3600.0,
    reads=(patterns.DATASETS, patterns.TRAININGS, patterns.LISTINGS, patterns.JOURNALS, patterns.VERDICTS),
    writes=(patterns.VERDICTS, *patterns.RANKINGS),
)
