"""The memory of a tally: a row per picture and one per face, in columns of fixed width; names are kept once each.

A run can have millions of pictures: a Python object for each would take ten times the memory.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")

NONE = 0
"""Code of no value in a column of codes."""

_KEY_BYTES = 10
"""Bytes of an entry's name, which has 20 hexadecimal digits."""

_BYTES_OF_A_KEY = 125
"""Memory of an entry's key, its row number and their place in the dictionary, measured at 100,000 entries."""

PICTURE = {
    "noted": "I",
    "judgement": "H",
    "arrival": "I",
    "keeper": "I",
    "copies": "I",
    "passed_over": "B",
    "outcome": "H",
    "revision": "I",
    "faces": "I",
    "verdict": "I",
    "rejected": "B",
    "settlement": "H",
    "members": "I",
    "candidates": "I",
    "first_face": "I",
}
"""Columns of a tally's pictures, and their widths as `array` has them."""

FACE = {
    "number": "I",
    "noted": "I",
    "outcome": "H",
    "revision": "I",
    "verdict": "I",
    "rejected": "B",
    "boxed": "B",
    "compared": "I",
    "duplicate": "H",
    "next_face": "I",
}
"""The same of their faces."""


class Codes(Generic[K]):
    """Small numbers, from 1, for values that occur again and again."""

    def __init__(self, values: Iterable[K] = ()) -> None:
        self.values = list(values)
        self._codes = {value: code for code, value in enumerate(self.values, 1)}

    def of(self, value: K) -> int:
        """Return the code of `value`, a new one if it has none."""
        code = self._codes.get(value)
        if code is None:
            self.values.append(value)
            code = self._codes[value] = len(self.values)
        return code

    def __getitem__(self, code: int) -> K:
        return self.values[code - 1]


class Columns:
    """Rows of unsigned integers, in one array per name; `widths` are `array` type codes by name.

    Raises `ValueError` for a `content` (of earlier columns) that does not fit.
    """

    def __init__(self, widths: Mapping[str, str], content: Mapping[str, bytes] | None = None) -> None:
        self._arrays = {name: array(code) for name, code in widths.items()}
        for name, column in self._arrays.items():
            column.frombytes(content[name] if content else b"")
            setattr(self, name, column)

    def __getattr__(self, name: str) -> "array[int]":
        raise AttributeError(name)  # the columns are set one by one; this tells mypy their type

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def append(self) -> int:
        """Append a row of zeros and return its number."""
        for column in self._arrays.values():
            column.append(0)
        return len(self) - 1

    @property
    def memory(self) -> int:
        """Bytes of memory that the columns take."""
        return sum(column.itemsize * len(column) for column in self._arrays.values())

    def content(self) -> dict[str, bytes]:
        """Return the bytes of every column, of which the same columns can be made."""
        return {name: column.tobytes() for name, column in self._arrays.items()}


class Entries:
    """Row numbers by entry, in the order in which the entries were added."""

    def __init__(self, content: bytes = b"") -> None:
        starts = range(0, len(content), _KEY_BYTES)
        self._rows = {content[start : start + _KEY_BYTES]: row for row, start in enumerate(starts)}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, entry: str) -> bool:
        return bytes.fromhex(entry) in self._rows

    def __iter__(self) -> Iterator[str]:
        return (key.hex() for key in self._rows)

    def find(self, entry: str) -> int | None:
        """Return the row of an entry, None if it has none."""
        return self._rows.get(bytes.fromhex(entry))

    def add(self, entry: str) -> int:
        """Give an entry the next row and return it."""
        row = self._rows[bytes.fromhex(entry)] = len(self._rows)
        return row

    @property
    def memory(self) -> int:
        """Bytes of memory that the entries take, roughly."""
        return _BYTES_OF_A_KEY * len(self._rows)

    def content(self) -> bytes:
        """Return the names of all entries, of which the same entries can be made."""
        return b"".join(self._rows)


def note_first(noted: "array[int]", row: int, kind: int) -> bool:
    """Note in a column of bits that a kind, by its code, has come about a row; return whether it is the first time."""
    bit = 1 << kind
    first = not noted[row] & bit
    noted[row] |= bit
    return first


def below(name: str, columns: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return those of `columns` whose names begin with `name` and a hyphen, without that."""
    prefix = f"{name}-"
    return {key.removeprefix(prefix): column for key, column in columns.items() if key.startswith(prefix)}
