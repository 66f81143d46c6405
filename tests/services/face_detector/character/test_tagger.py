import numpy as np
import pytest
from PIL import Image

from services.face_detector.character.tagger import Tagger, confident, read_tags
from shared.contract.errors import RunUnusable
from shared.recipe.character import TaggerInput
from tests.services.face_detector.character.toy_models import brightness_tagger, other_input_model

TAGS = b"bright\ndark\nlast\nalways\n"
"""Of the third the model tells how large the last channel's values are: of blue for RGB, of red for BGR."""

CSV = b"tag_id,name,category,count\r\n1,bright,0,9\r\n2,dark,9,9\r\n3,last,0,9\r\n4,always,4,9\r\n"


def told(
    image: Image.Image, model: bytes, tags: bytes = TAGS, kind: TaggerInput = TaggerInput.AUTO
) -> dict[str, float]:
    return Tagger(model, tags, kind).tags(image)


def plain(colour: str, size: tuple[int, int] = (100, 100)) -> Image.Image:
    return Image.new("RGB", size, colour)


def test_a_model_of_448_pixels_is_a_wd_tagger_and_takes_bgr_up_to_255() -> None:
    found = told(plain("#ff0000"), brightness_tagger())
    assert found == pytest.approx({"bright": 1 / 3, "dark": 2 / 3, "last": 1, "always": 0.9}, abs=0.01)


def test_a_model_of_512_pixels_is_deepdanbooru_and_takes_rgb_up_to_1() -> None:
    found = told(plain("#0000ff"), brightness_tagger(512, range_=1))
    assert found["last"] == pytest.approx(1, abs=0.01)
    assert "last" not in told(plain("#ff0000"), brightness_tagger(512, range_=1))


def test_a_wide_picture_is_padded_with_white_for_wd_and_with_its_edge_for_deepdanbooru() -> None:
    wide = plain("#000000", (200, 50))
    assert told(wide, brightness_tagger())["bright"] == pytest.approx(0.75, abs=0.01)
    assert "bright" not in told(wide, brightness_tagger(512, range_=1))


def test_the_recipe_says_the_kind_of_a_model_of_another_size() -> None:
    with pytest.raises(RunUnusable, match=r"character\.tagger\.input: pictures of 64 pixels"):
        told(plain("#ffffff"), brightness_tagger(64))
    found = told(plain("#ff0000"), brightness_tagger(64), kind=TaggerInput.WD)
    assert found["last"] == pytest.approx(1, abs=0.01)


def test_a_model_whose_channels_come_first_is_given_them_so() -> None:
    found = told(plain("#0000ff"), brightness_tagger(512, range_=1, channels_first=True))
    assert found["last"] == pytest.approx(1, abs=0.01)


def test_ratings_of_a_list_in_csv_are_no_tags() -> None:
    assert read_tags(CSV) == ("bright", "", "last", "always")
    assert set(told(plain("#ff0000"), brightness_tagger(), CSV)) == {"bright", "last", "always"}


def test_a_list_of_lines_may_have_empty_ones_and_commas() -> None:
    assert read_tags("\ufeffname_of_a_tag\n\n:,)\n".encode()) == ("name_of_a_tag", ":,)")


@pytest.mark.parametrize("tags", [b"", b"\n \n", b"tag_id,name,category\n"])
def test_a_list_without_tags_is_refused(tags: bytes) -> None:
    with pytest.raises(RunUnusable, match=r"character\.tagger\.tags_file: it has no tags"):
        read_tags(tags)


def test_a_list_of_another_model_is_refused() -> None:
    with pytest.raises(RunUnusable, match=r"character\.tagger\.tags_file: it has 2 tags, and the model tells 4"):
        told(plain("#ffffff"), brightness_tagger(), b"bright\ndark\n")


@pytest.mark.parametrize("model", [b"no model", other_input_model()])
def test_a_file_that_is_no_tagger_is_refused_by_the_field_of_the_recipe(model: bytes) -> None:
    with pytest.raises(RunUnusable, match=r"^character\.tagger\.model: it "):
        told(plain("#ffffff"), model)


def test_tags_count_from_a_confidence_on_the_surest_first() -> None:
    assert confident({"a": 0.5, "b": 0.9, "c": 0.49}, 0.5) == ["b", "a"]


def test_small_pictures_are_enlarged() -> None:
    found = told(Image.fromarray(np.zeros((3, 2, 3), np.uint8)), brightness_tagger(512, range_=1))
    assert found["dark"] == pytest.approx(1, abs=0.01)
