"""Pictures that commands write for people to look at."""

from pathlib import Path
from typing import TYPE_CHECKING

from services.magritte.atomic_file import replacing

if TYPE_CHECKING:
    from shared.stylegan2.grid import PictureArray


def write_png(target: Path, picture: "PictureArray") -> None:
    """Write a picture [H, W, C] as a PNG file, as `atomic_file.replacing` writes files."""
    from shared.pictures import encode_png, to_image

    content = encode_png(to_image(picture))
    with replacing(target) as path:
        path.write_bytes(content)
