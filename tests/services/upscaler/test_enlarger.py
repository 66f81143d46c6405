from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Resampling

from services.upscaler.enlarger import Enlarger
from services.upscaler.super_resolution import CPU, TILE
from shared.contract.errors import Unusable
from shared.pictures import flatten
from shared.recipe.upscaling import UpscalingModel
from tests.services.upscaler.conftest import LIBRARY

Drawing = Callable[[int], Image.Image]
Library = Callable[[str], None]

MODEL = UpscalingModel.CUNET
NONE = -1


@pytest.fixture(scope="module")
def enlarger() -> Iterator[Enlarger]:
    enlarger = Enlarger(CPU)
    yield enlarger
    enlarger.close()


@pytest.fixture
def any_device() -> Iterator[Enlarger]:
    enlarger = Enlarger()
    yield enlarger
    enlarger.close()


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float)).mean())


@pytest.mark.parametrize("noise", [-1, 0, 1, 2, 3])
@pytest.mark.parametrize("model", list(UpscalingModel))
def test_every_model_draws_what_it_is_given_on_the_cpu(enlarger: Enlarger, model: UpscalingModel, noise: int) -> None:
    enlarger.prove(model, noise)


@pytest.mark.parametrize("model", list(UpscalingModel))
def test_a_face_is_doubled_and_stays_the_same_face(enlarger: Enlarger, model: UpscalingModel, face: Drawing) -> None:
    small = face(64)
    large = enlarger.double(small, model, 1)
    assert (large.mode, large.size) == ("RGB", (128, 128))
    assert 0 < difference(large, small.resize((128, 128), Resampling.BICUBIC)) < 16


@pytest.mark.parametrize("model", [UpscalingModel.CUNET, UpscalingModel.UPCONV_ANIME])
def test_strokes_are_nearer_to_the_large_drawing_than_bicubic_ones(
    enlarger: Enlarger, model: UpscalingModel, face: Drawing
) -> None:
    small, true = face(96), face(192)
    ours = enlarger.double(small, model, NONE)
    assert difference(ours, true) < difference(small.resize((192, 192), Resampling.BICUBIC), true)


@pytest.mark.parametrize("background", ["#ffffff", "#000000", "#804020"])
def test_the_outline_of_a_sprite_is_nearer_to_the_large_one_on_any_background(
    enlarger: Enlarger, sprite: Drawing, background: str
) -> None:
    small, true = sprite(96), flatten(sprite(192), background)
    ours = flatten(enlarger.double(small, MODEL, NONE), background)
    plain = flatten(small.convert("RGBa").resize((192, 192), Resampling.BICUBIC).convert("RGBA"), background)
    assert difference(ours, true) < difference(plain, true)


def test_colours_that_nobody_sees_make_no_difference(enlarger: Enlarger, sprite: Drawing) -> None:
    black = sprite(64)
    flat = np.array(black)
    flat[flat[:, :, 3] == 0, :3] = (255, 255, 255)
    one, other = (enlarger.double(each, MODEL, 1) for each in (black, Image.fromarray(flat)))
    assert one.tobytes() == other.tobytes()


def test_a_plain_part_of_a_sprite_stays_opaque_and_what_is_around_it_transparent(enlarger: Enlarger) -> None:
    sprite = Image.new("RGBA", (48, 48))
    sprite.paste((200, 60, 30, 255), (12, 12, 36, 36))
    large = enlarger.double(sprite, MODEL, NONE)
    assert large.getchannel("A").crop((32, 32, 64, 64)).getextrema() == (255, 255)
    assert large.getchannel("A").crop((0, 0, 16, 16)).getextrema() == (0, 0)
    assert difference(large.convert("RGB").crop((32, 32, 64, 64)), Image.new("RGB", (32, 32), (200, 60, 30))) < 2


def test_an_opaque_picture_with_an_alpha_channel_is_doubled_like_one_without(enlarger: Enlarger, face: Drawing) -> None:
    large = enlarger.double(face(48).convert("RGBA"), MODEL, 1)
    assert large.getchannel("A").getextrema() == (255, 255)
    assert large.convert("RGB").tobytes() == enlarger.double(face(48), MODEL, 1).tobytes()


