"""The card that goes with a data set, and what must not be on it."""

import re
from collections import Counter
from pathlib import Path

import pytest

from services.tfrecord_packer.data_card import Subject, data_card, shown_settings
from services.tfrecord_packer.labelling import Place
from shared.contract import keys
from shared.ledger.fates import Fate, Settlement
from shared.recipe.recipe import Recipe
from shared.store import FolderStore
from shared.stylegan2.verification import verify_dataset
from tests.services.tfrecord_packer.packing_run import PackingRun

SUBJECT = Subject("anya", "anya-001", 2, "0d" * 32, faces=3, size=512)


def posted(board: str = "danbooru.example", **about: object) -> Place:
    return {"source": "danbooru", "fetched": "2026-11-27T10:00:00+00:00", "post": {"board": board, **about}}


def card(*used: list[Place], fates: Counter[Settlement] | None = None) -> list[str]:
    return data_card(SUBJECT, used, fates or Counter(), {}).splitlines()


def test_it_says_what_the_data_set_is() -> None:
    lines = card([posted()], [posted()])
    assert lines[0] == "# Data card: anya"
    assert lines[2].startswith("3 faces from 2 pictures, 512 x 512 pixels: version 2 of run anya-001")


def test_a_picture_counts_at_each_board_that_has_it() -> None:
    lines = card([posted(), posted("pixiv")], [posted()], [{"source": "folder"}])
    assert {"| danbooru.example | 2 |", "| pixiv | 1 |", "| folder | 1 |"} <= set(lines)


def test_artists_are_named_with_a_link_and_by_the_number_of_their_pictures() -> None:
    artist = {"name": "a", "address": "https://danbooru.example/artists/1"}
    lines = card([posted(artists=[artist])], [posted(artists=[artist, {"name": "b"}])], [{"artist": "c"}], [posted()])
    start = lines.index("## Artists") + 4
    assert lines[start : start + 4] == [
        "| [a](<https://danbooru.example/artists/1>) | 2 |",
        "| b | 1 |",
        "| c | 1 |",
        "| (nobody is named) | 1 |",
    ]


def test_a_licence_is_unknown_unless_it_is_stated() -> None:
    lines = card([posted()], [posted(licence="CC BY 4.0")])
    assert {"| unknown | 1 |", "| CC BY 4.0 | 1 |"} <= set(lines)


def test_dates_are_the_first_and_the_last() -> None:
    dates = ("2019-02-03T00:00:00Z", "2021-01-01T00:00:00Z")
    lines = card(*([posted(created=date)] for date in dates))
    assert "- Posted: 2019-02-03 to 2021-01-01" in lines
    assert "- Fetched: 2026-11-27 to 2026-11-27" in lines


def test_what_was_left_out_adds_up_with_what_is_in() -> None:
    fates = Counter(
        {
            Settlement(Fate.IN_DATASET): 5,
            Settlement(Fate.DROPPED, "face-detector", "no-face"): 3,
            Settlement(Fate.DEAD, "scraper", "key-error"): 1,
        }
    )
    lines = card([posted()], fates=fates)
    assert {"| no-face | face-detector | 3 |", "| key-error | scraper | 1 |"} <= set(lines)
    assert not any("in-dataset" in line for line in lines)


@pytest.mark.parametrize("name", ["a | b", "[x](javascript:alert(1))", "<script>", "a\nb", "\x1b[31m", "# heading"])
def test_names_from_outside_are_text(name: str) -> None:
    lines = card([posted(artists=[{"name": name}])])
    row = lines[lines.index("## Artists") + 4]
    cells = re.split(r"(?<!\\)\|", row)
    assert (len(cells), cells[2]) == (4, " 1 ")
    assert not re.search(r"(?<!\\)[<>\[\]#]|[\x00-\x1f]", cells[1])


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://user:secret@board.example/", "https://a.example/> <b", "not an address"]
)
def test_only_addresses_of_the_web_become_links(address: str) -> None:
    lines = card([posted(artists=[{"name": "a", "address": address}])])
    assert "| a | 1 |" in lines


def test_settings_have_no_paths_and_no_addresses(tmp_path: Path) -> None:
    sources = [{"folder": tmp_path, "score": 3}, {"urls": ["https://user:secret@board.example/1.png"]}]
    shown = shown_settings(Recipe.model_validate({"name": "anya", "sources": sources}))
    assert shown["sources"][0] == {"folder": "(not shown)", "score": 3}
    assert str(tmp_path) not in str(shown)
    assert "secret" not in str(shown)


def test_it_lies_beside_the_data_set(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    packing = PackingRun(store, tmp_path)
    packing.note(0, 1)
    packed = packing.packed()
    lies = store.get(keys.dataset(packed.digest, "data-card.md")).decode()
    assert f"2 faces from 2 pictures, 64 x 64 pixels: version 1 of run {packing.run}" in lies
    assert "| folder | 2 |" in lies
    assert str(tmp_path) not in lies
    with store.folder(keys.dataset(packed.digest, "")) as folder:
        assert verify_dataset(folder).findings == ()
