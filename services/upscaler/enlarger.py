"""Doubles pictures in child processes, on a Vulkan device that works or on the CPU."""

from collections.abc import Callable
from contextlib import closing
from threading import Lock

from PIL import Image

from services.upscaler.likeness import pattern
from services.upscaler.super_resolution import CPU, doubled, vulkan_device
from shared.child_processes import ChildProcesses, after
from shared.contract.errors import Interrupted, Transient, Unusable
from shared.recipe.upscaling import UpscalingModel

CHILDREN_ON_A_GPU = 2
"""Child processes on a GPU: one computes as the other moves pictures; each takes graphics memory of its own."""

SELF_TEST_SECONDS = 120.0
"""Time to double a small pattern, and for a Vulkan driver to list its devices; a driver that hangs is not used."""


class Enlarger:
    """Doubles pictures. The device is chosen, and shown to work, when the first one comes.

    `device` is a Vulkan device's number or `CPU`; by default the first Vulkan device if it works, else the CPU.
    May be used from several threads at once.
    """

    def __init__(self, device: int | None = None) -> None:
        self._device = device
        self._children: ChildProcesses | None = None
        self._lock = Lock()

    def double(
        self, image: Image.Image, model: UpscalingModel, noise: int, given_up: Callable[[], bool] = lambda: False
    ) -> Image.Image:
        """Return `image` (RGB or RGBA) at twice its size.

        Raises `Unusable` when the model does not work here, and `Interrupted` once `given_up` is true.
        """
        children = self._started(model, noise)
        assert self._device is not None
        return children.run(given_up, doubled, image, self._device, model, noise)

    def prove(self, model: UpscalingModel, noise: int) -> None:
        """Double a known pattern by `model`; raises `Unusable` when what comes back is not the pattern."""
        try:
            self.double(pattern(), model, noise, after(SELF_TEST_SECONDS))
        except Transient as error:
            raise Unusable(f"the process ends in which the model {model} enlarges") from error
        except Interrupted as error:
            raise Unusable(f"the model {model} has not enlarged a small picture in {SELF_TEST_SECONDS:g} s") from error

    def close(self) -> None:
        """End the child processes."""
        with self._lock:
            children, self._children = self._children, None
        if children is not None:
            children.close()

    def _started(self, model: UpscalingModel, noise: int) -> ChildProcesses:
        with self._lock:
            if self._children is None:
                if self._device is None:
                    self._device = _working_device(model, noise)
                self._children = ChildProcesses(None if self._device == CPU else CHILDREN_ON_A_GPU)
            return self._children


def _working_device(model: UpscalingModel, noise: int) -> int:
    """Return the first Vulkan device if it works, else `CPU`; tried in a child of its own, as a driver may end it."""
    with closing(ChildProcesses(1)) as probe:
        try:
            given_up = after(SELF_TEST_SECONDS)
            device = probe.run(given_up, vulkan_device)
            if device is not None:
                probe.run(given_up, doubled, pattern(), device, model, noise)
        except (Transient, Interrupted, Unusable):
            return CPU
        return CPU if device is None else device
