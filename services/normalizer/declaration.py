"""Declaration of the normalizer."""

import os

from pydantic import Field

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.environment import FetchingEnvironment


class NormalizerEnvironment(FetchingEnvironment):
    """Variables of the normalizer: those of fetching models, and the cores that a model works on."""

    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="compute threads per stage")


NORMALIZER = Declaration(
    name="normalizer",
    consumes=(m.FaceUpscaled,),
    produces=(m.FaceNormalized, m.FaceDropped),
    environment=NormalizerEnvironment,
    reads=(patterns.CROPS, patterns.FILES),
    writes=(patterns.NORMALIZED,),
)
