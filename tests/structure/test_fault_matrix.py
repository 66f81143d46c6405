"""The page of faults is complete and up to date."""

import re

from tests.faults.matrix import INTRODUCTION, README

TESTS = README.parent
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in README.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| (\d|all)", line)
]


def test_every_fault_of_the_list_has_been_provoked() -> None:
    assert {str(number) for number in range(1, 36)} <= {row[0] for row in ROWS}


def test_all_of_them_were_outlasted() -> None:
    assert [row for row in ROWS if not re.fullmatch(r"(\d+ )?passed", row[4])] == []


def test_the_page_tells_of_every_test_and_of_no_other() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py"))
    listed = {row[3].strip("`") for row in ROWS}
    assert listed <= set(re.findall(r"def (test_\w+)\(", sources))
    titles = {title for row in ROWS for title in [row[1]]}
    assert [title for title in titles if title not in sources] == []


def test_the_page_begins_as_the_tests_write_it() -> None:
    assert README.read_text(encoding="utf-8").startswith(INTRODUCTION)
