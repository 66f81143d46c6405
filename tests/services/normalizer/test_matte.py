from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.normalizer.matte import FEEDINGS, MatteModel, feeding
from shared.contract.errors import RunUnusable
from shared.onnx_model import Port
from shared.recipe.background import Background, MatteInput
from tests.services.normalizer.matte_models import constant_model, echo_model, red_model, telling_model

PLAIN = Background(mean=(0, 0, 0), deviation=(1, 1, 1))


def face(width: int = 90, height: int = 60) -> Image.Image:
    """A blue picture with a red figure on its left half."""
    picture = Image.new("RGB", (width, height), "#2040e0")
    picture.paste("#e04020", (0, 0, width // 2, height))
    return picture


@pytest.mark.parametrize("side", [320, None])
@pytest.mark.parametrize("half", [False, True])
def test_a_matte_has_the_size_of_the_picture_and_is_one_on_the_figure(side: int | None, half: bool) -> None:
    found = MatteModel(red_model(side, half=half), PLAIN.model_copy(update={"side": 320})).matte(face())
    assert found.shape == (60, 90)
    assert found.dtype == np.float32
    assert found[:, :42].min() > 0.99
    assert found[:, 48:].max() < 0.01


def test_a_figure_lies_where_it_is_in_the_picture_when_the_aspect_is_kept() -> None:
    wanted = Background(input=MatteInput.ANIME_SEG)
    found = MatteModel(red_model(320), wanted).matte(face(200, 40))
    assert found.shape == (40, 200)
    assert found[:, :96].min() > 0.95
    assert found[:, 104:].max() < 0.05


OWN = Background(side=48, mean=(0.5, 0.25, 0), deviation=(1, 1, 0.8))


@pytest.mark.parametrize(
    ("wanted", "mean", "deviation"),
    [
        (Background(input=MatteInput.ISNET, side=48), (0.485, 0.456, 0.406), (1, 1, 1)),
        (Background(input=MatteInput.U2NET, side=48), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        (Background(input=MatteInput.ANIME_SEG, side=48), (0, 0, 0), (1, 1, 1)),
        (OWN, (0.5, 0.25, 0), (1, 1, 0.8)),
    ],
)
def test_a_model_is_fed_as_rembg_or_its_own_project_does_or_as_the_recipe_says(
    wanted: Background, mean: tuple[float, ...], deviation: tuple[float, ...]
) -> None:
    for channel, value in enumerate((255, 153, 102)):
        found = MatteModel(telling_model(channel), wanted).matte(Image.new("RGB", (5, 5), (255, 153, 102)))
        fed = (value / 255 - mean[channel]) / deviation[channel]
        assert found == pytest.approx(1 / (1 + np.exp(-fed)), abs=1e-3)


@pytest.mark.parametrize(("side", "kind"), [(1024, MatteInput.ISNET), (320, MatteInput.U2NET)])
def test_the_size_of_a_model_s_pictures_tells_its_kind(side: int, kind: MatteInput) -> None:
    assert feeding(Port("input", "float32", (1, 3, side, side)), Background()) == FEEDINGS[kind]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (b"no model", "no ONNX model"),
        (echo_model(), r"gives \[1, 3, 320, 320\]"),
        (echo_model(4), r"takes float32 \[1, 4, 320, 320\]; expected"),
        (constant_model(0.5), "the same matte"),
        (red_model(scale=255), "go from .* to .*255.*sigmoid"),
        (red_model(scale=float("nan")), "go from nan"),
        (red_model(64), r"64 pixels, of which no kind is known: write background\.input"),
        (red_model(None), "any pixels, of which no kind is known"),
    ],
)
def test_a_file_that_makes_no_mattes_is_refused_by_the_field_of_the_recipe(model: bytes, words: str) -> None:
    with pytest.raises(RunUnusable, match=rf"^background\.model: it.*{words}"):
        MatteModel(model, Background())


def test_a_matte_of_a_picture_without_a_figure_is_not_stretched_to_one() -> None:
    found = MatteModel(red_model(), PLAIN).matte(Image.new("RGB", (40, 40), "#2040e0"))
    assert found.max() < 0.01


def test_threads_that_share_a_model_get_the_matte_of_their_own_picture() -> None:
    model, pictures = MatteModel(red_model(), PLAIN), []
    for across in range(20, 84, 4):
        picture = Image.new("RGB", (90, 60), "blue")
        ImageDraw.Draw(picture).rectangle((0, 0, across, 59), fill="red")
        pictures.append(picture)
    with ThreadPoolExecutor(4) as pool:
        shares = [float(found.mean()) for found in pool.map(model.matte, pictures)]
    assert shares == pytest.approx([(across + 1) / 90 for across in range(20, 84, 4)], abs=0.01)
