import numpy as np
import pytest
from PIL import Image, ImageDraw
from PIL.Image import Resampling, Transpose

from services.face_detector.detector import Box
from services.face_detector.turning import about, around, cut, cut_turned, turned_point


@pytest.fixture
def picture() -> Image.Image:
    """A picture with soft shades and a few discs, in which any turn or shift shows."""
    x, y = np.meshgrid(np.linspace(0, 255, 300), np.linspace(0, 255, 200))
    image = Image.fromarray(np.stack([x, y, 255 - x], axis=2).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for left, top, colour in ((150, 60, "#ffffff"), (90, 110, "#000000"), (180, 120, "#ff8000")):
        draw.ellipse((left, top, left + 30, top + 20), colour)
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).mean())


def test_what_is_not_turned_is_cut_out_pixel_for_pixel(picture: Image.Image) -> None:
    whole = picture.crop((50, 40, 170, 140))
    assert cut(picture, Box(50, 40, 120, 100), 0.0).tobytes() == whole.tobytes()
    assert cut_turned(picture, Box(50, 40, 120, 100), 0.0).tobytes() == whole.tobytes()


@pytest.mark.parametrize(("angle", "turn"), [(90, Transpose.ROTATE_90), (-90, Transpose.ROTATE_270)])
def test_a_quarter_turn_moves_every_pixel_to_its_place(picture: Image.Image, angle: int, turn: Transpose) -> None:
    square = picture.crop((60, 50, 160, 150))
    assert difference(cut_turned(picture, Box(60, 50, 100, 100), angle), square.transpose(turn)) < 0.01


@pytest.mark.parametrize("angle", [-50.0, -12.5, 7.0, 33.0])
def test_a_crop_is_what_the_turned_picture_has_about_the_same_middle(picture: Image.Image, angle: float) -> None:
    box = Box(105, 60, 90, 80)
    whole = picture.rotate(angle, Resampling.BICUBIC, center=(150, 100))  # counterclockwise, about the crop's middle
    assert difference(cut(picture, box, angle), whole.crop((105, 60, 195, 140))) < 1.5


def test_beyond_the_picture_a_crop_has_its_mirror_image() -> None:
    image = Image.new("RGB", (100, 100), "#ffffff")
    image.paste((255, 0, 0), (0, 0, 10, 100))
    column = np.asarray(cut_turned(image, Box(-30, 0, 60, 60), 180.0))[30, :, 1]
    assert column[0] == 255  # at 29 in the picture
    assert set(column[25:35].tolist()) == {0}  # the red edge, up to 4 pixels inside
    assert column[-1] == 255  # at -30, where the picture would be white again


def test_transparency_is_turned_along_without_the_colours_that_it_hides() -> None:
    image = Image.new("RGBA", (100, 100), (0, 255, 0, 0))
    image.paste((200, 30, 90, 255), (30, 30, 70, 70))
    turned = np.asarray(cut_turned(image, Box(20, 20, 60, 60), 30.0))
    assert turned.shape == (60, 60, 4)
    assert (turned[..., 3].min(), turned[..., 3].max()) == (0, 255)
    seen = turned[turned[..., 3] > 60][:, :3].astype(int)
    assert np.abs(seen - [200, 30, 90]).max() <= 25  # bicubic overshoots; the green beneath would show as 100 and more


def test_a_point_is_turned_clockwise() -> None:
    assert turned_point((1, 0), 90) == pytest.approx((0, 1))  # y grows downwards


def test_a_box_beside_a_face_moves_with_it() -> None:
    face, above = Box(100, 100, 20, 20), Box(100, 60, 20, 20)
    assert about(above, face, 90) == Box(140, 100, 20, 20)
    assert about(face, face, 33) == face


@pytest.mark.parametrize(("angle", "sides"), [(0, (40, 20)), (90, (20, 40)), (45, (43, 43)), (-45, (43, 43))])
def test_the_box_around_a_turned_one_holds_all_of_it(angle: float, sides: tuple[int, int]) -> None:
    x, y, width, height = around(Box(80, 90, 40, 20), angle)
    assert (width, height) == pytest.approx(sides, abs=2)
    assert (x + width / 2, y + height / 2) == pytest.approx((100, 100), abs=1)
