import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.normalizer.declaration import NormalizerEnvironment
from services.normalizer.stage import Normalizer
from shared.contract import keys
from shared.contract.errors import RecipeError, RunUnusable
from shared.contract.messages import FaceDropped, FaceNormalized, FaceUpscaled, Message
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.file import read_recipe
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.runtime.execution import action_of
from shared.store.folder import FolderStore
from tests.services.normalizer.matte_models import constant_model, red_model

RED, BLUE = (220, 40, 20), (20, 40, 220)


def crop(figure: int = 48) -> bytes:
    """A blue crop of 96 x 64 with a red figure of some width at its left."""
    picture, file = Image.new("RGB", (96, 64), BLUE), BytesIO()
    picture.paste(RED, (0, 0, figure, 64))
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "red.onnx"
    file.write_bytes(red_model())
    return file


def recipe(model: Path | str, pad: str = "#0a141e", **background: Any) -> Recipe:
    ways = {"model": str(model), "mean": (0, 0, 0), "deviation": (1, 1, 1), **background}
    sections = {"normalized": {"size": 64, "pad": pad}, "background": ways}
    return Recipe.model_validate({"name": "margot", "sources": [{"folder": "."}], **sections})


def message(store: FolderStore, data: bytes) -> FaceUpscaled:
    digest = hashlib.sha256(data).hexdigest()
    store.put_new(keys.crop(digest), data)
    return FaceUpscaled(run="margot-001", entry="0" * 20, image="a" * 64, face=0, crop=digest, factor=1)


def outcome(store: FolderStore, asked: Recipe, data: bytes, stage: Normalizer | None = None) -> Message:
    stage = stage or Normalizer()
    (found,) = stage.process(message(store, data), stage.settings(asked), Context(store))
    return found


def pixels(store: FolderStore, found: Message) -> np.ndarray[Any, np.dtype[np.uint8]]:
    assert isinstance(found, FaceNormalized)
    with Image.open(BytesIO(store.get(keys.normalized(found.picture)))) as picture:
        return np.asarray(picture)


def test_behind_the_face_there_is_what_pads_the_square(store: FolderStore, model: Path) -> None:
    seen = pixels(store, outcome(store, recipe(model), crop()))
    assert np.abs(seen[12:52, :30].astype(int) - RED).max() <= 2
    assert np.abs(seen[:, 34:].astype(int) - (10, 20, 30)).max() <= 2
    assert (seen[:10] == (10, 20, 30)).all()


def test_a_colour_of_its_own_can_be_behind_the_face(store: FolderStore, model: Path) -> None:
    seen = pixels(store, outcome(store, recipe(model, fill="#ffffff"), crop()))
    assert np.abs(seen[12:52, 34:].astype(int) - 255).max() <= 2
    assert (seen[:10] == (10, 20, 30)).all()


def test_a_submitted_recipe_needs_no_file_of_this_machine(store: FolderStore, model: Path) -> None:
    asked = recipe(model)
    submitted = deposited(asked, store)
    assert submitted.background.model == f"sha256:{hashlib.sha256(red_model()).hexdigest()}"
    expected = outcome(store, asked, crop())
    model.unlink()
    assert outcome(store, submitted, crop()) == expected


def test_the_action_knows_the_model_by_its_digest_and_what_is_made_of_it(store: FolderStore, model: Path) -> None:
    stage, face = Normalizer(), message(store, crop())

    def digest(asked: Recipe) -> str:
        return action_of(stage, face, stage.settings(asked)).digest

    plain = Recipe.model_validate({"name": "margot", "sources": [{"folder": "."}], "normalized": {"size": 64}})
    known = [
        digest(plain),
        digest(recipe(model)),
        digest(recipe(model, fill="blur")),
        digest(recipe(model, smallest=0.2)),
    ]
    elsewhere = model.with_name("copy.onnx")
    elsewhere.write_bytes(model.read_bytes())
    assert digest(recipe(elsewhere)) == known[1]
    model.write_bytes(red_model(gain=20))
    assert len({*known, digest(recipe(model))}) == 5


def test_a_face_without_a_figure_is_dropped_with_a_reason_of_its_own(store: FolderStore, model: Path) -> None:
    found = outcome(store, recipe(model), crop(2))
    assert isinstance(found, FaceDropped)
    assert found.reason is Reason.NO_FIGURE
    assert "2.1%" in found.detail
    assert "5.0%" in found.detail


def test_a_face_without_a_figure_can_be_kept_with_its_background(store: FolderStore, model: Path) -> None:
    seen = pixels(store, outcome(store, recipe(model, without_figure="keep"), crop(2)))
    assert np.abs(seen[12:52, 10:].astype(int) - BLUE).max() <= 2


def test_an_empty_matte_is_no_figure_however_small_one_may_be(store: FolderStore, model: Path) -> None:
    assert isinstance(outcome(store, recipe(model, smallest=0), crop(0)), FaceDropped)


def test_a_model_is_tried_before_the_first_picture(tmp_path: Path) -> None:
    useless = tmp_path / "useless.onnx"
    useless.write_bytes(constant_model(0.7))
    stage = Normalizer()
    with pytest.raises(RunUnusable, match=r"background\.model: .*sees no figures"):
        stage.setup(NormalizerEnvironment(), stage.settings(recipe(useless)))


def written(tmp_path: Path, background: str, normalized: str = "{}") -> Path:
    (tmp_path / "pictures").mkdir(exist_ok=True)
    file = tmp_path / "recipe.yaml"
    file.write_text(
        f"name: margot\nsources: [{{folder: ./pictures}}]\nnormalized: {normalized}\nbackground: {background}\n"
    )
    return file


def test_a_model_that_is_not_there_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    with pytest.raises(
        RecipeError, match=r"(?s)background.*isnet-anime is not on this machine: run `magritte models get"
    ):
        read_recipe(written(tmp_path, "{model: isnet-anime}"))
    with pytest.raises(RecipeError, match=r"(?s)background.*there is no file .*gone\.onnx"):
        read_recipe(written(tmp_path, "{model: ./gone.onnx}"))


def test_a_model_at_an_address_needs_its_digest(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"(?s)background.*`sha256` is needed"):
        read_recipe(written(tmp_path, '{model: "https://models.example/u2net.onnx"}'))


def test_a_background_cannot_be_filled_with_its_own_continuation(tmp_path: Path, model: Path) -> None:
    with pytest.raises(RecipeError, match=r"(?s)background.*`fill: pad` means normalized\.pad"):
        read_recipe(written(tmp_path, "{model: ./red.onnx}", "{pad: edge}"))
    assert read_recipe(written(tmp_path, "{model: ./red.onnx, fill: blur}", "{pad: edge}")).background.fill == "blur"
