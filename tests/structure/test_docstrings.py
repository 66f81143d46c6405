"""House rule: a function's docstring begins with a verb in the imperative (PEP 257), and names its parameters.

Those of classes and properties may begin with a noun, but not with a question.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("services", "shared", "demo", "deploy", "benchmarks")
RIDDLES = frozenset(["what", "how", "whether", "where", "who", "which", "of"])
"""First words of a docstring that asks instead of telling."""

NO_VERBS = RIDDLES | {"when", "as", "from", "to", "in", "it", "the", "a", "an"}
"""First words of a docstring that says what there is, not what is done."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def violations(source: str) -> Iterator[str]:
    """Yield line, name and fault of every docstring in `source` that breaks the rule."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | Function):
            continue
        words = (ast.get_docstring(node) or "").split()
        place = "1 the file" if isinstance(node, ast.Module) else f"{node.lineno} {node.name}"
        is_done = isinstance(node, Function) and not _is_property(node)
        refused = frozenset[str]() if isinstance(node, ast.Module) else NO_VERBS if is_done else RIDDLES
        if words and _bare(words[0]) in refused:
            yield f"{place} begins with {words[0]!r}"
        if "so many" in " ".join(words).lower():
            yield f"{place} has 'so many' in place of a parameter's name"


def _is_property(function: Function) -> bool:
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    return not decorators.isdisjoint({"property", "cached_property", "setter"})


def _bare(word: str) -> str:
    return word.strip(".,:;").lower()


def test_docstrings_say_what_is_done() -> None:
    paths = sorted(path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))
    assert len(paths) > 100
    found = {path: violations(path.read_text(encoding="utf-8")) for path in paths}
    assert [f"{path.relative_to(REPOSITORY)}:{each}" for path, faults in found.items() for each in faults] == []


def test_the_rule_notices_a_violation() -> None:
    source = '''
class Box:
    """A class may be described by a noun."""

    @property
    def area(self) -> int:
        """The number of pixels: so may a property."""

    def fits(self, count: int) -> bool:
        """Whether so many of them fit."""

    @property
    def is_full(self) -> bool:
        """Whether nothing more fits."""

    def grow(self) -> None:
        """Make it larger."""

    async def opened(self) -> None:
        """The same, open."""
'''
    assert sorted(violations(source)) == [
        "13 is_full begins with 'Whether'",
        "19 opened begins with 'The'",
        "9 fits begins with 'Whether'",
        "9 fits has 'so many' in place of a parameter's name",
    ]
