"""The stack machine of pickles, as an interpreter of our own: it imports nothing, and what it calls is ours.

The opcodes are those that Python's pickler writes for networks in protocols 2 to 5; every other one is refused, and so
is every name outside the table that the machine is given. Time is bounded by a number of opcodes.
"""

import pickletools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.objects import Global, PickledArray, PickledDtype, PickledNetwork

Names = Mapping[tuple[str, str], object]
"""Module and name as a pickle has them -> the object that they stand for."""

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
"""Characters that a message quotes from a file."""


def run(file: BinaryIO, machine: "PickleMachine", most: int) -> object:
    """Read the pickle at the file's position, leave the position behind it and return its value.

    Raises BadFile, with the place in bytes, for what the machine refuses, and for more than `most` opcodes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in texts, which are refused a moment later
        return _run(file, machine, most)


def _run(file: BinaryIO, machine: "PickleMachine", most: int) -> object:
    position = 0
    try:
        for count, (opcode, argument, at) in enumerate(pickletools.genops(file)):
            position = at or 0
            if count >= most:
                raise BadFile(f"more than {most} steps: no network is that long")
            machine.step(opcode.name, argument)
        return machine.result()
    except BadFile as error:
        raise BadFile(f"not a pickle that is safe to read, at byte {position}: {error}") from error
    except (ValueError, LookupError, OverflowError) as error:
        raise BadFile(f"damaged or cut short after byte {position}: {clipped(str(error))}") from error


def clipped(text: str) -> str:
    """Return the beginning of a text from a file, escaped for a terminal."""
    return ascii(text[:_LARGEST_LABEL])[1:-1]


def refused_name(module: str, name: str) -> BadFile:
    """Return the error for a name outside the table."""
    return BadFile(f"it asks for {clipped(module)}.{clipped(name)}, which no official snapshot needs")


class PickleMachine:
    """A pickle's stack, marks and memo.

    `call` returns the result of a call, given what the name stands for and the arguments; `stored` the object of a
    persistent id. Both raise BadFile for what they do not know.
    """

    def __init__(
        self,
        names: Names,
        call: Callable[[object, object], object],
        stored: Callable[[object], object] | None = None,
    ) -> None:
        self._names = names
        self._call = call
        self._stored = stored
        self._stack: list[object] = []
        self._marked: list[list[object]] = []
        self._memo: dict[int, object] = {}
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
            self._stack.append(self._named(*argument.split(" ", 1)))
        elif name == "BINPERSID" and self._stored:
            self._stack.append(self._stored(self._stack.pop()))
        elif name == "PROTO":
            _check_protocol(argument)
        elif name not in ("FRAME", "STOP"):
            raise BadFile(_OUTSIDE.get(name, f"the opcode {name}, which official snapshots do not have"))

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

    def _empty_set(self) -> None:
        """Push an empty set; it stays empty, as the opcodes that would fill it are refused."""
        self._stack.append(frozenset())

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
        self._stack.append(self._named(module, name))

    def _newobj(self) -> None:
        arguments, kind = self._stack.pop(), self._stack.pop()
        if arguments != () or kind not in (Global.NETWORK, Global.DICT):
            raise BadFile("an object that official snapshots do not have")
        self._stack.append(PickledNetwork() if kind is Global.NETWORK else {})

    def _build(self) -> None:
        state = self._stack.pop()
        match self._stack[-1]:
            case PickledNetwork() as network if isinstance(state, dict):
                network.state = state
            case PickledArray() | PickledDtype() as built:
                built.build(state)
            case _:
                raise BadFile("a state for what has none")

    def _reduce(self) -> None:
        arguments, kind = self._stack.pop(), self._stack.pop()
        self._stack.append(self._call(kind, arguments))

    def _named(self, module: object, name: object) -> object:
        if not isinstance(module, str) or not isinstance(name, str):
            raise BadFile("a name that is no text")
        if (module, name) not in self._names:
            raise refused_name(module, name)
        return self._names[module, name]


_WITHOUT_ARGUMENT = (
    *("MARK", "MEMOIZE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
    *("APPEND", "APPENDS", "SETITEM", "SETITEMS", "STACK_GLOBAL", "NEWOBJ", "BUILD", "REDUCE"),
)


def _check_protocol(number: int) -> None:
    if number not in _PROTOCOLS:
        raise BadFile(f"protocol {number}; official snapshots are written in {_PROTOCOLS[0]} to {_PROTOCOLS[-1]}")


def _as_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise BadFile("items for what is no list")
    return value


def _put(target: object, items: list[object]) -> None:
    if not isinstance(target, dict) or len(items) % 2:
        raise BadFile("entries for what is no dictionary")
    keys = items[::2]
    if not all(isinstance(key, str | int) for key in keys):  # nested tuples would be hashed without end
        raise BadFile("a dictionary whose keys are neither texts nor numbers")
    target.update(zip(keys, items[1::2], strict=True))
