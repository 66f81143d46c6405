"""What the face detector declares of itself."""

from pathlib import Path

from pydantic import Field

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.environment import FetchingEnvironment


class DetectorEnvironment(FetchingEnvironment):
    """Variables of the face detector."""

    cache_home: str = Field("", validation_alias="XDG_CACHE_HOME", description="where caches are kept")

    @property
    def cache(self) -> Path:
        """Folder that fetched models are kept in."""
        return (Path(self.cache_home) if self.cache_home else Path.home() / ".cache") / "magritte"


FACE_DETECTOR = Declaration(
    name="face-detector",
    consumes=(m.ImageKept,),
    produces=(m.FaceFound, m.FaceDropped, m.FacesCounted, m.ImageDropped),
    environment=DetectorEnvironment,
    reads=(patterns.ORIGINALS, patterns.FILES),
    writes=(patterns.CROPS,),
)
