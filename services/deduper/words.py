"""Words for the details of pictures: pictures that have many rare words in common may be copies. Pure."""

from base64 import b64decode, b64encode

import numpy as np
from numpy.typing import NDArray

from services.deduper.look import Look

MOST = 200
"""Details of a picture that get a word, the most distinct ones."""

BITS = 24
"""Bits of a word, of the 256 of an ORB descriptor."""

_CHOSEN = np.random.RandomState(3).choice(256, BITS, replace=False)
"""Which bits; RandomState draws the same ones in every version of numpy. Words of other bits are other words."""

Words = NDArray[np.uint32]
"""Distinct words, ascending."""


def words_of(look: Look) -> Words:
    """Return the words of a picture's details."""
    bits = np.unpackbits(look.descriptors[:MOST], axis=1)[:, _CHOSEN].astype(np.uint32)
    return np.unique(bits @ (1 << np.arange(BITS, dtype=np.uint32)))


def encoded(words: Words) -> str:
    """Write words as base64, three bytes each."""
    return b64encode(words.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()).decode("ascii")


def decoded(text: str) -> Words:
    """Read words that `encoded` has written; raises `ValueError` for anything else."""
    data = np.frombuffer(b64decode(text, validate=True), np.uint8)
    if len(data) % 3:
        raise ValueError(f"{len(data)} bytes are no words of 3 bytes each")
    padded = np.zeros((len(data) // 3, 4), np.uint8)
    padded[:, :3] = data.reshape(-1, 3)
    return padded.view("<u4").ravel().astype(np.uint32)
