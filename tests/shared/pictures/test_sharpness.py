import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from shared.pictures.sharpness import sharpness


def drawing() -> Image.Image:
    """Lines and discs with sharp edges."""
    image, random = Image.new("L", (400, 400), 220), np.random.default_rng(2)
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y, size = random.integers(10, 330, 3).tolist()
        draw.ellipse((x, y, x + size // 4, y + size // 5), fill=size // 2, outline=10, width=3)
    return image


def of(image: Image.Image) -> float:
    return sharpness(np.asarray(image, np.float32))


def test_an_enlarged_drawing_is_less_sharp_the_more_it_was_enlarged() -> None:
    found = [of(drawing())]
    for factor in (2, 3, 4):
        small = drawing().resize((400 // factor, 400 // factor), Image.Resampling.LANCZOS)
        found.append(of(small.resize((400, 400), Image.Resampling.BICUBIC)))
    assert found == sorted(found, reverse=True)
    assert found[0] > 1
    assert found[-1] < 0.2


def test_a_blurred_drawing_is_less_sharp() -> None:
    assert of(drawing().filter(ImageFilter.GaussianBlur(3))) < 0.2 * of(drawing())


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (64, 64)])
def test_what_has_no_edges_counts_as_sharp(size: tuple[int, int]) -> None:
    assert of(Image.new("L", size, 90)) == 1
