"""Runs with faces in them, for tests of what a person decides about these."""

from collections.abc import Callable

import pytest
from click.testing import Result

from shared.contract.messages import (
    FaceNormalized,
    FacesCounted,
    ImageFetched,
    ImageKept,
)
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, note

Magritte = Callable[..., Result]
ENTRIES = [f"{number:020x}" for number in range(3)]
IMAGES = ["0b" * 32, "0c" * 32, "0b" * 32]
NAMES = ["a/one.png", "a/two.png", "b/one.png"]


@pytest.fixture
def faces(store: FolderStore, run: str) -> str:
    """A run of three pictures of one face each, two of which are the same."""
    found = {entry: {"origin": name, "image": image} for entry, name, image in zip(ENTRIES, NAMES, IMAGES, strict=True)}
    for number, (entry, image) in enumerate(zip(ENTRIES, IMAGES, strict=True)):
        take(store, run, number, entry, image)
    note(store, "scraper", list_entries(store, run, found))
    return run


def take(store: FolderStore, run: str, number: int, entry: str, image: str) -> None:
    """Write down that a picture has come into a run, with one face."""
    about = {"run": run, "entry": entry, "image": image}
    note(
        store,
        "some-stage",
        ImageFetched.model_validate(about | {"source": 0}),
        ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1}),
        FacesCounted.model_validate(about | {"faces": 1}),
        FaceNormalized.model_validate(about | {"face": 0, "picture": image}),
    )


def done(result: Result) -> str:
    assert result.exit_code == 0, result.exception
    return result.stdout
