import re
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import RecipeError
from shared.models.cache import ModelCache
from shared.models.catalogue import NAMED
from shared.recipe.file import read_recipe
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.store import FolderStore

CASCADE, PORTRAITS = NAMED["lbpcascade_animeface"], NAMED["danbooru2019-portraits"]
SHELF = Path(__file__).resolve().parents[4] / "shared" / "data"
CASCADE_BY_NAME = "faces: {cascade: {model: lbpcascade_animeface}}\n"
PORTRAITS_BY_NAME = "training: {start_from: danbooru2019-portraits}\n"

Read = Callable[[str], Recipe]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCache:
    """A cache of models without any."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    cache = ModelCache.of_this_machine()
    cache.folder.mkdir(parents=True)
    return cache


@pytest.fixture
def read(tmp_path: Path, cache: ModelCache) -> Read:
    """A recipe with the given lines, read from a file."""
    (tmp_path / "pictures").mkdir()

    def read(lines: str) -> Recipe:
        (tmp_path / "anya.yaml").write_text(f"name: anya\nsources: [{{folder: ./pictures}}]\n{lines}")
        return read_recipe(tmp_path / "anya.yaml")

    return read


@pytest.fixture
def cascade(cache: ModelCache) -> Path:
    """The cascade, in its place."""
    if not (SHELF / "lbpcascade_animeface.xml").is_file():
        pytest.skip(f"needs lbpcascade_animeface.xml in {SHELF}")
    return cache.add(CASCADE, SHELF / "lbpcascade_animeface.xml")


def test_a_model_by_name_is_read_as_its_path(read: Read, cascade: Path, cache: ModelCache) -> None:
    cache.usable(PORTRAITS).write_bytes(b"imported")
    recipe = read(CASCADE_BY_NAME + PORTRAITS_BY_NAME)
    assert recipe.faces.cascade.model == str(cascade)
    assert recipe.training.start_from == cache.usable(PORTRAITS)


def test_a_submitted_recipe_has_the_digest_of_a_model_and_is_read_without_it(
    read: Read, cascade: Path, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "store")
    submitted = deposited(read(CASCADE_BY_NAME), store)
    assert submitted.faces.cascade.model == f"sha256:{CASCADE.sha256}"
    content = cascade.read_bytes()
    cascade.unlink()
    assert Recipe.model_validate_json(submitted.model_dump_json()) == submitted
    assert store.get(keys.file(CASCADE.sha256)) == content


def test_a_model_that_is_not_here_is_named_with_what_to_run(read: Read, cache: ModelCache) -> None:
    with pytest.raises(RecipeError) as error:
        read(CASCADE_BY_NAME + PORTRAITS_BY_NAME)
    first, second = str(error.value).splitlines()
    assert "anya.yaml:3: faces.cascade.model: lbpcascade_animeface is not on this machine: run `magritte" in first
    assert first.endswith("and run `magritte models add lbpcascade_animeface FILE`")
    assert "anya.yaml:4: training.start_from: danbooru2019-portraits is not on this machine: open https" in second
    assert second.endswith(f"and at last `magritte weights import {cache.file(PORTRAITS)}`")


def test_a_snapshot_that_is_not_imported_is_named_with_what_to_run(read: Read, cache: ModelCache) -> None:
    cache.file(PORTRAITS).write_bytes(b"pickle")
    with pytest.raises(RecipeError, match=re.escape(f"not imported yet: run `magritte weights import {cache.folder}")):
        read(PORTRAITS_BY_NAME)


def test_a_damaged_model_is_not_taken(read: Read, cache: ModelCache) -> None:
    cache.file(CASCADE).write_bytes(b"something else")
    with pytest.raises(RecipeError, match=r"lbpcascade_animeface\.xml is damaged: run `magritte models get"):
        read(CASCADE_BY_NAME)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("faces: {cascade: {model: danbooru2019-portraits}}\n", "danbooru2019-portraits is a network to start"),
        ("training: {start_from: lbpcascade_animeface}\n", "lbpcascade_animeface is a face detector"),
        ("faces: {cascade: {model: lbpcascade}}\n", "there is no file .*/lbpcascade; by name there is lbpcascade_ani"),
        (
            "faces: {onnx: {model: lbpcascade_animeface}}\n",
            "face detector .OpenCV cascade.; by name there is anime-face",
        ),
        ("training: {start_from: portraits}\n", "there is no file .*/portraits; by name there is danbooru2019-por"),
        ("training: {start_from: ./danbooru2019-portraits}\n", "there is no file .*/danbooru2019-portraits"),
        ("faces: {cascade: {model: ./lbpcascade_animeface}}\n", "there is no file .*/lbpcascade_animeface;"),
    ],
)
def test_a_name_of_something_else_is_refused(read: Read, lines: str, problem: str) -> None:
    with pytest.raises(RecipeError, match=problem):
        read(lines)


def test_a_bare_name_is_the_model_and_a_path_the_file_in_the_folder(
    read: Read, cascade: Path, cache: ModelCache, tmp_path: Path
) -> None:
    for name in ("lbpcascade_animeface", "danbooru2019-portraits"):
        (tmp_path / name).write_bytes(b"a file of that name")
    cache.usable(PORTRAITS).write_bytes(b"imported")
    assert read(CASCADE_BY_NAME).faces.cascade.model == str(cascade)
    assert read(CASCADE_BY_NAME.replace("lbp", "./lbp")).faces.cascade.model == str(tmp_path / "lbpcascade_animeface")
    assert read(PORTRAITS_BY_NAME).training.start_from == cache.usable(PORTRAITS)
    by_path = read(PORTRAITS_BY_NAME.replace("dan", "./dan")).training.start_from
    assert by_path == tmp_path / "danbooru2019-portraits"


def test_a_face_detector_by_name_is_read_as_its_path(read: Read, cache: ModelCache, tmp_path: Path) -> None:
    lines = "faces: {detector: onnx, onnx: {model: anime-face-yolov8s}}\n"
    with pytest.raises(RecipeError, match="anime-face-yolov8s is not on this machine: run `magritte models get anime-"):
        read(lines)
    (tmp_path / "model.onnx").write_bytes(b"layers")
    file = cache.add(NAMED["anime-face-yolov8s"], tmp_path / "model.onnx")
    assert read(lines).faces.onnx.model == str(file) == str(cache.folder / "anime-face-yolov8s.onnx")


def test_the_preset_hand_made_calls_its_cascade_by_name(read: Read, cascade: Path) -> None:
    assert read("faces: {preset: hand-made}\n").faces.cascade.model == str(cascade)
    cascade.unlink()
    with pytest.raises(
        RecipeError, match=r"faces\.cascade\.model|faces: .*lbpcascade_animeface is not on this machine"
    ):
        read("faces: {preset: hand-made}\n")


def test_what_is_in_the_cache_is_not_used_unless_a_recipe_names_it(read: Read, cascade: Path) -> None:
    assert read("").faces.cascade.model == ""
