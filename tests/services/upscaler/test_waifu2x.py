from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from services.upscaler.waifu2x import CPU, LARGEST_DIFFERENCE, TILE, Waifu2x
from shared.contract.errors import Unusable
from shared.recipe.upscaling import Waifu2xModel
from tests.services.upscaler.conftest import CUNET_DRAWS_NONSENSE

Face = Callable[[int], Image.Image]
Library = Callable[[str], None]

FAILING = """
import os
from types import SimpleNamespace
from PIL import Image

def nothing(image):
    return Image.new(image.mode, (2 * image.width, 2 * image.height))

def bicubic(image):
    return image.resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC)

def same(image):
    return image

def dying(image):
    os._exit(1)

ON_GPU, ON_CPU, GPUS = {on_gpu}, {on_cpu}, {gpus}
waifu2x_ncnn_vulkan = SimpleNamespace(wrapped=SimpleNamespace(get_gpu_count=lambda: GPUS))

class Waifu2x:
    def __init__(self, gpuid, **_):
        self.process_pil = ON_CPU if gpuid == -1 else ON_GPU
"""


@pytest.fixture(scope="module")
def waifu2x(installed: None) -> Iterator[Waifu2x]:
    waifu2x = Waifu2x(CPU)
    yield waifu2x
    waifu2x.close()


@pytest.fixture
def any_device() -> Iterator[Waifu2x]:
    waifu2x = Waifu2x()
    yield waifu2x
    waifu2x.close()


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float)).mean())


@pytest.mark.parametrize("model", list(Waifu2xModel))
@pytest.mark.parametrize("noise", [-1, 3])
def test_every_model_works_on_the_cpu(waifu2x: Waifu2x, model: Waifu2xModel, noise: int) -> None:
    if model is Waifu2xModel.CUNET and CUNET_DRAWS_NONSENSE:
        pytest.skip("on a CPU of this kind waifu2x's model cunet draws nonsense, which its self-test finds")
    waifu2x.prove(model.value, noise)


def test_a_face_is_doubled_and_stays_the_same_face(waifu2x: Waifu2x, model: str, face: Face) -> None:
    small = face(64)
    large = waifu2x.double(small, model, 1)
    assert (large.mode, large.size) == ("RGB", (128, 128))
    assert difference(large, small.resize((128, 128), Image.Resampling.BICUBIC)) < LARGEST_DIFFERENCE


def test_strokes_are_nearer_to_the_large_drawing_than_bicubic_ones(waifu2x: Waifu2x, model: str, face: Face) -> None:
    small, true = face(96), face(192)
    ours = waifu2x.double(small, model, -1)
    assert difference(ours, true) < difference(small.resize((192, 192), Image.Resampling.BICUBIC), true)


def test_transparency_is_enlarged_too_and_leaves_colours_alone(waifu2x: Waifu2x, model: str, face: Face) -> None:
    small = face(48)
    mask = Image.new("L", small.size)
    mask.paste(255, (12, 12, 36, 36))
    clear = small.copy()
    clear.putalpha(mask)
    large = waifu2x.double(clear, model, 1)
    assert large.mode == "RGBA"
    assert difference(large.getchannel("A"), mask.resize((96, 96), Image.Resampling.BICUBIC)) < 2
    assert difference(large.convert("RGB"), waifu2x.double(small, model, 1)) == 0


@pytest.mark.parametrize("side", [TILE + 1, TILE + 4, 2 * TILE])
def test_a_transparent_picture_of_several_tiles_is_doubled(waifu2x: Waifu2x, model: str, face: Face, side: int) -> None:
    clear = face(side)
    clear.putalpha(128)
    for _ in range(2):  # what is written beyond a picture's memory ends the process a little later
        large = waifu2x.double(clear, model, 1)
        assert (large.mode, large.size) == ("RGBA", (2 * side, 2 * side))


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (50, 3)])
def test_odd_shapes_are_doubled(waifu2x: Waifu2x, model: str, face: Face, size: tuple[int, int]) -> None:
    assert waifu2x.double(face(50).crop((0, 0, *size)), model, 0).size == (2 * size[0], 2 * size[1])


def test_threads_get_their_own_pictures_back(waifu2x: Waifu2x, model: str, face: Face) -> None:
    pictures = [face(side) for side in (32, 40, 48, 32, 40, 48)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda picture: waifu2x.double(picture, model, 1), pictures))
    assert [picture.size[0] for picture in together] == [64, 80, 96, 64, 80, 96]
    assert together[0].tobytes() == together[3].tobytes() != together[1].tobytes()


def test_a_library_that_ends_its_process_is_refused_and_says_nothing_in_our_name(
    waifu2x: Waifu2x, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unusable, match="ends the process"):
        waifu2x.prove("nonesuch", 1)
    assert capfd.readouterr() == ("", "")


def test_the_default_device_works(any_device: Waifu2x, model: str) -> None:
    any_device.prove(model, 1)


@pytest.mark.parametrize(("broken", "text"), [("nothing", "112 levels off"), ("same", r"\(32, 32\) pixels")])
def test_a_model_that_fails_in_silence_is_refused(
    library: Library, any_device: Waifu2x, broken: str, text: str
) -> None:
    library(FAILING.format(on_gpu=broken, on_cpu=broken, gpus=0))
    with pytest.raises(Unusable, match=text):
        any_device.prove("cunet", 1)


@pytest.mark.parametrize("broken", ["nothing", "dying"])
def test_the_cpu_is_used_where_vulkan_fails_or_ends_the_process(
    library: Library, any_device: Waifu2x, broken: str
) -> None:
    library(FAILING.format(on_gpu=broken, on_cpu="bicubic", gpus=1))
    any_device.prove("cunet", 1)


def test_vulkan_is_used_where_it_works(library: Library, any_device: Waifu2x) -> None:
    library(FAILING.format(on_gpu="bicubic", on_cpu="nothing", gpus=1))
    any_device.prove("cunet", 1)


def test_a_missing_system_library_is_refused_with_the_remedy(library: Library, any_device: Waifu2x) -> None:
    library("raise ImportError('libvulkan.so.1: cannot open shared object file')\n")
    with pytest.raises(Unusable, match=r"apt-get install libvulkan1 libomp5 \(libvulkan\.so\.1"):
        any_device.prove("cunet", 1)


def test_the_reason_is_named_although_the_package_hides_it(library: Library, any_device: Waifu2x) -> None:
    library(
        "try:\n    raise ImportError('libomp.so.5: cannot open')\n"
        "except ImportError:\n    import waifu2x_ncnn_vulkan_wrapper\n"
    )
    with pytest.raises(Unusable, match=r"libvulkan1 libomp5 \(libomp\.so\.5"):
        any_device.prove("cunet", 1)
