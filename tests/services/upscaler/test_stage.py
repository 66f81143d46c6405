import hashlib
import io
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from services.upscaler.stage import Upscaler
from services.upscaler.super_resolution import CPU
from shared.contract import keys
from shared.contract.errors import Interrupted, Unusable
from shared.contract.messages import FaceDropped, FaceFound, FaceUpscaled
from shared.contract.reasons import Reason
from shared.contract.stage import Action, Context
from shared.pictures import Picture, decode, encode_png
from shared.recipe.normalized import Normalized
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.recipe.upscaling import Upscaling, UpscalingModel
from shared.runtime.execution import action_of
from shared.store.folder import FolderStore

Face = Callable[[int], Image.Image]


def recipe(size: int = 64, **upscaling: Any) -> Recipe:
    return Recipe(
        name="margot",
        sources=(FolderSource(folder=Path("pictures")),),
        normalized=Normalized.model_validate({"size": size}),
        upscaling=Upscaling.model_validate(upscaling),
    )


@dataclass
class Bench:
    """The stage and a store; crops go in, messages come out."""

    stage: Upscaler
    store: FolderStore

    def found(self, data: bytes, side: int) -> FaceFound:
        crop = hashlib.sha256(data).hexdigest()
        self.store.put_new(keys.crop(crop), data)
        common: dict[str, Any] = {"run": "margot-1", "entry": "0" * 20, "image": self.original(data), "face": 2}
        return FaceFound(**common, crop=crop, box=(0, 0, side, side), side=side)

    def original(self, data: bytes) -> str:
        """Put the file that a crop was cut from, and return its digest."""
        digest = hashlib.sha256(data).hexdigest()
        self.store.put_new(keys.original(digest), data)
        return digest

    def made(self, message: FaceFound, recipe_used: Recipe) -> FaceUpscaled | FaceDropped:
        settings = self.stage.narrowed(self.stage.settings(recipe_used), message)
        (only,) = self.stage.process(message, settings, Context(self.store))
        assert isinstance(only, FaceUpscaled | FaceDropped)
        return only

    def picture(self, message: FaceUpscaled | FaceDropped) -> Picture:
        assert isinstance(message, FaceUpscaled)
        picture = decode(self.store.get(keys.crop(message.crop)))
        assert isinstance(picture, Picture)
        return picture

    def action(self, recipe_used: Recipe, side: int) -> Action | None:
        message = self.found(b"some crop", side)
        return action_of(self.stage, message, self.stage.narrowed(self.stage.settings(recipe_used), message))


@pytest.fixture(scope="module")
def stage() -> Iterator[Upscaler]:
    stage = Upscaler(CPU)
    yield stage
    stage.close()


@pytest.fixture
def bench(stage: Upscaler, tmp_path: Path) -> Bench:
    return Bench(stage, FolderStore(tmp_path / "store"))


@pytest.mark.parametrize(("side", "factor"), [(63, 2), (32, 2), (31, 4), (16, 4)])
def test_a_small_crop_is_doubled_until_it_is_large_enough(bench: Bench, face: Face, side: int, factor: int) -> None:
    made = bench.made(bench.found(encode_png(face(side)), side), recipe(64))
    assert isinstance(made, FaceUpscaled)
    assert (made.factor, made.face) == (factor, 2)
    assert bench.picture(made).image.size == (side * factor, side * factor)


def test_the_enlarged_crop_is_named_by_its_content(bench: Bench, face: Face) -> None:
    made = bench.made(bench.found(encode_png(face(40)), 40), recipe(64))
    assert isinstance(made, FaceUpscaled)
    assert hashlib.sha256(bench.store.get(keys.crop(made.crop))).hexdigest() == made.crop


def test_transparency_and_colour_profile_are_kept(bench: Bench, face: Face) -> None:
    image = face(40).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 20, 20))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = bench.picture(bench.made(bench.found(encode_png(image, profile), 40), recipe(64)))
    assert picture.profile == profile
    assert picture.image.getchannel("A").getextrema() == (0, 255)


def jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.mark.parametrize(("quality", "noise"), [(None, -1), (95, 0), (75, 1), (50, 2), (20, 3)])
def test_noise_is_reduced_by_what_the_original_was(bench: Bench, face: Face, quality: int | None, noise: int) -> None:
    crop = bench.found(encode_png(face(40)), 40)
    original = face(300) if quality is None else None
    stored = encode_png(original) if original else jpeg(face(300), quality or 0)
    message = crop.model_copy(update={"image": bench.original(stored)})
    automatic, told = (bench.picture(bench.made(message, recipe(64, noise=each))) for each in ("auto", noise))
    assert automatic.image.tobytes() == told.image.tobytes()


def test_the_strength_of_noise_reduction_matters(bench: Bench, face: Face) -> None:
    message = bench.found(encode_png(face(40)), 40)
    pictures = {bench.picture(bench.made(message, recipe(64, noise=noise))).image.tobytes() for noise in range(-1, 4)}
    assert len(pictures) == 5


