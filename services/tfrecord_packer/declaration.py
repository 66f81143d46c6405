"""What the two stages of the packer declare of themselves."""

from services.tfrecord_packer.events import ClassesWithoutPictures
from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Batching, Declaration

_LEDGER = (patterns.JOURNALS, patterns.CHECKPOINTS)

BOOKKEEPING = Declaration(
    name="tfrecord-packer",
    queue="tfrecord-packer.ledger",
    consumes=(
        m.ImageFetched,
        m.ImageDropped,
        m.SourceExhausted,
        m.ImageFingerprinted,
        m.ImageKept,
        m.ImageSuperseded,
        m.FacesCounted,
        m.FaceFound,
        m.FaceUpscaled,
        m.FaceNormalized,
        m.FaceDropped,
        m.FaceKept,
        m.FaceSuperseded,
        m.FacesCompared,
        m.ItemDied,
        m.VerdictGiven,
        m.PairGiven,
        m.ReviewClosed,
        m.DatasetPacked,
        m.TrainingDue,
        m.SnapshotTaken,
        m.RankingReady,
    ),
    produces=(m.DatasetDue, m.FacesDue, m.KeeperSettled, m.FaceBoxed),
    cancellable=False,  # what has been done or decided must not be forgotten
    batching=Batching(most=5000, gap=0.2, longest=1.0),
    reads=(*_LEDGER, patterns.LISTINGS, patterns.VERDICTS),
    writes=(*_LEDGER, patterns.STATES),
    deletes=(patterns.CHECKPOINTS,),
)

PACKING = Declaration(
    name="tfrecord-packer",
    consumes=(m.DatasetDue,),
    produces=(m.DatasetPacked, m.ImageDropped),  # it drops what is of no class
    emits=(ClassesWithoutPictures,),
    longest=6 * 3600.0,
    reads=(
        *_LEDGER,
        patterns.LISTINGS,
        patterns.VERSIONS,
        patterns.RUN_TRAININGS,
        patterns.NORMALIZED,
        patterns.DATASETS,
    ),
    writes=(patterns.VERSIONS, patterns.RUN_TRAININGS, patterns.NORMALIZED, patterns.DATASETS),
)
