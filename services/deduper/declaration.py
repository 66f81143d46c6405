"""Declarations of the three stages of the deduper."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Batching, Declaration

FINGERPRINTING = Declaration(
    name="deduper",
    version=2,
    consumes=(m.ImageFetched,),
    produces=(m.ImageFingerprinted, m.ImageDropped),
    reads=(patterns.ORIGINALS,),
)

JUDGING = Declaration(
    name="deduper",
    queue="deduper.index",
    consumes=(m.ImageFingerprinted, m.KeeperSettled, m.PairGiven),
    produces=(m.ImageKept, m.ImageSuperseded),
    batching=Batching(most=200, gap=0.02, longest=0.5),  # pictures wait for it on their way
    reads=(patterns.ORIGINALS, patterns.ARRIVALS, patterns.INDEXES, patterns.VERDICTS),
    writes=(patterns.ARRIVALS, patterns.INDEXES),
    deletes=(patterns.INDEXES,),
)

COMPARING = Declaration(
    name="deduper",
    queue="deduper.faces",
    consumes=(m.FacesDue,),
    produces=(m.FaceKept, m.FaceSuperseded, m.FacesCompared),
    longest=6 * 3600.0,
    reads=(
        *(patterns.JOURNALS, patterns.CHECKPOINTS, patterns.LISTINGS, patterns.VERDICTS),
        *(patterns.ORIGINALS, patterns.CROPS, patterns.FACES),
    ),
    writes=(patterns.FACES,),
)
