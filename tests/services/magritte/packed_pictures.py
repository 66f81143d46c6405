"""Runs with a data set of drawn pictures and a manifest as the packer writes it, for tests of exports."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from services.magritte.exports.pictures import DataPicture, DataPictures
from services.tfrecord_packer.manifest import Member, member_name, write_manifest
from shared.contract import keys
from shared.contract.messages import DatasetPacked, FacesCounted
from shared.store import FolderStore
from tests.shared.ledgers import note

SIDE = 16
TAGS = {"general": ["blue_eyes", "o_o", "one,_two"], "character": ["anya_(spy_x_family)"], "artist": ["sasaki_(pen)"]}
CREATED = "2026-11-01T12:00:00Z"
POST = {
    "board": "b.example",
    "number": 7,
    "address": "https://b.example/posts/7",
    "tags": TAGS,
    "rating": "g",
    "created": CREATED,
}
BY_BOARD = {
    "source": "danbooru",
    "origin": "b.example 7",
    "artist": "sasaki",
    "tags": [tag for kind in TAGS.values() for tag in kind],
    "post": POST,
}
BY_FOLDER = {"source": "folder", "origin": "a/one.png", "place": "/home/somebody/a/one.png", "tags": ["smile"]}


def image_of(number: int) -> str:
    return f"{number:02x}" * 32


def drawn(number: int) -> np.ndarray:
    """Return a picture [H, W, 3] that no other number has."""
    return np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(drawn(number)).save(file, "PNG")
    return file.getvalue()


def pack(
    store: FolderStore, run: str, version: int, numbers: Sequence[int], labels: Mapping[int, str] | None = None
) -> list[Member]:
    """Give a run a version of its data set with these pictures, and return its members in order."""
    members = []
    for number in numbers:
        content, image = png(number), image_of(number)
        picture = hashlib.sha256(content).hexdigest()
        store.put(keys.normalized(picture), content)
        label = labels[number] if labels else None
        members.append(Member(member_name(image, 0), picture, image, image[:20], 0, label))
    digest, file = f"{version:02d}" * 32, io.BytesIO()
    places = {image_of(number): [BY_FOLDER if number % 2 else BY_BOARD] for number in numbers}
    write_manifest(file, digest, SIDE, members, lambda image: places[image], sorted(set((labels or {}).values())))
    store.put(keys.dataset(digest, keys.MANIFEST), file.getvalue())
    store.put(
        keys.dataset_version(run, version), json.dumps({"digest": digest, "parent": version - 1 or None}).encode()
    )
    note(store, "packer", DatasetPacked(run=run, version=version, digest=digest, changes=version))
    return members


def tell_tags(store: FolderStore, run: str, number: int, *tags: str) -> None:
    """Have a tagger tell tags of a picture."""
    image = image_of(number)
    note(store, "face-detector", FacesCounted(run=run, entry=image[:20], image=image, faces=1, tags=tags))


def data_pictures(
    store: FolderStore, run: str, numbers: Sequence[int], labels: Mapping[int, str] | None = None
) -> list[DataPicture]:
    """Return pictures as they are exported."""
    pack(store, run, 1, numbers, labels)
    manifest: Any = json.loads(store.get(keys.dataset("01" * 32, keys.MANIFEST)))
    return list(DataPictures(store, manifest, {image_of(number): ("hat",) for number in numbers}, threads=2))
