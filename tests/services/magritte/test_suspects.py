import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from shared.contract import keys
from shared.contract.messages import FaceNormalized, FacesCounted, ImageFetched, ImageKept
from shared.pictures.contact_sheet import Layout
from shared.store import FolderStore
from tests.services.magritte.sheets import pixels, text, tile
from tests.services.ranker.faces import face, png
from tests.shared.ledgers import list_entries, note
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]
LAYOUT = Layout()
OWN, STRANGERS, LEAST = 24, 11, 8
ENTRIES = [f"{number:020x}" for number in range(OWN + STRANGERS)]
STRANGE = {f"{entry}.0" for entry in ENTRIES[OWN:]}


@pytest.fixture
def sorted_run(store: FolderStore, run: str) -> str:
    """A run of 24 faces of one character and 11 of others, whose names say which they are."""
    drawn = [png(face(f"own {number}")) for number in range(OWN)]
    add(store, run, [*drawn, *(png(face(f"stranger {number}", stranger=True)) for number in range(STRANGERS))])
    return run


def add(store: FolderStore, run: str, pictures: Sequence[bytes]) -> None:
    for number, data in enumerate(pictures):
        picture = hashlib.sha256(data).hexdigest()
        store.put(keys.normalized(picture), data)
        about = {"run": run, "entry": ENTRIES[number], "image": image(number)}
        note(
            store,
            "some-stage",
            ImageFetched.model_validate(about | {"source": 0}),
            ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1}),
            FacesCounted.model_validate(about | {"faces": 1}),
            FaceNormalized.model_validate(about | {"face": 0, "picture": picture}),
        )
    listed = {
        ENTRIES[number]: {"origin": f"{name(number)}.png", "image": image(number)} for number in range(len(pictures))
    }
    note(store, "scraper", list_entries(store, run, listed))


def image(number: int) -> str:
    return hashlib.sha256(name(number).encode()).hexdigest()


def name(number: int) -> str:
    return f"own-{number}" if number < OWN else f"stranger-{number - OWN}"


def said(result: Result) -> str:
    assert result.exit_code == 0, result.exception
    return result.stdout


