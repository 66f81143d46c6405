from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deduper.word_index import RARE, RARE_SHARE, WordIndex


def words(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.uint32]]":
    return np.unique(np.array(numbers, np.uint32))


def common(index: WordIndex, *numbers: int) -> dict[int, float]:
    pictures, bits = index.common(words(*numbers))
    return dict(zip(pictures.tolist(), bits.tolist(), strict=True))


def filled(pictures: int) -> WordIndex:
    """Return an index of pictures that all have the word 7, and one of their own from 1000 on."""
    index = WordIndex()
    for number in range(pictures):
        index.add(words(7, 1000 + number))
    return index


def test_an_empty_index_has_nothing_in_common() -> None:
    assert common(WordIndex(), 1, 2, 3) == {}


PICTURES = st.lists(st.sets(st.integers(0, 60), max_size=12), max_size=40)


@settings(deadline=None)
@given(PICTURES, st.sets(st.integers(0, 60), max_size=12))
def test_words_in_common_say_more_of_every_picture_the_fewer_have_them(
    pictures: list[set[int]], asked: set[int]
) -> None:
    index = WordIndex()
    for picture in pictures:
        index.add(words(*picture))
    said = {word: log2((33 + len(pictures)) / max(1, sum(word in each for each in pictures))) for word in asked}
    expected = {
        number: sum(said[word] for word in asked & each) for number, each in enumerate(pictures) if asked & each
    }
    found = common(index, *asked)
    assert found == pytest.approx(expected, abs=0.1)


def test_a_word_of_one_in_a_thousand_pictures_says_ten_bits() -> None:
    assert common(filled(1024 - 33), 1003) == {3: 10.0}


def test_a_word_of_many_pictures_says_nothing() -> None:
    assert common(filled(RARE + 1), 7, 1003).keys() == {3}
    assert common(filled(RARE), 7, 1003).keys() == set(range(RARE))


def test_among_more_pictures_more_may_have_a_word() -> None:
    index = filled(RARE + 1)
    for number in range(RARE, round((RARE + 1) / RARE_SHARE) + 1):
        index.add(words(1000 + number))
    assert common(index, 7).keys() == set(range(RARE + 1))


def test_pictures_without_words_count_and_have_nothing_in_common() -> None:
    index = WordIndex()
    for numbers in ((), (5,), (), ()):
        index.add(words(*numbers))
    assert common(index, 5).keys() == {1}
    assert common(index) == {}


def test_what_was_written_down_goes_on_as_before() -> None:
    index, again = WordIndex(), WordIndex()
    for number in range(20):
        index.add(words(number, number + 1, 500))
    again.restore(index.state(), 20)
    for each in (index, again):
        each.add(words(3, 500))
    assert common(again, 3, 500) == common(index, 3, 500)
    assert common(again, 3).keys() == {2, 3, 20}
