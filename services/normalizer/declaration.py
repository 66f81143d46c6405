"""Declaration of the normalizer."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration

NORMALIZER = Declaration(
    name="normalizer",
    consumes=(m.FaceUpscaled,),
    produces=(m.FaceNormalized, m.FaceDropped),
    reads=(patterns.CROPS,),
    writes=(patterns.NORMALIZED,),
)
