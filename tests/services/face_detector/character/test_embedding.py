import numpy as np
import pytest
from PIL import Image

from services.face_detector.character.embedding import Embedder, difference
from services.face_detector.detector import Box
from shared.contract.errors import RunUnusable
from tests.services.face_detector.character.toy_models import constant_model, mean_colour_model, other_input_model

FACE = Box(40, 60, 40, 40)


def plain(colour: str) -> Image.Image:
    return Image.new("RGB", (120, 160), colour)


@pytest.mark.parametrize("side", [32, None])
def test_the_vector_is_what_the_model_makes_of_the_picture_normalised_as_for_clip(side: int | None) -> None:
    found = Embedder(mean_colour_model(side)).vector(plain("#ff8000"), FACE)
    normalised = (np.asarray([1, 128 / 255, 0]) - [0.48145466, 0.4578275, 0.40821073]) / [
        0.26862954,
        0.26130258,
        0.27577711,
    ]
    np.testing.assert_allclose(found, normalised / np.linalg.norm(normalised), atol=1e-3)


def test_what_lies_far_from_the_face_does_not_matter() -> None:
    picture = plain("#4060c0")
    framed = picture.copy()
    framed.paste("#ff0000", (0, 0, 120, 25))
    embedder = Embedder(mean_colour_model())
    np.testing.assert_allclose(embedder.vector(picture, FACE), embedder.vector(framed, FACE), atol=1e-5)
    framed.paste("#ff0000", (0, 0, 120, 50))
    assert np.abs(embedder.vector(picture, FACE) - embedder.vector(framed, FACE)).max() > 0.01


def test_the_difference_is_that_of_ccip_half_of_what_the_cosine_lacks() -> None:
    east, north = np.asarray([1, 0], np.float32), np.asarray([0, 1], np.float32)
    assert difference(east, [east]) == 0
    assert difference(east, [north]) == 0.5
    assert difference(east, [-east]) == 1
    assert difference(east, [east, east, north]) == 0


@pytest.mark.parametrize("model", [b"no model", other_input_model()])
def test_a_file_that_is_no_such_model_is_refused_by_the_field_of_the_recipe(model: bytes) -> None:
    with pytest.raises(RunUnusable, match=r"^character\.embedding\.model: it "):
        Embedder(model)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_an_answer_that_is_no_direction_is_refused(value: float) -> None:
    with pytest.raises(RunUnusable, match="no vector of finite numbers"):
        Embedder(constant_model(value)).vector(plain("#404040"), FACE)
