"""Exported reviews for tests: of a small run, and what a person does to them."""

import csv
import json
from pathlib import Path
from typing import Any

from shared.contract.messages import Decision
from shared.ledger.verdicts import given
from shared.store import FolderStore
from tests.services.magritte.test_suspects import Magritte


def said(magritte: Magritte, *words: str) -> str:
    """What a command prints, which has to succeed."""
    result = magritte(*words)
    assert result.exit_code == 0, result.exception or result.stderr
    return result.stdout


def exported(magritte: Magritte, folder: Path, *words: str) -> list[dict[str, Any]]:
    """The faces of an export that is written into a folder now, in order."""
    said(magritte, "review", "export", "--out", str(folder), "--sort", "name", *words)
    faces: list[dict[str, Any]] = json.loads((folder / "export.json").read_text())["faces"]
    return faces


def imported(magritte: Magritte, folder: Path) -> dict[str, Any]:
    """What is understood of a folder, which is done as well."""
    found: dict[str, Any] = json.loads(said(magritte, "review", "import", str(folder), "--json", "--yes"))
    return found


def decide_in_table(folder: Path, decisions: dict[str, str], **form: str) -> None:
    """Write decisions by file into the table, as a spreadsheet does that has its own `form` of CSV."""
    path = folder / "review.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    rows = [{**row, "decision": decisions.get(row["file"], row["decision"])} for row in rows]
    with path.open("w", encoding=form.get("encoding", "utf-8"), newline="") as stream:
        writer = csv.DictWriter(
            stream, list(rows[0]), delimiter=form.get("delimiter", ","), quoting=csv.QUOTE_ALL, lineterminator="\r\n"
        )
        writer.writeheader()
        writer.writerows(rows)


def log(store: FolderStore) -> list[tuple[int | None, str, Decision | str]]:
    """All verdicts: face, beginning of the original's digest, decision."""
    return [(verdict.face, verdict.image[:6], str(verdict.decision)) for _, verdict in given(store, "anya")]
