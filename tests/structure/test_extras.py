"""Each stage's container has what the stage imports, lazily or not, and TensorFlow only where it is needed."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from services.magritte.pipeline import PIPELINE
from shared.contract.stage import python_name

REPOSITORY = Path(__file__).parents[2]
REQUIREMENTS = {path.stem: path for path in (REPOSITORY / "requirements").glob("*.txt")}
STAGES = list(PIPELINE.containers)
WITH_TENSORFLOW = {"trainer", "trainer-gpu", "ranker", "ranker-gpu", "all", "all-gpu", "demo", "dev"}

RUNTIME = ("shared/runtime/worker.py", "shared/runtime/health.py", "shared/runtime/logs.py", "shared/store/folder.py")
"""What every container needs beside its stage."""

NOT_IN_CONTAINERS = {"jax"}
"""Keras' other back end, for those who install it themselves; containers run TensorFlow."""

SAME = {"tensorflow-cpu": {"tensorflow"}}
"""What a GPU file has instead of what is installed here."""


def normalized(distribution: str) -> str:
    """PEP 503: `google_crc32c` and `Google.CRC32c` are `google-crc32c`."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


@cache
def extras() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["optional-dependencies"])


@cache
def locked(extra: str) -> set[str]:
    """The distributions that a requirements file installs."""
    text = REQUIREMENTS[extra].read_text(encoding="utf-8")
    return {normalized(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==", text, re.MULTILINE)}


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Full names of the modules that a file imports, anywhere in it but for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_type_checkers = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    nodes = [node for node in ast.walk(tree) if id(node) not in for_type_checkers]
    return tuple(name for node in nodes for name in _imported(node))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_of(name: str) -> Iterator[Path]:
    """The files of ours that are run when `name` is imported: the packages that it is in, and itself."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        path = REPOSITORY.joinpath(*parts[:end])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())


def third_party(stage: str) -> dict[str, Path]:
    """Every foreign top-level module that a stage's container can come to import, and a file that does."""
    waiting = [*(REPOSITORY / "services" / python_name(stage)).rglob("*.py"), *(REPOSITORY / file for file in RUNTIME)]
    known, foreign = set(waiting), {}
    while waiting:
        file = waiting.pop()
        for name in imports(file):
            top = name.split(".")[0]
            if top in ("services", "shared"):
                new = set(files_of(name)) - known
                known |= new
                waiting += new
            elif top not in sys.stdlib_module_names | NOT_IN_CONTAINERS:
                foreign[top] = file
    return foreign


def missing(stage: str, extra: str) -> list[str]:
    """What the stage imports and its requirements file does not install."""
    distributions = packages_distributions()
    lines = []
    for module, file in third_party(stage).items():
        names = {normalized(name) for name in distributions.get(module, [module])}
        names |= {other for name in names for other in SAME.get(name, ())}
        if not names & locked(extra):
            lines.append(f"{module} ({file.relative_to(REPOSITORY)})")
    return lines


def test_every_stage_has_an_extra_and_a_requirements_file() -> None:
    assert set(STAGES) <= extras()
    assert set(STAGES) | {"dev", "all"} <= REQUIREMENTS.keys()
    assert REQUIREMENTS.keys() <= extras()


@pytest.mark.parametrize("stage", STAGES)
def test_whatever_a_stage_imports_is_in_its_requirements(stage: str) -> None:
    assert missing(stage, stage) == []


@pytest.mark.parametrize("extra", ["trainer-gpu", "ranker-gpu"])
def test_a_gpu_container_has_all_that_the_stage_imports_too(extra: str) -> None:
    assert missing(extra.removesuffix("-gpu"), extra) == []


def test_the_scraper_s_container_has_gallery_dl_only_if_it_is_built_with_that() -> None:
    assert missing("scraper", "boards") == []
    assert "gallery-dl" in locked("boards")
    assert not [stage for stage in STAGES if "gallery-dl" in locked(stage)]


def test_the_analysis_sees_lazy_imports_and_follows_shared_modules() -> None:
    assert {"sr_vulkan", "PIL", "pydantic", "structlog"} <= third_party("upscaler").keys()
    assert "keras" in third_party("ranker")
    assert missing("trainer", "scraper") != []


def test_only_training_stages_have_tensorflow() -> None:
    having = {extra for extra in REQUIREMENTS if locked(extra) & {"tensorflow", "tensorflow-cpu"}}
    assert having == WITH_TENSORFLOW & REQUIREMENTS.keys()


@pytest.mark.parametrize("extra", REQUIREMENTS)
def test_every_requirement_is_pinned_with_a_hash_and_without_an_address(extra: str) -> None:
    lines = REQUIREMENTS[extra].read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    pinned = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?==[\w.+!-]+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+ *")
    assert [line[:80] for line in lines if line.strip() and not pinned.fullmatch(line)] == []
    assert not re.search(r"://|--index|--extra|--find|@ ", "\n".join(lines))


def test_all_containers_have_the_same_version_of_what_they_share() -> None:
    versions: dict[str, set[str]] = {}
    for path in REQUIREMENTS.values():
        for name, version, marker in re.findall(
            r"^([\w.-]+)==([\w.+!-]+)( ;[^\\\n]*)?", path.read_text(), re.MULTILINE
        ):
            versions.setdefault(f"{normalized(name)}{marker.strip()}", set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
