"""Abilities of the device that trains: its memory, and the number of pictures that fit into it. Needs TensorFlow."""

import os
import subprocess
from math import prod
from pathlib import Path

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from shared.contract.errors import Poison
from shared.recipe.hyperparameters import Precision
from shared.stylegan2.architecture import Architecture, discriminator_shapes, generator_shapes
from shared.stylegan2.backend import HAS_ACCELERATOR, Tensor
from shared.stylegan2.picture_set import PictureSet, chunks

_BFLOAT16_FROM = (8, 0)  # compute capability: Ampere
_CHUNK = 256  # pictures
_USED = 0.8  # of the memory: the rest is for what the libraries need
_COPIES_OF_WEIGHTS = 6  # values, gradients, moments, and what updating them takes, of G and D; and Gs
_COPIES_OF_MAPS = 20
"""Most copies of one network's feature maps that are in memory at once. Measured on a CPU: 17, and 20 with ADA."""

_FOR_PICTURES = 0.25  # of the memory at most

_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def has_bfloat16() -> bool:
    """Say whether all GPUs compute in bfloat16; False without one."""
    details = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return bool(details) and all(each.get("compute_capability", (0, 0)) >= _BFLOAT16_FROM for each in details)


def memory_bytes() -> int:
    """Return the bytes of the smallest GPU's memory; without one the computer's, or what a container may use of it.

    All of it, even what is in use at the moment: a training that is resumed has to be shared out as before.
    """
    return _memory_of_gpus() if HAS_ACCELERATOR else _memory_of_computer()


def count() -> int:
    """Count the devices that share a minibatch: all GPUs, or the CPU."""
    return max(len(tf.config.list_physical_devices("GPU")), 1)


def pictures_at_once(architecture: Architecture, share: int, precision: Precision, memory: int) -> int:
    """Return the largest part of a device's `share` of a minibatch that fits, in whole minibatch-stddev groups.

    Return one group where not even that fits.
    """
    group = min(architecture.mbstd_group_size, share)
    sizes = [size for size in range(group, share + 1, group) if share % size == 0]
    room = memory * _USED - bytes_of_weights(architecture)
    fitting = [size for size in sizes if size * bytes_of_picture(architecture, precision) <= room]
    return max(fitting, default=min(sizes))


class DevicePictures:
    """A whole set of pictures in the device's memory, from where minibatches are taken without a copy through ours."""

    def __init__(self, pictures: PictureSet) -> None:
        with tf.device("CPU"):  # piece by piece: the device need not hold them twice
            parts = [tf.convert_to_tensor(chunk) for chunk in chunks(pictures, _CHUNK)]
            whole = tf.concat(parts, axis=0)
        self._pictures = tf.identity(whole)

    def __getitem__(self, indices: NDArray[np.intp]) -> Tensor:
        """Return these pictures, uint8 [n, H, W, C], on the device."""
        return ops.take(self._pictures, indices, axis=0)


def fits(bytes_of_pictures: int, memory: int) -> bool:
    """Say whether `bytes_of_pictures` leave a device with `memory` bytes enough room for training."""
    return bytes_of_pictures <= memory * _FOR_PICTURES


def bytes_of_weights(architecture: Architecture) -> int:
    """Return the bytes of all networks' weights and of what the optimizers know of them."""
    shapes = [*generator_shapes(architecture).values(), *discriminator_shapes(architecture).values()]
    return 4 * _COPIES_OF_WEIGHTS * sum(map(prod, shapes))


def bytes_of_picture(architecture: Architecture, precision: Precision) -> int:
    """Return the most bytes that a step needs for each picture that it takes at once."""
    maps = sum(side**2 * max(architecture.fmaps(side), architecture.d_fmaps(side)) for side in architecture.sides)
    return maps * _COPIES_OF_MAPS * (2 if precision is Precision.BFLOAT16 else 4)


def _memory_of_gpus() -> int:
    # TensorFlow tells how much it uses, and not how much there is.
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        return min(int(line) for line in output.split()) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Poison(f"training.minibatch_gpu: auto needs nvidia-smi to tell the GPU's memory ({error})") from error


def _memory_of_computer() -> int:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [path.read_text().strip() for path in _CGROUP_LIMITS if path.is_file()]
    return min([whole, *(int(limit) for limit in limits if limit.isdecimal())])
