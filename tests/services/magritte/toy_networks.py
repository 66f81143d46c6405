"""Networks of 8 px, data sets of noise, and runs that have them."""

import hashlib

import numpy as np

from shared.contract import keys
from shared.runs import trainings
from shared.runs.registry import run_recipe
from shared.store import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.example import encode_picture
from shared.stylegan2.tfrecords import frame
from shared.stylegan2.weights import Networks
from tests.shared.legs import pack, publish

DATASET = "0d" * 32
PICTURES = 10
SIZES = {"fmap_max": 8, "z_size": 6, "w_size": 5, "mapping_layers": 2, "mapping_fmaps": 7}


def networks(seed: int, **sizes: int) -> Networks:
    return Networks.fresh(Architecture(8, **SIZES | sizes), seed)


def level(pictures: np.ndarray) -> bytes:
    """Return the records of a level of a data set."""
    return b"".join(frame(encode_picture(picture.transpose(2, 0, 1))) for picture in pictures)


def noise(side: int = 8, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (PICTURES, side, side, channels), np.uint8)


def give_dataset(store: FolderStore, run: str) -> None:
    """Give a run a data set of noise with two levels."""
    pack(store, run, dataset=DATASET)
    store.put(keys.dataset(DATASET, "toy-r02.tfrecords"), level(noise(side=4)))
    store.put(keys.dataset(DATASET, "toy-r03.tfrecords"), level(noise()))


def give_snapshot(store: FolderStore, run: str, leg: int) -> None:
    """Give a run with a data set snapshot `leg` of its training, with networks of that seed."""
    training = trainings.training_digest(run_recipe(store, run).resolved_training, DATASET)
    content = network_file.dump(networks(seed=leg))
    files = dict.fromkeys(trainings.FILES, hashlib.sha256(content).hexdigest())
    snapshot = trainings.Snapshot(training=training, leg=leg, images=leg * 4000, files=files)
    store.put(snapshot.key(trainings.NETWORK), content)
    trainings.complete(store, snapshot)
    publish(store, run, snapshot, DATASET)
