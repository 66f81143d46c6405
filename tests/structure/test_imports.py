"""Who may import whom: the contracts in pyproject.toml hold, and each of them would notice what it forbids."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"

VIOLATIONS = {
    "independent-stages": ("services/deduper/grouping.py", "import services.upscaler.enlargement"),
    "shared-below-services": ("shared/contract/declaration.py", "from services.deduper import stage"),
    "one-composition-root": ("services/magritte/watch.py", "from services.deduper.declaration import JUDGING"),
    "declarations-are-light": ("services/ranker/declaration.py", "from shared.runs import trainings"),
    "ledger-for-the-packer": ("services/normalizer/fit.py", "import shared.ledger.records"),
    "trainings-for-those-who-train": ("services/normalizer/fit.py", "import shared.runs.trainings"),
    "contract-stands-alone": ("shared/recipe/training.py", "from shared.stylegan2 import architecture"),
    "networks-stand-alone": ("shared/stylegan2/grid.py", "from shared.contract import keys"),
    "stages-know-no-back-end": ("services/normalizer/fit.py", "from shared.bus import MemoryBus"),
    "pure-logic": ("services/deduper/grouping.py", "import time"),
    "one-client-each": ("shared/runtime/worker.py", "import pika"),
    "tensorflow-where-declared": ("services/magritte/report.py", "from shared.stylegan2 import inference"),
    "layers-of-shared": ("shared/bus/memory.py", "from shared.store import FolderStore"),
}


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT, "--no-logo", "--no-cache", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_import_contracts_hold() -> None:
    done = lint(REPOSITORY)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    for package in ("services", "shared"):
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    return folder


@pytest.mark.parametrize(("contract", "violation"), VIOLATIONS.items(), ids=VIOLATIONS)
def test_a_contract_notices_what_it_forbids(copy: Path, contract: str, violation: tuple[str, str]) -> None:
    path, line = copy / violation[0], violation[1]
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        done = lint(copy, "--contract", contract)
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode == 1, done.stderr
    assert "0 kept, 1 broken" in done.stdout


def test_every_contract_is_tried_here() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert text.count("[[tool.importlinter.contracts]]") == len(VIOLATIONS)
