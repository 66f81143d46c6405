"""What the face detector declares of itself."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.environment import FetchingEnvironment

FACE_DETECTOR = Declaration(
    name="face-detector",
    consumes=(m.ImageKept, m.FaceBoxed),
    produces=(m.FaceFound, m.FaceDropped, m.FacesCounted, m.ImageDropped),
    environment=FetchingEnvironment,
    reads=(patterns.ORIGINALS, patterns.FILES),
    writes=(patterns.CROPS,),
)