def asked(magritte: Magritte, *words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(said(magritte("suspects", *words, "--json")))
    return found


def faces_of(answer: dict[str, object]) -> list[str]:
    suspects = answer["suspects"]
    assert isinstance(suspects, list)
    return [row["face"] for row in suspects]


def test_strangers_come_first_before_any_verdict_and_the_output_says_what_sorted(
    magritte: Magritte, sorted_run: str
) -> None:
    answer = asked(magritte, sorted_run, "--worst", "12")
    assert len(STRANGE & set(faces_of(answer))) >= 10
    assert (answer["signal"], answer["auc"], answer["faces"]) == ("strangeness", None, OWN + STRANGERS)
    assert answer["missing"] == {"dropped": 8, "kept": 8}
    output = said(magritte("suspects", sorted_run, "--worst", "12"))
    assert "sorted by strangeness; to sort by verdicts, those about 8 more dropped and 8 more kept pictures" in output
    assert output.count("stranger-") >= 10


def test_the_line_on_how_to_go_on_is_a_command_that_works(magritte: Magritte, sorted_run: str) -> None:
    last = said(magritte("suspects", sorted_run)).splitlines()[-1]
    command = last.partition("magritte ")[2].partition("   ")[0].split()
    assert command[:2] == ["verdict", "drop"]
    said(magritte(*command))
    answer = asked(magritte, sorted_run)
    assert not {*command[2:5]} & {*faces_of(answer)}
    assert (answer["dropped"], answer["missing"]) == (3, {"dropped": 5, "kept": 8})


def test_verdicts_of_both_kinds_sort_the_rest(magritte: Magritte, sorted_run: str) -> None:
    for number in range(LEAST):
        said(magritte("verdict", "drop", f"{ENTRIES[OWN + number]}.0", "--run", sorted_run))
        said(magritte("verdict", "keep", ENTRIES[number], "--run", sorted_run))
    answer = asked(magritte, sorted_run, "--worst", "3")
    assert set(faces_of(answer)) == {f"{entry}.0" for entry in ENTRIES[OWN + LEAST :]}
    assert (answer["signal"], answer["dropped"], answer["kept"], answer["faces"]) == ("verdicts", 8, 8, 19)
    assert answer["auc"] == pytest.approx(1, abs=0.2)
    output = said(magritte("suspects", sorted_run))
    assert "19 faces of run anya-001 that nobody has decided about, sorted by verdicts about 8 dropped and 8" in output
    assert f"AUC {answer['auc']:.2f} on verdicts held back" in output


def test_the_same_question_has_the_same_answer(magritte: Magritte, sorted_run: str) -> None:
    assert said(magritte("suspects", sorted_run, "--json")) == said(magritte("suspects", sorted_run, "--json"))


def test_a_table_has_all_of_them_and_a_sheet_the_worst(magritte: Magritte, sorted_run: str, tmp_path: Path) -> None:
    table, sheet = tmp_path / "out" / "all.csv", tmp_path / "worst.png"
    output = said(magritte("suspects", sorted_run, "--worst", "3", "--csv", str(table), "--sheet", str(sheet)))
    assert f"; {table}, {sheet}" in output
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [int(row["rank"]) for row in rows] == list(range(1, OWN + STRANGERS + 1))
    assert {row["name"] for row in rows} == {f"{name(number)}.png" for number in range(OWN + STRANGERS)}
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    page = pixels(sheet)
    assert page.shape[1] == LAYOUT.corner(3)[0]
    own_face = tile(page, 0, LAYOUT)
    assert own_face.std() > 20
    assert [text(page, number, LAYOUT).min() < 100 for number in range(3)] == [True] * 3


def test_what_cannot_be_read_is_named_and_left_out(magritte: Magritte, store: FolderStore, run: str) -> None:
    whole = [png(face(f"own {number}")) for number in range(6)]
    add(store, run, [*whole, png(face("own 7"))[:200], png(face("own 8"))])
    store.delete(keys.normalized(hashlib.sha256(png(face("own 8"))).hexdigest()))
    answer = asked(magritte, run)
    assert sorted(faces_of(answer)) == [f"{entry}.0" for entry in ENTRIES[:6]]
    unreadable = answer["unreadable"]
    assert isinstance(unreadable, dict)
    assert [unreadable[f"{entry}.0"].split(":")[0] for entry in ENTRIES[6:8]] == ["truncated", "not in the store"]
    done = magritte("suspects", run)
    assert f"left out: {ENTRIES[6]}.0: truncated" in done.stderr
    assert "6 faces of run" in done.stdout


def test_pictures_of_different_sizes_are_compared(magritte: Magritte, store: FolderStore, run: str) -> None:
    sizes = [np.repeat(np.repeat(face(f"own {number}"), 1 + number % 3, 0), 1 + number % 3, 1) for number in range(7)]
    add(store, run, [png(np.ascontiguousarray(each)) for each in sizes])
    assert len(faces_of(asked(magritte, run))) == 7


def test_a_run_without_faces_says_so(magritte: Magritte, run: str) -> None:
    assert str(magritte("suspects", run).exception) == f"run {run}: nothing is in the data set yet"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sheet", "sheet.jpg"), "no name of a PNG file"),
        (("--csv", "pictures/a.csv"), "would be taken for pictures"),
        (("--worst", "0"), "greater than or equal to 1"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(
    magritte: Magritte, sorted_run: str, options: tuple[str, ...], words: str
) -> None:
    done = magritte("suspects", sorted_run, *options)
    assert (done.exit_code, words in " ".join(done.output.split())) == (2, True), done.output


def test_without_its_libraries_it_says_what_to_install(sorted_run: str, store: FolderStore) -> None:
    done = without_libraries(store.root, "suspects", sorted_run)
    assert done.returncode == 1
    assert "install magritte[ranker]" in done.stderr
    assert "Traceback" not in done.stderr
