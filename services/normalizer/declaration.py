"""Declaration of the normalizer."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.environment import FetchingEnvironment

NORMALIZER = Declaration(
    name="normalizer",
    consumes=(m.FaceUpscaled,),
    produces=(m.FaceNormalized, m.FaceDropped),
    environment=FetchingEnvironment,
    reads=(patterns.CROPS, patterns.FILES),
    writes=(patterns.NORMALIZED,),
)
