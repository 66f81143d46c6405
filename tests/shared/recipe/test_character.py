"""The recipe's section on the character: what it refuses, and what becomes of its files."""

import hashlib
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import RecipeError
from shared.recipe.character import Character, reference_files
from shared.recipe.file import read_recipe
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.store import FolderStore


def read(folder: Path, character: str) -> Recipe:
    (folder / "pictures").mkdir(exist_ok=True)
    path = folder / "recipe.yaml"
    path.write_text(f"name: anya\nsources:\n  - folder: ./pictures\ncharacter: {character}\n")
    return read_recipe(path)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    folder = tmp_path / "faces"
    folder.mkdir()
    for name in ("b.png", "a.JPG", "notes.txt"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_nothing_is_checked_by_default(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "recipe.yaml").write_text("name: anya\nsources: [{folder: ./pictures}]\n")
    character = read_recipe(tmp_path / "recipe.yaml").character
    assert character == Character()
    assert (character.like, character.hair, character.eyes) == (None, (), ())


@pytest.mark.parametrize(
    ("character", "words"),
    [
        ('{hair: "#7a5230"}', "character.hair: write a list, even of one"),
        ("{hair: [brown]}", "character.hair"),
        ('{eyes: ["#7a523"]}', "character.eyes"),
        ("{tolerance: 0}", "character.tolerance"),
        ("{like: ./nowhere}", "there is no folder"),
        ("{like: ./pictures}", "has 0 pictures: put about ten faces into it, at most 50"),
        ("{tags: anya}", "character.tags: write a list, even of one"),
        ("{tags: [anya]}", "character: tags: no source tells tags: neither `folder` nor `urls` does"),
        ("{embedding: {model: ./nowhere.onnx}}", "character.embedding.model: there is no file"),
        ("{embedding: {model: lbpcascade_animeface}}", "lbpcascade_animeface is a face detector (OpenCV cascade)"),
        ("{embedding: {model: 'https://a.example/m.onnx'}}", "name a folder with about ten in `like`"),
        ("{tagger: {model: ./nowhere.onnx, tags_file: ./pictures}}", "character.tagger.model: there is no file"),
        ("{tagger: {model: 'https://a.example/m.onnx'}}", "character.tagger: tags_file: the model's list of tags is"),
        ("{tagger: {tags_file: 'https://a.example/tags.txt'}}", "fetch this list and write its path"),
        ("{tagger: {input: rgb}}", "character.tagger.input"),
        ("{beard: 1}", "no such field; allowed are"),
    ],
)
def test_what_cannot_be_used_is_named_with_line_and_field(tmp_path: Path, character: str, words: str) -> None:
    with pytest.raises(RecipeError) as refused:
        read(tmp_path, character)
    assert "recipe.yaml:4: character" in str(refused.value)
    assert words in str(refused.value)


def test_tags_are_for_a_recipe_with_a_source_that_tells_some(tmp_path: Path) -> None:
    text = "name: anya\nsources: [{folder: ./pictures}, {danbooru: {tags: [anya]}}]\ncharacter: {tags: [anya]}\n"
    (tmp_path / "pictures").mkdir()
    (tmp_path / "recipe.yaml").write_text(text)
    assert read_recipe(tmp_path / "recipe.yaml").character.tags == ("anya",)


def test_a_tagger_tells_tags_where_no_source_does(tmp_path: Path) -> None:
    for name in ("m.onnx", "tags.txt"):
        (tmp_path / name).write_text(name)
    tagger = "tagger: {model: ./m.onnx, tags_file: ./tags.txt}"
    others = "exclude: {tags: [comic]}\nlabels: {tags: [smile, frown]}"
    recipe = read(tmp_path, f"{{tags: [anya], {tagger}}}\n{others}")
    assert recipe.character.tagger.model == str(tmp_path / "m.onnx")
    submitted = deposited(recipe, FolderStore(tmp_path / "store")).character.tagger
    assert {submitted.model, submitted.tags_file} == {
        f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in ("m.onnx", "tags.txt")
    }


def test_excluded_tags_that_nobody_tells_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"character: exclude\.tags: no source tells tags"):
        read(tmp_path, "{tolerance: 20}\nexclude: {tags: [comic]}")


def test_reference_faces_are_the_pictures_in_the_folder_by_name(tmp_path: Path, faces: Path) -> None:
    assert read(tmp_path, "{like: ./faces}").character.like == faces
    assert [path.name for path in reference_files(faces)] == ["a.JPG", "b.png"]


def test_too_many_reference_faces_are_refused(tmp_path: Path, faces: Path) -> None:
    for number in range(60):
        (faces / f"{number}.png").write_bytes(b"")
    with pytest.raises(RecipeError, match="has 62 pictures"):
        read(tmp_path, "{like: ./faces}")


def test_a_submitted_recipe_has_the_faces_by_digest_whatever_they_are_called(tmp_path: Path, faces: Path) -> None:
    store, original = FolderStore(tmp_path / "store"), read(tmp_path, "{like: ./faces}")
    submitted = deposited(original, store)
    (faces / "b.png").rename(faces / "0.png")
    assert deposited(original, store) == submitted == Recipe.model_validate_json(submitted.model_dump_json())
    assert isinstance(submitted.character.like, tuple)
    found = {store.get(keys.file(name.removeprefix("sha256:"))) for name in submitted.character.like}
    assert found == {b"a.JPG", b"b.png"}


def test_a_model_that_is_not_on_this_machine_is_named_with_what_to_run(
    tmp_path: Path, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    with pytest.raises(RecipeError, match="run `magritte models get ccip-caformer-24-randaug-pruned`, or fetch"):
        read(tmp_path, "{like: ./faces, embedding: {model: ccip-caformer-24-randaug-pruned}}")


def test_a_submitted_recipe_has_the_model_by_digest(tmp_path: Path, faces: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"model")
    original = read(tmp_path, "{like: ./faces, embedding: {model: ./m.onnx}}")
    submitted = deposited(original, FolderStore(tmp_path / "store"))
    assert submitted.character.embedding.model == "sha256:" + hashlib.sha256(b"model").hexdigest()


def test_faces_that_are_gone_when_the_recipe_is_submitted_are_named(tmp_path: Path, faces: Path) -> None:
    original = read(tmp_path, "{like: ./faces}")
    for path in faces.iterdir():
        path.unlink()
    with pytest.raises(RecipeError, match=r"character\.like: .*faces has no picture"):
        deposited(original, FolderStore(tmp_path / "store"))
    faces.rmdir()
    with pytest.raises(RecipeError, match=r"character\.like: .*faces cannot be listed: No such file"):
        deposited(original, FolderStore(tmp_path / "store"))
