from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from shared.contract import keys
from shared.contract.messages import (
    FaceDropped,
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ImageKept,
    ImageSuperseded,
    Message,
)
from shared.contract.reasons import Reason
from shared.pictures.contact_sheet import Layout
from shared.store import FolderStore
from tests.services.magritte.sheets import middle, pixels, png, text, tile
from tests.shared.ledgers import list_entries, note
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]
LAYOUT = Layout()
GREY = (176, 176, 176)
A, B, C, D, E = (f"{number:020x}" for number in range(5))
IMAGES = {entry: f"{number:064x}" for number, entry in enumerate((A, B, C, D, E), 1)}
CROPS = [digit * 64 for digit in "cdef"]


def about(entry: str, run: str) -> dict[str, object]:
    return {"run": run, "entry": entry, "image": IMAGES[entry]}


@pytest.fixture
def looked_at(store: FolderStore, run: str) -> str:
    """A with two faces in the data set and one left out, B its copy, C damaged, D never fetched, E without a face."""
    colours = {A: "#ff0000", B: "#00ff00", E: "#0000ff"}
    for entry, colour in colours.items():
        store.put(keys.original(IMAGES[entry]), png(colour))
    store.put(keys.original(IMAGES[C]), png("#123456")[:60])
    store.put(keys.crop(CROPS[2]), png("#ffff00", (30, 40)))
    store.put(keys.normalized(CROPS[0]), png("#ff00ff", (64, 64)))

    def told(stage: str, *messages: Message) -> None:
        note(store, stage, *messages)

    entries = {each: {"origin": f"{place}.png", "image": IMAGES[each]} for place, each in enumerate((A, B, C, D, E))}
    told("scraper", *(ImageFetched.model_validate(about(each, run) | {"source": 0}) for each in (A, B, C, E)))
    told("scraper", ImageDropped(run=run, entry=D, stage="scraper", reason=Reason.FETCH_FAILED, detail="no answer"))
    judged = {"arrival": 2, "decisions": 1}
    told("deduper", ImageKept.model_validate(about(A, run) | judged | {"arrival": 1}))
    superseded = {"by": IMAGES[A], "reason": Reason.NEAR_DUPLICATE}
    told("deduper", ImageSuperseded.model_validate(about(B, run) | judged | superseded))
    told("deduper", ImageDropped(run=run, entry=C, stage="deduper", reason=Reason.TRUNCATED, detail="cut off"))
    found = {"box": (0, 0, 9, 9), "side": 9}
    for face, crop in enumerate(CROPS[:3]):
        told("face-detector", FaceFound.model_validate(about(A, run) | found | {"face": face, "crop": crop}))
    told("face-detector", FacesCounted.model_validate(about(A, run) | {"faces": 3}))
    for face in (0, 1):
        told("normalizer", FaceNormalized.model_validate(about(A, run) | {"face": face, "picture": CROPS[face]}))
    unverified = {"stage": "normalizer", "reason": Reason.NOT_VERIFIED, "detail": "it differs"}
    told("normalizer", FaceDropped.model_validate({"run": run, "entry": A, "face": 2} | unverified))
    told("face-detector", ImageDropped(run=run, entry=E, stage="face-detector", reason=Reason.NO_FACE))
    told("scraper", list_entries(store, run, entries))
    return run


def test_what_was_left_out_is_shown_by_stage_as_picture_or_as_crop(
    magritte: Magritte, looked_at: str, tmp_path: Path
) -> None:
    path = tmp_path / "out" / "sheet.png"
    done = magritte("sheet", looked_at, "--out", str(path))
    assert (done.exit_code, f"5 tiles in {path}" in done.output) == (0, True), done.output
    page = pixels(path)
    seen = [middle(tile(page, number, LAYOUT)) for number in range(5)]
    assert seen == [(0, 255, 0), GREY, (0, 0, 255), (255, 255, 0), GREY]
    assert page.shape[1] == LAYOUT.corner(5)[0]
    assert [text(page, number, LAYOUT).min() < 100 for number in range(5)] == [True] * 5


@pytest.mark.parametrize(
    ("options", "colours"),
    [
        (("--reason", "near-duplicate"), [(0, 255, 0)]),
        (("--stage", "face-detector"), [(0, 0, 255)]),
        (("--stage", "normalizer", "--reason", "not-verified"), [(255, 255, 0)]),
        (("--kept",), [(255, 0, 255), GREY]),
    ],
)
def test_a_fate_can_be_chosen_and_what_the_store_has_not_is_grey(
    magritte: Magritte, looked_at: str, tmp_path: Path, options: tuple[str, ...], colours: list[tuple[int, ...]]
) -> None:
    path = tmp_path / "sheet.png"
    done = magritte("sheet", looked_at, *options, "--out", str(path))
    assert done.exit_code == 0, done.exception
    page = pixels(path)
    assert [middle(tile(page, number, LAYOUT)) for number in range(len(colours))] == colours
    assert page.shape[1] == LAYOUT.corner(len(colours))[0]


def test_many_tiles_fill_pages_and_no_more_than_are_asked_for(
    magritte: Magritte, store: FolderStore, run: str, tmp_path: Path
) -> None:
    entries = [f"{number:020x}" for number in range(LAYOUT.tiles * 2)]
    dropped = {"run": run, "stage": "face-detector", "reason": Reason.NO_FACE}
    note(store, "face-detector", *(ImageDropped.model_validate({**dropped, "entry": entry}) for entry in entries))
    done = magritte("sheet", run, "--most", str(LAYOUT.tiles + 1), "--out", str(tmp_path / "s.png"))
    assert f"31 tiles in {tmp_path}/s-1.png to s-2.png of 60; --most shows more" in done.output
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["s-1.png", "s-2.png"]
    assert pixels(tmp_path / "s-2.png").shape[1] == LAYOUT.corner(1)[0]


def test_what_nothing_was_left_out_for_is_said_with_the_reasons_that_there_are(
    magritte: Magritte, looked_at: str
) -> None:
    text = str(magritte("sheet", looked_at, "--reason", "monochrome").exception)
    assert text.startswith(f"run {looked_at}: nothing was left out for monochrome; there is ")
    assert "near-duplicate (deduper, 1)" in text


def test_a_run_without_anything_says_so(magritte: Magritte, run: str) -> None:
    assert str(magritte("sheet", run).exception) == f"run {run}: nothing was left out"
    assert str(magritte("sheet", run, "--kept").exception) == f"run {run}: nothing is in the data set yet"


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--kept", "--reason", "no-face"), "what is kept"), (("--out", "sheet.jpg"), "no name of a PNG file")],
)
def test_options_that_do_not_fit_are_wrong_usage(
    magritte: Magritte, looked_at: str, options: tuple[str, ...], words: str
) -> None:
    done = magritte("sheet", looked_at, *options)
    assert (done.exit_code, words in done.output) == (2, True)


def test_a_sheet_is_not_written_into_a_source(magritte: Magritte, looked_at: str, recipe: object) -> None:
    done = magritte("sheet", looked_at, "--out", "pictures/sheet.png")
    assert (done.exit_code, "would be taken for pictures" in " ".join(done.output.split())) == (2, True)


def test_without_pillow_it_says_what_to_install(looked_at: str, store: FolderStore) -> None:
    done = without_libraries(store.root, "sheet", looked_at)
    assert done.returncode == 1
    assert "PIL is not installed: install magritte[scraper]" in done.stderr
