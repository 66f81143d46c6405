"""Declaration of the upscaler."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration

UPSCALER = Declaration(
    name="upscaler",
    version=2,
    consumes=(m.FaceFound,),
    produces=(m.FaceUpscaled, m.FaceDropped),
    reads=(patterns.CROPS, patterns.ORIGINALS),
    writes=(patterns.CROPS,),
)
