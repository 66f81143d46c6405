from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import Poison, RecipeError
from shared.recipe.detectors import Cascade, DetectorKind, Onnx
from shared.recipe.faces import Faces
from shared.recipe.files import content, deposited, with_addresses
from shared.recipe.recipe import Recipe
from shared.recipe.sources import AddressesSource, FolderSource
from shared.recipe.training import Training
from shared.store import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def recipe(folder: Path) -> Recipe:
    """Return a recipe that names a file of each kind, and write them."""
    (folder / "list.txt").write_text("\ufeffhttp://a.example/1.png\nhttp://a.example/2.png # the second\n", "utf-8")
    (folder / "cascade.xml").write_bytes(b"<cascade/>")
    (folder / "faces.onnx").write_bytes(b"layers")
    (folder / "network.npz").write_bytes(b"weights")
    return Recipe(
        name="anya",
        sources=(FolderSource(folder=folder), AddressesSource(urls=folder / "list.txt")),
        faces=Faces(
            detector=DetectorKind.CASCADE,
            cascade=Cascade(model=str(folder / "cascade.xml")),
            onnx=Onnx(model=str(folder / "faces.onnx")),
        ),
        training=Training(start_from=folder / "network.npz"),
    )


def test_a_submitted_recipe_names_no_file_of_this_machine(store: FolderStore, tmp_path: Path) -> None:
    original = recipe(tmp_path)
    submitted = deposited(original, store)
    for path in ("list.txt", "cascade.xml", "faces.onnx", "network.npz"):
        assert path not in submitted.model_dump_json()
        (tmp_path / path).unlink()
    assert submitted.training.start_from is not None
    assert content(submitted.training.start_from, store, "training.start_from") == b"weights"
    assert content(submitted.faces.cascade.model, store, "faces.cascade.model") == b"<cascade/>"
    assert content(submitted.faces.onnx.model, store, "faces.onnx.model") == b"layers"
    listed = with_addresses(submitted.sources[1], store)
    assert isinstance(listed, AddressesSource)
    assert listed.urls == ("http://a.example/1.png", "http://a.example/2.png # the second")


def test_a_submitted_recipe_survives_its_way_through_the_store(store: FolderStore, tmp_path: Path) -> None:
    submitted = deposited(recipe(tmp_path), store)
    assert Recipe.model_validate_json(submitted.model_dump_json()) == submitted
    assert deposited(submitted, store) == submitted


def test_the_same_files_make_the_same_recipe_wherever_they_lie(store: FolderStore, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    one, two = deposited(recipe(tmp_path), store), deposited(recipe(other), store)
    assert (one.training, one.faces, one.sources[1]) == (two.training, two.faces, two.sources[1])
    assert len(list(store.list("files/"))) == 4


def test_what_is_no_file_is_left_as_it_is(store: FolderStore, tmp_path: Path) -> None:
    original = Recipe(
        name="anya",
        sources=(FolderSource(folder=tmp_path), AddressesSource(urls=("http://a.example/1.png",))),
        faces=Faces(cascade=Cascade(model="https://a.example/cascade.xml", sha256="0" * 64)),
    )
    assert deposited(original, store) == original
    assert [with_addresses(source, store) for source in original.sources] == list(original.sources)


def test_a_file_that_is_gone_when_the_recipe_is_submitted_is_named(store: FolderStore, tmp_path: Path) -> None:
    original = recipe(tmp_path)
    (tmp_path / "cascade.xml").unlink()
    with pytest.raises(RecipeError, match=r"faces\.cascade\.model: .*cascade\.xml cannot be read: No such file"):
        deposited(original, store)


def test_a_file_that_is_gone_from_the_store_is_named(store: FolderStore, tmp_path: Path) -> None:
    submitted = deposited(recipe(tmp_path), store)
    for key in list(store.list("files/")):
        store.delete(key)
    with pytest.raises(Poison, match=r"sources\.urls: sha256:\w+ is not in the store: submit the recipe again"):
        with_addresses(submitted.sources[1], store)


def test_a_recipe_of_before_files_were_submitted_is_still_read(store: FolderStore, tmp_path: Path) -> None:
    original = recipe(tmp_path)
    assert original.training.start_from == tmp_path / "network.npz"
    assert content(tmp_path / "network.npz", store, "training.start_from") == b"weights"
    assert keys.file("0" * 64) == "files/00/" + "0" * 64


def test_a_file_that_is_damaged_in_the_store_is_named_and_mended_by_submitting_again(
    store: FolderStore, tmp_path: Path
) -> None:
    original = recipe(tmp_path)
    submitted = deposited(original, store)
    for key in list(store.list("files/")):
        store.put(key, b"")
    with pytest.raises(Poison, match=r"sources\.urls: sha256:\w+ is damaged in the store: submit the recipe again"):
        with_addresses(submitted.sources[1], store)
    assert deposited(original, store) == submitted
    assert with_addresses(submitted.sources[1], store) != submitted.sources[1]
