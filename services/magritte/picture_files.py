"""Pictures that commands write for people to look at."""

from pathlib import Path
from typing import TYPE_CHECKING

from shared.contract.errors import storage_error

if TYPE_CHECKING:
    from shared.stylegan2.grid import Pictures


def write_png(target: Path, picture: "Pictures") -> None:
    """Write a picture [H, W, C]; folders are made. Raises StoreFull when the disk has no space left."""
    from shared.pictures import encode_png, to_image

    content = encode_png(to_image(picture))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as error:
        raise storage_error(error, target.parent) from error
