"""Reads the pickles of official snapshots with an interpreter of our own: it imports nothing and calls nothing.

The opcodes are those that Python's pickler writes for networks in protocols 2 to 5; every other one is refused, and so
is every name outside `objects.NAMES`. Time and memory are bounded: by the file's size, and by a number of opcodes that
is ten times what the largest official network has.
"""

import pickletools
import warnings
from collections.abc import Callable
from typing import Any

from shared.errors import Poison
from shared.stylegan2.official.objects import NAMES, Global, PickledArray, PickledDtype, PickledNetwork, array

_MOST_OPCODES = 200_000
_PROTOCOLS = range(2, 6)

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = {
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_OUTSIDE = {
    "PERSID": "a persistent id: an object outside the file",
    "BINPERSID": "a persistent id: an object outside the file",
    "EXT1": "an extension code: a name that only the writer's program knows",
    "EXT2": "an extension code: a name that only the writer's program knows",
    "EXT4": "an extension code: a name that only the writer's program knows",
    "NEXT_BUFFER": "a buffer outside the file",
}
_LARGEST_LABEL = 100
"""Characters of a stranger's text that a message repeats."""


def unpickled(file: bytes) -> object:
    """The value of a pickle, made of plain values and those in `objects`.

    Raises Poison for whatever an official snapshot does not hold, with the place in bytes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in texts, which are refused a moment later
        return _unpickled(file)


def _unpickled(file: bytes) -> object:
    machine = _Machine(len(file))
    position = 0
    try:
        for count, (opcode, argument, at) in enumerate(pickletools.genops(file)):
            position = at or 0
            if count >= _MOST_OPCODES:
                raise Poison(f"more than {_MOST_OPCODES} steps: no network is that long")
            machine.step(opcode.name, argument)
        return machine.result()
    except Poison as error:
        raise Poison(f"not a pickle that is safe to read, at byte {position}: {error}") from error
    except (ValueError, LookupError, OverflowError) as error:
        raise Poison(f"damaged or cut short after byte {position}: {_clipped(str(error))}") from error


class _Machine:
    """A pickle's stack, marks and memo."""

    def __init__(self, size: int) -> None:
        self._stack: list[object] = []
        self._marked: list[list[object]] = []
        self._memo: dict[int, object] = {}
        self._spare = size
        self._handlers: dict[str, Callable[[], None]] = {
            name: getattr(self, f"_{name.lower()}") for name in _WITHOUT_ARGUMENT
        }

    def step(self, name: str, argument: Any) -> None:
        if name in self._handlers:
            self._handlers[name]()
        elif name in _LITERALS:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in ("BINGET", "LONG_BINGET"):
            self._stack.append(self._memo[argument])
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = self._stack[-1]
        elif name == "GLOBAL":
            self._stack.append(_named(*argument.split(" ", 1)))
        elif name == "PROTO":
            _check_protocol(argument)
        elif name not in ("FRAME", "STOP"):
            raise Poison(_OUTSIDE.get(name, f"the opcode {name}, which official snapshots do not have"))

    def result(self) -> object:
        if len(self._stack) != 1 or self._marked:
            raise ValueError("it does not end with one value")
        return self._stack[0]

    def _mark(self) -> None:
        self._marked.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list[object]:
        items, self._stack = self._stack, self._marked.pop()
        return items

    def _memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _empty_list(self) -> None:
        self._stack.append([])

    def _empty_dict(self) -> None:
        self._stack.append({})

    def _empty_tuple(self) -> None:
        self._stack.append(())

    def _tuple(self) -> None:
        items = self._since_mark()
        self._stack.append(tuple(items))

    def _tuple1(self) -> None:
        self._stack.append((self._stack.pop(),))

    def _tuple2(self) -> None:
        self._stack[-2:] = [(self._stack[-2], self._stack[-1])]

    def _tuple3(self) -> None:
        self._stack[-3:] = [(self._stack[-3], self._stack[-2], self._stack[-1])]

    def _append(self) -> None:
        item = self._stack.pop()
        _as_list(self._stack[-1]).append(item)

    def _appends(self) -> None:
        items = self._since_mark()
        _as_list(self._stack[-1]).extend(items)

    def _setitem(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        _put(self._stack[-1], [key, value])

    def _setitems(self) -> None:
        items = self._since_mark()
        _put(self._stack[-1], items)

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(_named(module, name))

    def _newobj(self) -> None:
        arguments, kind = self._stack.pop(), self._stack.pop()
        if arguments != () or kind not in (Global.NETWORK, Global.DICT):
            raise Poison("an object that official snapshots do not have")
        self._stack.append(PickledNetwork() if kind is Global.NETWORK else {})

    def _build(self) -> None:
        state = self._stack.pop()
        match self._stack[-1]:
            case PickledNetwork() as network if isinstance(state, dict):
                network.state = state
            case PickledArray() | PickledDtype() as built:
                built.build(state)
            case _:
                raise Poison("a state for what has none")

    def _reduce(self) -> None:
        arguments, kind = self._stack.pop(), self._stack.pop()
        self._stack.append(self._called(kind, arguments))

    def _called(self, kind: object, arguments: object) -> object:
        match kind, arguments:
            case Global.RECONSTRUCT, (Global.NDARRAY, (0,), bytes()):
                return PickledArray()
            case Global.DTYPE, (str(code), *_):
                return PickledDtype(code)
            case Global.SCALAR, (PickledDtype() as dtype, bytes(data)):
                return PickledArray(array((), dtype, data, "C"))
            case Global.FROM_BUFFER, (bytes() | bytearray() as data, PickledDtype() as dtype, tuple(shape), str(order)):
                return PickledArray(array(shape, dtype, data, order))
            case Global.ENCODE, (str(text), "latin1" | "latin-1"):
                return self._encoded(text)
            case Global.BYTES, ():
                return b""
            case Global.DICT, ():
                return {}
        raise Poison("a call that official snapshots do not make")

    def _encoded(self, text: str) -> bytes:
        """A text may be recalled and encoded again and again; honest files do not come to more than their size."""
        self._spare -= len(text)
        if self._spare < 0:
            raise Poison("it unfolds to more than the file's size")
        return text.encode("latin-1")


_WITHOUT_ARGUMENT = (
    *("MARK", "MEMOIZE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "APPEND"),
    *("APPENDS", "SETITEM", "SETITEMS", "STACK_GLOBAL", "NEWOBJ", "BUILD", "REDUCE"),
)


def _check_protocol(number: int) -> None:
    if number not in _PROTOCOLS:
        raise Poison(f"protocol {number}; official snapshots are written in {_PROTOCOLS[0]} to {_PROTOCOLS[-1]}")


def _named(module: object, name: object) -> Global:
    if not isinstance(module, str) or not isinstance(name, str):
        raise Poison("a name that is no text")
    if (module, name) in NAMES:
        return NAMES[module, name]
    if module.startswith(("torch", "training.networks")):
        raise Poison(
            "a network of stylegan2-ada-pytorch or stylegan3, which cannot be read yet: their pickles are programs. "
            "Their own legacy.py converts from TensorFlow only; take the TensorFlow snapshot where there is one"
        )
    raise Poison(f"it asks for {_clipped(module)}.{_clipped(name)}, which no official snapshot needs")


def _as_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Poison("items for what is no list")
    return value


def _put(target: object, items: list[object]) -> None:
    if not isinstance(target, dict) or len(items) % 2:
        raise Poison("entries for what is no dictionary")
    keys = items[::2]
    if not all(isinstance(key, str | int) for key in keys):  # nested tuples would be hashed without end
        raise Poison("a dictionary whose keys are neither texts nor numbers")
    target.update(zip(keys, items[1::2], strict=True))


def _clipped(text: str) -> str:
    return ascii(text[:_LARGEST_LABEL])[1:-1]
