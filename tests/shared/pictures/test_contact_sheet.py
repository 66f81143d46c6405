from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from shared.pictures.contact_sheet import Layout, Tile, beside, draw_page, drawable, fitting, reduced, shortened

LAYOUT = Layout(width=64, height=64, columns=3, rows=2, lines=2)


def encoded(image: Image.Image, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def test_each_tile_is_at_its_place_and_the_page_is_no_larger_than_its_tiles() -> None:
    colours = ["#ff0000", "#00ff00", "#0000ff", "#ffff00"]
    page = draw_page([Tile(Image.new("RGB", (40, 20), colour)) for colour in colours], LAYOUT)
    assert page.size == (8 + 3 * (64 + 8), 8 + 2 * (64 + 30 + 8))
    corners = [LAYOUT.corner(number) for number in range(4)]
    middles = [pixel(page, x + 32, y + 32) for x, y in corners]
    assert middles == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    assert pixel(page, corners[0][0] + 32, corners[0][1] + 4) == (255, 255, 255)
    assert draw_page([Tile("gone")], LAYOUT).width == 8 + 64 + 8


def test_a_caption_stays_below_its_own_tile() -> None:
    page = np.asarray(draw_page([Tile("x", ["W" * 300, "W" * 300]), Tile("y")], LAYOUT))
    (left, top), (other, _) = LAYOUT.corner(0), LAYOUT.corner(1)
    assert page[top + 65 : top + 94, left : left + 64].min() < 100
    assert (page[top + 65 : top + 94, left + 64 : other + 64] == 255).all()
    assert (page[top + 94 :] == 255).all()


def test_transparent_parts_are_white_and_a_profile_is_honoured() -> None:
    sprite = Image.new("RGBA", (10, 10), (200, 0, 0, 0))
    sprite.paste((200, 0, 0, 255), (0, 0, 5, 10))
    small = reduced(encoded(sprite), (10, 10))
    assert isinstance(small, Image.Image)
    assert [pixel(small, x, 5) for x in (2, 7)] == [(200, 0, 0), (255, 255, 255)]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    other = reduced(encoded(Image.new("RGB", (9, 9), "#ff0000"), icc_profile=swapped), (9, 9))
    assert isinstance(other, Image.Image)
    assert pixel(other, 4, 4) == (0, 0, 255)


@pytest.mark.parametrize(("data", "words"), [(b"<html>", "not-a-picture"), (b"", "empty-file")])
def test_what_is_no_picture_is_a_sentence(data: bytes, words: str) -> None:
    found = reduced(data, (9, 9))
    assert isinstance(found, str)
    assert found.startswith(words)


def test_a_long_strip_is_shown() -> None:
    small = reduced(encoded(Image.new("RGB", (4, 900))), (64, 64))
    assert isinstance(small, Image.Image)
    assert small.size == (1, 64)


def test_small_pictures_are_enlarged_by_whole_pixels_and_large_ones_reduced() -> None:
    checks = Image.fromarray(np.tile(np.array([[0, 255], [255, 0]], np.uint8), (5, 5))).convert("RGB")
    large = fitting(checks, (35, 64))
    assert large.size == (30, 30)
    assert set(np.unique(np.asarray(large))) == {0, 255}
    assert fitting(Image.new("RGB", (50, 40)), (64, 64)).size == (50, 40)
    assert fitting(Image.new("RGB", (300, 100)), (64, 64)).size == (64, 21)


def test_two_pictures_are_side_by_side() -> None:
    both = beside(Image.new("RGB", (20, 20), "#ff0000"), "gone", (64, 40))
    assert both.size == (64, 40)
    assert pixel(both, 15, 20) == (255, 0, 0)
    assert pixel(both, 60, 36) == (176, 176, 176)


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    name = "pictures/" + "very long " * 20 + "name.png"
    short = shortened(name, 2, 192)
    assert len(short) == 60
    assert short.startswith("pictures/very")
    assert short.endswith("long name.png")
    assert shortened("a.png", 1, 64) == "a.png"


def test_a_text_has_only_letters_that_the_font_has() -> None:
    assert drawable("Épée \x1b[31m 日本 …") == "Epee \\x1b[31m ?? …"
