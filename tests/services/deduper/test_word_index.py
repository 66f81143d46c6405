from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deduper.word_index import RARE, WordIndex


def words(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.uint32]]":
    return np.unique(np.array(numbers, np.uint32))


def common(index: WordIndex, *numbers: int) -> dict[int, int]:
    pictures, counts = index.common(words(*numbers))
    return dict(zip(pictures.tolist(), counts.tolist(), strict=True))


def test_an_empty_index_has_nothing_in_common() -> None:
    assert common(WordIndex(), 1, 2, 3) == {}


PICTURES = st.lists(st.sets(st.integers(0, 60), max_size=12), max_size=40)


@settings(deadline=None)
@given(PICTURES, st.sets(st.integers(0, 60), max_size=12))
def test_words_in_common_are_counted_for_every_picture(pictures: list[set[int]], asked: set[int]) -> None:
    index = WordIndex()
    for picture in pictures:
        index.add(words(*picture))
    expected = Counter({number: len(asked & picture) for number, picture in enumerate(pictures) if asked & picture})
    assert common(index, *asked) == expected


def test_a_word_of_many_pictures_says_nothing() -> None:
    index = WordIndex()
    for number in range(RARE + 1):
        index.add(words(7, 1000 + number))
    assert common(index, 7, 1003) == {3: 1}


def test_what_was_written_down_goes_on_as_before() -> None:
    index, again = WordIndex(), WordIndex()
    for number in range(20):
        index.add(words(number, number + 1, 500))
    again.restore(index.state(), 20)
    for each in (index, again):
        each.add(words(3, 500))
    assert common(again, 3, 500) == common(index, 3, 500)
    assert common(again, 3) == {2: 1, 3: 1, 20: 1}
