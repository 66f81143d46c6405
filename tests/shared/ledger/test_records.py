import json
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import MagritteError, NotFound, Poison, Unreadable, exit_code
from shared.ledger.listing import complete_pages
from shared.ledger.records import dataset_versions, read_dataset_version, read_recipe_of, run_names
from shared.ledger.verdicts import read_verdicts
from shared.recipe.recipe import Recipe
from shared.store import FolderStore

RUN, ENTRY, IMAGE = "anya-001", "0a" * 10, "0b" * 32
STRAY = ("X (conflicted copy).json", ".DS_Store", "Thumbs.db", "desktop.ini", "0001.json.bak", "a.b.c.json", "copy")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def strays(store: FolderStore, folder: str) -> set[str]:
    """Files such as people and cloud drives leave; the keys of those that a folder store lists."""
    for name in STRAY:
        path = store.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return {folder + name for name in STRAY if not name.startswith(".")}


def test_files_among_the_recipes_that_are_no_runs_are_passed_over(store: FolderStore, recipe: Recipe) -> None:
    store.put(keys.recipe(RUN), recipe.model_dump_json().encode())
    expected, skipped = strays(store, "recipes/"), set[str]()
    assert list(run_names(store, skipped.add)) == [RUN]
    assert skipped == expected


def test_files_among_the_versions_of_a_data_set_are_passed_over(store: FolderStore) -> None:
    store.put(keys.dataset_version(RUN, 2), b"{}")
    expected, skipped = strays(store, keys.dataset_version(RUN)), set[str]()
    assert list(dataset_versions(store, RUN, skipped.add)) == [(2, keys.dataset_version(RUN, 2))]
    assert skipped == expected


READERS = {
    keys.recipe(RUN): lambda store: read_recipe_of(store, RUN),
    keys.dataset_version(RUN, 1): lambda store: read_dataset_version(store, keys.dataset_version(RUN, 1)),
    keys.listing(RUN, 0): lambda store: list(complete_pages(store, RUN, 0)),
    keys.verdict("anya", 1): lambda store: read_verdicts(store, "anya", 1),
}


@pytest.mark.parametrize("key", READERS)
@pytest.mark.parametrize("content", [b"", b'{"name": "an', b"\xff", b"null", b"[]", b"{}", b"[" * 100_000, b"\0" * 99])
def test_a_damaged_record_is_named_with_what_is_wrong_and_what_to_do(
    store: FolderStore, key: str, content: bytes
) -> None:
    store.put(key, content)
    with pytest.raises(Unreadable) as refused:
        READERS[key](store)
    reason = str(refused.value)
    assert reason.startswith(f"{key} ")
    assert "run" in refused.value.remedy
    assert len(reason.splitlines()) == 1
    assert len(reason) < 400
    assert exit_code(refused.value) == 1


@pytest.mark.parametrize("key", READERS)
def test_a_record_that_is_not_there_is_not_found(store: FolderStore, key: str) -> None:
    with pytest.raises(NotFound):
        READERS[key](store)


def test_a_recipe_of_a_newer_version_is_named_with_its_field(store: FolderStore, recipe: Recipe) -> None:
    for more, place in (({"sharpness": 1}, "sharpness"), ({"upscaling": {"model": "waifu3x"}}, "upscaling.model")):
        store.put(keys.recipe(RUN), json.dumps(recipe.model_dump(mode="json") | more).encode())
        with pytest.raises(Unreadable, match=f"recipes/anya-001.json .* another version of Magritte: {place}: "):
            read_recipe_of(store, RUN)


def test_a_recipe_with_a_number_that_was_not_finite_cannot_be_read(store: FolderStore, recipe: Recipe) -> None:
    body = recipe.model_dump(mode="json") | {"pictures": {"elongation": None}}
    store.put(keys.recipe(RUN), json.dumps(body).encode())
    with pytest.raises(Unreadable, match=r"pictures\.elongation: Input should be a valid number"):
        read_recipe_of(store, RUN)


def test_names_that_are_no_utf_8_are_read(store: FolderStore) -> None:
    entries = {ENTRY: {"origin": "caf\udce9.png", "image": IMAGE}}
    store.put(keys.listing(RUN, 0), json.dumps({"entries": entries, "count": 1}).encode())
    assert [page.entries for page in complete_pages(store, RUN, 0)] == [entries]


def test_what_cannot_be_read_is_not_tried_again(store: FolderStore) -> None:
    error: MagritteError = Unreadable("a is damaged", "Delete it")
    assert isinstance(error, Poison)
    assert str(error) == "a is damaged. Delete it"
