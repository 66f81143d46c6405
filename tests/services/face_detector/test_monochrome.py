import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from services.face_detector.monochrome import is_monochrome

Drawn = Callable[..., Image.Image]


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def test_a_coloured_drawing_is_not_monochrome(drawn: Drawn) -> None:
    assert not is_monochrome(drawn())


def test_its_grey_version_is(drawn: Drawn) -> None:
    assert is_monochrome(drawn().convert("L").convert("RGB"))


def test_ink_on_white_paper_is(drawn: Drawn) -> None:
    assert is_monochrome(drawn().convert("1").convert("RGB"))


@pytest.mark.parametrize(
    ("ink", "paper"), [("#3b2412", "#f4e3c0"), ("#000000", "#efe6cc"), ("#1a2a6c", "#ffffff"), ("#40303a", "#ffd9e0")]
)
def test_one_ink_on_tinted_paper_is(drawn: Drawn, ink: str, paper: str) -> None:
    assert is_monochrome(ImageOps.colorize(drawn().convert("L"), ink, paper))


SEPIA = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)
"""The mixture of channels by which image programs make a picture brown; its reds and greens are clipped."""


def test_sepia_with_clipped_lights_is(drawn: Drawn) -> None:
    sepia = drawn().convert("RGB", SEPIA)
    assert np.asarray(sepia)[..., 0].max() == 255 > np.asarray(sepia)[..., 2].max()
    assert is_monochrome(sepia)


def test_a_coloured_part_of_a_sepia_is_colour(drawn: Drawn) -> None:
    sepia = drawn(heads=2).convert("RGB", SEPIA)
    sepia.paste(drawn().crop((60, 60, 260, 260)), (60, 60))
    assert not is_monochrome(sepia)


def test_chroma_noise_of_a_scan_and_of_jpeg_is_not_taken_for_colour(drawn: Drawn) -> None:
    grey = np.asarray(drawn().convert("L").convert("RGB"), dtype=float)
    noise = np.random.default_rng(1).normal(0, 20, grey.shape)
    noisy = Image.fromarray(np.clip(grey + noise, 0, 255).astype(np.uint8))
    assert is_monochrome(as_jpeg(noisy, 40))


@pytest.mark.parametrize("quality", [95, 30])
def test_a_coloured_drawing_stays_coloured_as_jpeg(drawn: Drawn, quality: int) -> None:
    assert not is_monochrome(as_jpeg(drawn(), quality))


def test_a_small_coloured_figure_on_a_white_page_is_colour(drawn: Drawn) -> None:
    page = Image.new("RGB", (1200, 1600), "white")
    page.paste(drawn(ground="#ffffff"), (400, 600))
    assert not is_monochrome(page)


def test_a_coloured_stamp_does_not_make_a_page_coloured(drawn: Drawn) -> None:
    page = drawn().convert("L").convert("RGB")
    ImageDraw.Draw(page).ellipse((5, 5, 30, 30), fill="#e02020")
    assert is_monochrome(page)


def test_a_white_page_is_monochrome() -> None:
    assert is_monochrome(Image.new("RGB", (300, 300), "white"))


def test_pale_colours_are_colours(drawn: Drawn) -> None:
    assert not is_monochrome(Image.blend(drawn(), Image.new("RGB", (320, 360), "white"), 0.5))


def test_faint_colours_on_a_grey_page_are_colours_and_on_tinted_paper_are_not(drawn: Drawn) -> None:
    def with_a_patch(paper: str) -> Image.Image:
        page = ImageOps.colorize(drawn().convert("L"), "#000000", paper)
        patch = np.asarray(page).astype(int)
        patch[100:160, 100:160] += (-5, 0, 12)
        return Image.fromarray(np.clip(patch, 0, 255).astype(np.uint8))

    assert not is_monochrome(with_a_patch("#f0f0f0"))
    assert is_monochrome(with_a_patch("#f0e0c8"))


def test_the_picture_given_is_left_as_it_is(drawn: Drawn) -> None:
    image = drawn()
    is_monochrome(image)
    assert image.size == (320, 360)