@pytest.mark.parametrize("side", [TILE + 1, TILE + 4, 2 * TILE])
def test_a_transparent_picture_of_several_tiles_is_doubled(enlarger: Enlarger, face: Drawing, side: int) -> None:
    clear = face(side)
    clear.putalpha(128)
    large = enlarger.double(clear, UpscalingModel.UPCONV_ANIME, 1)
    assert (large.mode, large.size) == ("RGBA", (2 * side, 2 * side))
    assert large.getchannel("A").getextrema() == pytest.approx((128, 128), abs=2)


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (50, 3)])
def test_odd_shapes_are_doubled(enlarger: Enlarger, face: Drawing, size: tuple[int, int]) -> None:
    assert enlarger.double(face(50).crop((0, 0, *size)), MODEL, 0).size == (2 * size[0], 2 * size[1])


def test_threads_get_their_own_pictures_back(enlarger: Enlarger, face: Drawing) -> None:
    pictures = [face(side) for side in (32, 40, 48, 32, 40, 48)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda picture: enlarger.double(picture, MODEL, 1), pictures))
    assert [picture.size[0] for picture in together] == [64, 80, 96, 64, 80, 96]
    assert together[0].tobytes() == together[3].tobytes() != together[1].tobytes()


def test_the_default_device_works(any_device: Enlarger) -> None:
    any_device.prove(MODEL, 1)


@pytest.mark.parametrize(
    ("broken", "text"),
    [("nothing", "116 levels off"), ("mirrored", "levels off"), ("same", r"\(128, 128\) pixels of RGB, instead of")],
)
def test_a_model_that_fails_in_silence_is_refused(
    library: Library, any_device: Enlarger, broken: str, text: str
) -> None:
    library(LIBRARY.format(on_gpu=broken, on_cpu=broken, gpus=None))
    with pytest.raises(Unusable, match=text):
        any_device.prove(MODEL, 1)


def test_a_library_that_ends_its_process_is_refused(library: Library, any_device: Enlarger) -> None:
    library(LIBRARY.format(on_gpu="dying", on_cpu="dying", gpus=None))
    with pytest.raises(Unusable, match="the process ends in which the model cunet enlarges"):
        any_device.prove(MODEL, 1)


def test_a_result_that_the_library_does_not_give_is_refused_with_its_reason(
    library: Library, any_device: Enlarger
) -> None:
    library(LIBRARY.format(on_gpu="print", on_cpu="print", gpus=None))
    with pytest.raises(Unusable, match="cunet: load model fail"):
        any_device.prove(MODEL, 1)


def test_what_the_library_prints_is_not_said_in_our_name(
    library: Library, any_device: Enlarger, capfd: pytest.CaptureFixture[str]
) -> None:
    library(LIBRARY.format(on_gpu="print", on_cpu="bicubic", gpus=None))
    any_device.prove(MODEL, 1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("broken", ["nothing", "dying"])
def test_the_cpu_is_used_where_vulkan_fails_or_ends_the_process(
    library: Library, any_device: Enlarger, broken: str
) -> None:
    library(LIBRARY.format(on_gpu=broken, on_cpu="bicubic", gpus=["NVIDIA H100"]))
    any_device.prove(MODEL, 1)


@pytest.mark.parametrize("devices", [["NVIDIA H100"], ["llvmpipe (LLVM 15.0.6, 256 bits)", "NVIDIA H100"]])
def test_a_vulkan_device_is_used_where_it_works(library: Library, any_device: Enlarger, devices: list[str]) -> None:
    library(LIBRARY.format(on_gpu="bicubic", on_cpu="nothing", gpus=devices))
    any_device.prove(MODEL, 1)


def test_a_simulated_vulkan_device_is_passed_over(library: Library, any_device: Enlarger) -> None:
    library(LIBRARY.format(on_gpu="nothing", on_cpu="bicubic", gpus=["llvmpipe (LLVM 15.0.6, 256 bits)"]))
    any_device.prove(MODEL, 1)


def test_a_missing_system_library_is_refused_with_the_remedy(library: Library, any_device: Enlarger) -> None:
    library("raise ImportError('libgomp.so.1: cannot open shared object file')\n")
    with pytest.raises(Unusable, match=r"apt-get install libgomp1 \(libgomp\.so\.1"):
        any_device.prove(MODEL, 1)


def test_one_file_knows_the_library() -> None:
    root = Path(__file__).parents[3]
    files = [path for folder in ("services", "shared") for path in (root / folder).rglob("*.py")]
    assert [path.name for path in files if "import sr_vulkan" in path.read_text()] == ["super_resolution.py"]
