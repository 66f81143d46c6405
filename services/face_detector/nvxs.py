"""The part of animeface's detector that runs in a child process (nvxs is its engine); hence it imports little."""

from PIL import Image

Finding = tuple[tuple[int, int, int, int], float]
"""A face's x, y, width, height in pixels, and its likelihood from 0 to 1."""


def faces(rgb: bytes, size: tuple[int, int]) -> list[Finding]:
    """The faces in a picture of `size` (width, height), given as packed RGB."""
    import animeface

    found = animeface.detect(Image.frombytes("RGB", size, rgb))
    boxes = [(face.face.pos, face.likelihood) for face in found]
    return [((box.x, box.y, box.width, box.height), float(likelihood)) for box, likelihood in boxes]
