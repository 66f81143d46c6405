"""Cuts faces out by boxes that a person has given: nothing is looked for, and no rule about faces is asked."""

from PIL import Image
from pydantic import BaseModel, ConfigDict

from services.face_detector.crop import Crop
from services.face_detector.detector import Box
from services.face_detector.turning import cut, cut_turned
from shared.contract.messages import FaceBoxed
from shared.contract.reasons import Drop, Reason
from shared.pictures import Limits

MOST_BEYOND = 2
"""Longer side of a box at most, in those of its picture: beyond that there is little but its mirror image."""


class Cutting(BaseModel):
    """Settings for cutting out a box by hand: those of decoding."""

    model_config = ConfigDict(frozen=True)

    limits: Limits


def crop_by_hand(message: FaceBoxed, size: tuple[int, int]) -> Crop | Drop:
    """Return what to cut out of a picture of `size`, or why that cannot be done."""
    box = Box(*message.box)
    is_inside = 0 <= box.x + box.width / 2 <= size[0] and 0 <= box.y + box.height / 2 <= size[1]
    if not is_inside or max(box.width, box.height) > MOST_BEYOND * max(size):
        detail = f"the box by hand {message.box} does not lie in the picture of {size[0]} x {size[1]} pixels"
        return Drop(Reason.FACE_AT_THE_EDGE, detail)
    return Crop(box, message.angle)


def cut_by_hand(image: Image.Image, crop: Crop) -> Image.Image:
    """Cut out a box by hand; beyond the picture it shows its mirror image, turned or not."""
    if crop.angle or crop.box != crop.box.within(*image.size):
        return cut_turned(image, crop.box, crop.angle)
    return cut(image, crop.box, 0.0)
