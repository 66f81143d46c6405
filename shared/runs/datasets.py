"""Data sets in the store: their pictures, and the classes of these."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shared.contract import keys
from shared.contract.errors import Poison
from shared.contract.stage import Objects
from shared.runs.manifests import family, read_manifest
from shared.stylegan2.errors import StyleGAN2Error
from shared.stylegan2.labels_file import SUFFIX, LabelArray, decode_labels, one_hot
from shared.stylegan2.picture_file import PictureFile


def open_pictures(store: Objects, dataset: str) -> PictureFile:
    """Open a data set's pictures at full size, in record order. Raises Poison when there are none or one is damaged."""
    levels = [key for key in store.list(keys.dataset(dataset)) if key.endswith(".tfrecords")]
    if not levels:
        raise Poison(f"the data set {dataset[:20]} has no .tfrecords in the store")
    with store.file(max(levels)) as path:  # their names end with the level, as two digits
        return PictureFile(path)


def open_labels(store: Objects, dataset: str) -> LabelArray | None:
    """Return each picture's class, one-hot float32 [pictures, classes], in the order of the records; None without any.

    Raises Poison when the file is missing or damaged, or says something else than the manifest.
    """
    listed = listed_labels(read_manifest(store, dataset))
    file = next((key for key in store.list(keys.dataset(dataset)) if key.endswith(SUFFIX)), None)
    if file is None and not listed.shape[1]:
        return None
    labels = _decoded(store, file) if file is not None else np.zeros((0, 0), np.float32)
    if not np.array_equal(labels, listed):
        raise Poison(
            f"the data set {dataset[:20]} has labels {list(labels.shape)} in {file or 'no file'} that are not those "
            f"{list(listed.shape)} of its manifest: `magritte verify` names what is wrong; delete it and run again"
        )
    return labels


def family_checksums(store: Objects, dataset: str, checksums: Sequence[int]) -> list[int]:
    """Return the pictures' `checksums`, of an altered copy that of the picture which it is made of.

    Raises Poison where the manifest lists altered copies, but not these pictures.
    """
    members = read_manifest(store, dataset)["members"]
    if not any(member.get("derived") for member in members):
        return list(checksums)
    if len(members) != len(checksums):
        raise Poison(f"the data set {dataset[:20]} has {len(checksums)} pictures, and its manifest {len(members)}")
    own = {member["name"]: checksum for member, checksum in zip(members, checksums, strict=True)}
    return [own.get(family(member), checksum) for member, checksum in zip(members, checksums, strict=True)]


def listed_labels(manifest: Mapping[str, Any]) -> LabelArray:
    """Return the labels in a manifest, one-hot float32 [pictures, classes]; classes is 0 for a data set without any.

    The row of a picture whose class is not among those named is zero.
    """
    numbers = {name: number for number, name in enumerate(manifest.get("classes", ()))}
    return one_hot([numbers.get(member.get("label"), -1) for member in manifest["members"]], len(numbers))


def _decoded(store: Objects, file: str) -> LabelArray:
    try:
        return decode_labels(store.get(file))
    except StyleGAN2Error as error:
        raise Poison(f"{file}: {error}") from error
