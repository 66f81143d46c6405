"""What the packer declares of itself."""

from services.tfrecord_packer.events import ClassesWithoutPictures
from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration

TFRECORD_PACKER = Declaration(
    name="tfrecord-packer",
    consumes=(
        m.SourceExhausted,
        m.ImageDropped,
        m.ImageKept,
        m.ImageSuperseded,
        m.FacesCounted,
        m.FaceDropped,
        m.FaceNormalized,
        m.ItemDied,
    ),
    # It drops what is of no class, and tells itself of the run when that cannot be packed.
    produces=(m.DatasetPacked, m.ImageDropped, m.SourceExhausted),
    emits=(ClassesWithoutPictures,),
    single_active_consumer=True,
    longest=6 * 3600.0,
    reads=(
        patterns.TRAILS,
        patterns.LISTINGS,
        patterns.VERSIONS,
        patterns.PROVENANCE,
        patterns.NORMALIZED,
        patterns.DATASETS,
    ),
    writes=(patterns.VERSIONS, patterns.DATASETS),
)
