"""Enlarges transparent pictures so that colours which cannot be seen do not run into outlines."""

from collections.abc import Callable

from PIL import Image

OPAQUE = 255


def doubled_with_transparency(image: Image.Image, double: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Double an RGB or RGBA image by `double`, which takes and returns RGB.

    Of a transparent picture colours multiplied by their opacity are doubled, and divided again afterwards. Opacity is
    doubled by the same function, as a grey picture, so that its edges lie where those of the colours do.
    """
    if image.mode == "RGB":
        return double(image)
    opacity = image.getchannel("A")
    if opacity.getextrema() == (OPAQUE, OPAQUE):
        large = double(image.convert("RGB"))
        large.putalpha(OPAQUE)
        return large
    *colours, _ = image.convert("RGBa").split()
    large_colours = double(Image.merge("RGB", colours)).split()
    large_opacity = double(Image.merge("RGB", [opacity] * 3)).convert("L").point(_without_errors_of_one)
    return Image.merge("RGBa", [*large_colours, large_opacity]).convert("RGBA")


def _without_errors_of_one(opacity: int) -> int:
    """Return the opacity that is meant: models are off by one level in plain areas."""
    return {1: 0, OPAQUE - 1: OPAQUE}.get(opacity, opacity)