def test_a_face_of_an_original_that_cannot_be_read_any_more_is_dropped_for_that_reason(
    bench: Bench, face: Face
) -> None:
    message = bench.found(encode_png(face(40)), 40)
    made = bench.made(message.model_copy(update={"image": bench.original(b"GIF89a")}), recipe(64))
    assert isinstance(made, FaceDropped)
    assert made.stage == "upscaler"


@pytest.mark.parametrize(("side", "enabled"), [(64, True), (500, True), (20, False)])
def test_a_crop_that_needs_nothing_goes_on_as_it_is_without_a_model(tmp_path: Path, side: int, enabled: bool) -> None:
    running = multiprocessing.active_children()
    bench = Bench(Upscaler(), FolderStore(tmp_path / "store"))
    recipe_used = recipe(64, enabled=enabled)
    if not enabled:
        bench.stage.setup(None, bench.stage.settings(recipe_used))
    message = bench.found(b"is not even looked at", side)
    made = bench.made(message, recipe_used)
    assert isinstance(made, FaceUpscaled)
    assert (made.crop, made.factor) == (message.crop, 1)
    assert multiprocessing.active_children() == running


@pytest.mark.parametrize("model", list(UpscalingModel))
def test_setup_proves_the_recipes_model(bench: Bench, model: UpscalingModel) -> None:
    bench.stage.setup(None, bench.stage.settings(recipe(64, model=model)))


def test_setup_without_a_recipe_proves_every_model_that_is_installed(bench: Bench) -> None:
    bench.stage.setup(None, None)


@pytest.mark.parametrize("known", [True, False])
def test_setup_refuses_a_machine_on_which_the_library_does_not_load(
    library: Callable[[str], None], known: bool
) -> None:
    library("raise ImportError('libgomp.so.1: cannot open shared object file')\n")
    stage = Upscaler()
    with pytest.raises(Unusable, match="apt-get install libgomp1"):
        stage.setup(None, stage.settings(recipe(64)) if known else None)
    stage.close()


@pytest.mark.parametrize(("model", "extra"), [("cunet", "upscaler"), ("realcugan", "realcugan")])
def test_a_model_that_is_not_installed_is_refused_with_the_name_of_its_extra(
    bench: Bench, model: str, extra: str
) -> None:
    wanted = bench.stage.settings(recipe(64, model=model))
    lacking = wanted.model_copy(update={"model": wanted.model.model_copy(update={"library": None})})
    text = rf"{model} is not installed: install magritte\[{extra}\]"
    with pytest.raises(Unusable, match=text):
        bench.stage.setup(None, lacking)
    with pytest.raises(Unusable, match=text):
        bench.stage.narrowed(lacking, bench.found(b"a small crop", 40))
    assert bench.stage.narrowed(lacking, bench.found(b"a large crop", 64)).factor == 1


def test_a_crop_that_is_damaged_is_dropped_for_that_reason(bench: Bench, face: Face) -> None:
    data = encode_png(face(40))
    made = bench.made(bench.found(data[: len(data) // 2], 40), recipe(64))
    assert isinstance(made, FaceDropped)
    assert (made.face, made.stage, made.reason) == (2, "upscaler", Reason.TRUNCATED)


def test_asked_to_stop_it_leaves_the_crop_to_the_next_run(bench: Bench, face: Face) -> None:
    message = bench.found(encode_png(face(40)), 40)
    settings = bench.stage.narrowed(bench.stage.settings(recipe(64)), message)
    with pytest.raises(Interrupted):
        list(bench.stage.process(message, settings, Context(bench.store, stopping=lambda: True)))


def test_noise_is_reduced_the_first_time_only(bench: Bench, face: Face) -> None:
    twice = bench.picture(bench.made(bench.found(encode_png(face(32)), 32), recipe(128, noise=3))).image
    once = bench.picture(bench.made(bench.found(encode_png(face(32)), 32), recipe(64, noise=3)))
    again = bench.picture(bench.made(bench.found(encode_png(once.image), 64), recipe(128, noise=-1))).image
    assert twice.tobytes() == again.tobytes()


def test_what_the_model_is_matters_to_the_action_of_an_enlargement(bench: Bench) -> None:
    recipes = (
        recipe(64),
        recipe(128),
        recipe(64, noise=2),
        recipe(64, model="upconv_7_photo"),
        recipe(64, noise="auto", model="cunet"),
    )
    actions = [bench.action(recipe_used, side=40) for recipe_used in recipes]
    assert len({action.digest for action in actions if action}) == 5


def test_recipes_that_enlarge_a_crop_equally_have_the_same_action(bench: Bench) -> None:
    one, other = bench.action(recipe(64), side=40), bench.action(recipe(32), side=20)
    assert one is not None
    assert other is not None
    assert one.settings == other.settings


def test_a_crop_that_is_large_enough_needs_no_record(bench: Bench) -> None:
    for recipe_used in (recipe(64), recipe(512), recipe(64, noise=2), recipe(64, enabled=False)):
        assert bench.action(recipe_used, side=600) is None
    assert bench.action(recipe(512, enabled=False), side=20) is None
