import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deduper.hamming_index import HammingIndex

HASHES = st.integers(0, 2**64 - 1)


@settings(deadline=None)
@given(hashes=st.lists(HASHES, max_size=50), query=HASHES, radius=st.integers(0, 64))
def test_exactly_the_hashes_within_the_radius_are_found(hashes: list[int], query: int, radius: int) -> None:
    index = HammingIndex()
    assert [index.add(np.uint64(value)) for value in hashes] == list(range(len(hashes)))
    expected = [number for number, value in enumerate(hashes) if (value ^ query).bit_count() <= radius]
    assert index.within(np.uint64(query), radius).tolist() == expected


def test_an_index_grows_without_losing_anything() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**64, 5000, dtype=np.uint64)
    index = HammingIndex()
    for value in hashes:
        index.add(value)
    assert len(index) == 5000
    assert all(index.within(value, 0).tolist() == [number] for number, value in enumerate(hashes[:300]))
