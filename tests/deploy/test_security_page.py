"""The page on security names tests and files that are there."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "deploy" / "SECURITY.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    files = list((REPOSITORY / "tests").rglob("test_*.py"))
    named = set(re.findall(r"\btest_\w+", PAGE)) - {path.stem for path in files}
    written = {name for path in files for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))}
    assert len(named) > 12
    assert named - written == set()


def test_every_file_that_the_page_names_exists() -> None:
    files = re.findall(r"`((?:tests|shared|services|deploy)/[\w/.]+)", PAGE)
    assert len(files) > 5
    assert [file for file in files if not (REPOSITORY / file).exists()] == []
