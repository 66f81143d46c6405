"""Finds the picture that a person wants projected: a file, or a face of the run's data set."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from services.magritte import screen
from services.magritte.networks.chosen import OpenedNetwork
from services.magritte.run_faces import RunFace, run_faces
from services.magritte.run_items import RunItems
from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.ledger.verdicts import Verdicts

if TYPE_CHECKING:
    from PIL import Image

    from shared.stylegan2.grid import PictureArray

_MOST = 10
"""Faces that are listed where several can be meant."""


class Fit(Enum):
    """The way in which a picture that is not square becomes so."""

    CROP = "crop"
    PAD = "pad"


def target_picture(what: str, opened: OpenedNetwork, fit: Fit) -> "PictureArray":
    """Return the picture [R, R, num_channels] of the network's size: of a file or else of the run's data set.

    Raises NotFound where there is none or several can be meant, Poison for a file that is no picture.
    """
    import numpy as np

    architecture = opened.networks.architecture
    square = _squared(_decoded(what, _content(what, opened)), architecture.resolution, fit)
    pixels: PictureArray = np.asarray(square.convert("L" if architecture.num_channels == 1 else "RGB"))
    return pixels.reshape(architecture.resolution, architecture.resolution, architecture.num_channels)


def _content(what: str, opened: OpenedNetwork) -> bytes:
    if Path(what).is_file():
        return Path(what).read_bytes()
    if opened.store is None or opened.run is None:
        raise NotFound(f"there is no file {what}; only with a run can a face be meant by its name")
    key = keys.normalized(_face(what, RunItems(opened.store, opened.run, screen.remark), opened.run).picture)
    return opened.store.get(key)


def _face(what: str, items: RunItems, run: str) -> RunFace:
    without = Verdicts("")  # which faces belong to the data set does not depend on what is known of verdicts here
    faces = [face for face in run_faces(items, without) if face.belongs]
    meant = [face for face in faces if str(face.item) == what]
    if not meant:
        entries = set(items.entries_meant(what).best)
        meant = [face for face in faces if face.item.entry in entries]
    if not meant:
        raise NotFound(f"there is no file {what}, and no face of it in the data set of run {run}")
    if len(meant) > 1:
        some = " ".join(str(face.item) for face in meant[:_MOST])
        raise NotFound(f"{len(meant)} faces of run {run} can be meant by {what}: name one, such as {some}")
    return meant[0]


def _decoded(what: str, content: bytes) -> "Image.Image":
    from shared.contract.reasons import Drop
    from shared.pictures import OUR_OWN_LIMITS, decode, flatten
    from shared.pictures.profiles import in_srgb

    found = decode(content, OUR_OWN_LIMITS)
    if isinstance(found, Drop):
        raise Poison(f"{what}: {found.reason}: {found.detail}")
    converted = in_srgb(found.image, found.profile) if found.profile else None
    return flatten(converted or found.image)


def _squared(image: "Image.Image", side: int, fit: Fit) -> "Image.Image":
    """Scale to a square: the middle of the picture, as the official projector does, or all of it between black bars."""
    from PIL import ImageOps
    from PIL.Image import Resampling

    size = (side, side)
    if fit is Fit.CROP:
        return ImageOps.fit(image, size, Resampling.LANCZOS)
    return ImageOps.pad(image, size, Resampling.LANCZOS, color="#000000")
