import numpy as np
import pytest
from PIL import Image

from services.deduper.look import look_of
from services.deduper.words import BITS, MOST, decoded, encoded, words_of
from tests.services.deduper.conftest import Drawing


def test_a_copy_has_many_words_in_common_with_its_original(drawing: Drawing) -> None:
    one = words_of(look_of(drawing(0)))
    half = words_of(look_of(drawing(0).resize((200, 250))))
    other = words_of(look_of(drawing(1)))
    assert len(np.intersect1d(one, half)) > 3 * len(np.intersect1d(one, other))


def test_words_are_distinct_and_of_24_bits(drawing: Drawing) -> None:
    words = words_of(look_of(drawing(0)))
    assert 0 < len(words) <= MOST
    assert (np.diff(words.astype(int)) > 0).all()
    assert words.max() < 2**BITS


def test_words_can_be_written_and_read() -> None:
    words = np.array([0, 1, 255, 65536, 2**24 - 1], np.uint32)
    assert decoded(encoded(words)).tolist() == words.tolist()
    assert encoded(words[:0]) == ""
    assert decoded("").tolist() == []


@pytest.mark.parametrize("text", ["A", "!!!!", "AAA="])
def test_what_are_no_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decoded(text)


def test_a_plain_picture_has_no_words() -> None:
    assert len(words_of(look_of(Image.new("RGB", (300, 300), "red")))) == 0
