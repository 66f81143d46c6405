"""Features of pictures for KID and FID, by an Inception network whose file the person supplies.

Only the graph of 2015 gives numbers that can be held against published ones; what else is taken is labelled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.errors import BadFile, DoesNotWork
from shared.stylegan2.grid import PictureArray
from shared.stylegan2.picture_set import PictureSet, chunks

COMPARABLE = "comparable with published numbers: the Inception graph of 2015"
OTHER_WEIGHTS = "not comparable with published numbers: other Inception weights"

ACCEPTED = (
    "accepted are classify_image_graph_def.pb of TensorFlow's inception-2015-12-05.tgz, and weights of Keras' "
    "InceptionV3 without its top layer (*_notop.h5, *.weights.h5)"
)

_HDF5 = b"\x89HDF\r\n\x1a\n"
_LARGEST_FILE = 1 << 30  # bytes; the graph of 2015 has 96 million
_WIDTH = 2048
_MINIBATCH = 32
_KERAS_SIDE = 299

_Network = Callable[[NDArray[np.float32]], Any]
"""Features [N, 2048] of pictures [N, H, W, 3], 0 .. 255."""


@dataclass(frozen=True)
class Inception:
    """A network that gives features; `comparable` says whether they are with published ones, `label` in a sentence."""

    comparable: bool
    label: str
    network: _Network

    def features(self, pictures: PictureSet) -> NDArray[np.float32]:
        """Compute features [N, 2048] of uint8 pictures [N, H, W, C]; grey ones are repeated to three channels."""
        return np.concatenate([self._features(chunk) for chunk in chunks(pictures, _MINIBATCH)])

    def _features(self, pictures: PictureArray) -> NDArray[np.float32]:
        coloured = np.repeat(pictures, 3, axis=3) if pictures.shape[3] == 1 else pictures
        return np.asarray(self.network(coloured.astype(np.float32)), np.float32)


def load(path: Path) -> Inception:
    """Load and try the network in a file. Raises BadFile for any other file, DoesNotWork for useless answers."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_HDF5))
        size = path.stat().st_size
    except OSError as error:
        raise BadFile(f"{path}: cannot be read: {error.strerror}") from error
    if size > _LARGEST_FILE:
        raise BadFile(f"{path}: larger than {_LARGEST_FILE >> 30} GiB: no Inception network is; {ACCEPTED}")
    try:
        found = _keras(path) if start == _HDF5 else _of_graph(path)
    except BadFile as error:
        raise BadFile(f"{path}: {error}; {ACCEPTED}") from error
    _try_out(found, path)
    return found


def _of_graph(path: Path) -> Inception:
    if path.suffix != ".pb":
        raise BadFile("is neither a frozen graph (*.pb) nor HDF5")
    from shared.stylegan2.quality import frozen_graph  # loads TensorFlow

    nodes = frozen_graph.read(path.read_bytes())
    comparable = frozen_graph.Structure.of(nodes) == frozen_graph.OF_2015
    return Inception(comparable, COMPARABLE if comparable else OTHER_WEIGHTS, frozen_graph.function(nodes))


def _keras(path: Path) -> Inception:
    import keras

    network = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(_KERAS_SIDE, _KERAS_SIDE, 3), pooling="avg"
    )
    try:
        network.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise BadFile(f"does not hold these weights ({str(error).splitlines()[0]})") from error

    def features(pictures: NDArray[np.float32]) -> Any:
        resized = keras.ops.image.resize(pictures, (_KERAS_SIDE, _KERAS_SIDE))
        return network.predict_on_batch(resized / 127.5 - 1)  # `inception_v3.preprocess_input`

    return Inception(False, OTHER_WEIGHTS, features)


def _try_out(inception: Inception, path: Path) -> None:
    """Raise DoesNotWork unless two pictures' features are finite and differ; damaged weights seldom fail otherwise."""
    noise = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
    flat = np.broadcast_to(np.linspace(0, 255, 64, dtype=np.uint8)[:, None, None], (1, 64, 64, 3))
    try:
        found = inception.features(np.concatenate([noise, flat]))
    except Exception as error:  # whatever TensorFlow has against shapes that do not fit
        raise DoesNotWork(f"{path}: the network cannot be computed: {str(error).splitlines()[0]}") from error
    if found.shape != (2, _WIDTH):
        raise DoesNotWork(f"{path}: {_WIDTH} features are wanted of each picture, and it gives {found.shape[1]}")
    if not np.isfinite(found).all():
        raise DoesNotWork(f"{path}: the features are not finite: the file is damaged")
    if np.allclose(found[0], found[1]):
        raise DoesNotWork(f"{path}: two different pictures have the same features: the file is damaged")
