"""Pictures of the data set as they lie in the store."""

import io

from PIL import Image

from shared.contract.errors import Unreadable


def decoded(key: str, data: bytes, maker: str) -> Image.Image:
    """Decode a picture; raises `Unreadable` if it is damaged, which no second look would mend.

    `maker` is the container that has made it.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            return picture
    except (OSError, ValueError, SyntaxError) as error:
        remedy = f"Delete it and the folder actions/{maker}, and run again: it is made anew"
        raise Unreadable(f"{key} is damaged", remedy) from error
