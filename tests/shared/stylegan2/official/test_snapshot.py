from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.snapshot import OfficialSnapshot, read_snapshot
from shared.stylegan2.weights import Networks
from tests.shared.stylegan2.official.conftest import LABELLED
from tests.shared.stylegan2.official.program import EasyDict, generator, network, pickled, snapshot


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_snapshot_is_read_in_every_protocol(labelled: Networks, protocol: int) -> None:
    found = read_snapshot(snapshot(labelled, protocol))
    for name in ("G", "D", "Gs"):
        expected = getattr(labelled, name)
        variables = getattr(found, name).variables
        assert variables.keys() - {"lod"} == expected.keys()
        for variable, value in expected.items():
            np.testing.assert_array_equal(variables[variable], value, strict=True)


def test_a_snapshot_tells_who_wrote_it(labelled: Networks) -> None:
    assert read_snapshot(snapshot(labelled)).G.version == 4
    assert read_snapshot(snapshot(labelled, version=5)).Gs.version == 5
    (digest,) = read_snapshot(snapshot(labelled)).D.sources
    assert len(digest) == 64


@pytest.mark.parametrize("kind", [EasyDict, OrderedDict])
def test_dictionaries_of_older_programs_are_read(labelled: Networks, kind: type[dict[str, object]]) -> None:
    assert read_snapshot(snapshot(labelled, static_kwargs=kind(resolution=16))).D.settings == {"resolution": 16}


OTHERS = {
    b"": "an empty file",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0b\n": "a pointer of Git LFS",
    b"<!DOCTYPE html><title>Quota exceeded</title>": "a web page",
    b"\n<html><body>": "a web page",
    b"PK\x03\x04rest": "a zip archive",
    b"\x1f\x8b\x08": "a compressed file",
    b"\x89HDF\r\n": "an HDF5 file",
    b"Not found": "damaged|not a pickle",
}


@pytest.mark.parametrize(("file", "reason"), OTHERS.items(), ids=range(len(OTHERS)))
def test_other_files_are_told_by_what_they_are(file: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        read_snapshot(file)


def test_a_file_with_another_number_of_networks_is_refused(labelled: Networks) -> None:
    with pytest.raises(BadFile, match="holds 1 networks; a snapshot holds three"):
        read_snapshot(pickled((generator("Gs", labelled.Gs),)))
    with pytest.raises(BadFile, match="a tuple of three networks"):
        read_snapshot(pickled(generator("Gs", labelled.Gs)))


ONE = {"x": np.ones(2, np.float32)}

MALFORMED = {
    "an older version": ({"version": 3}, "of version 3, that of StyleGAN 1"),
    "a newer version": ({"version": 6}, "of an unknown version"),
    "no version": ({"version": None}, "of an unknown version"),
    "no variables": ({"variables": None}, "lists no variables"),
    "a number as variable": ({"variables": [("x", 1)]}, "not a name and an array"),
    "a name for terminals": ({"variables": [("\x1b[2J", ONE["x"])]}, "not a name and an array"),
    "an endless name": ({"variables": [("x" * 200, ONE["x"])]}, "not a name and an array"),
    "a variable twice": ({"variables": [("x", ONE["x"]), ("x", ONE["x"])]}, "has x twice"),
    "a component that is none": ({"components": {"mapping": 1}}, "a component that is no network"),
    "components within components": (
        {"components": {"a": network("a", ONE, components={"b": network("b", ONE)})}},
        "a component that is no network of its own",
    ),
    "components that are a list": ({"components": [1]}, "are no dictionary"),
    "settings that are a list": ({"static_kwargs": [1]}, "are no dictionary"),
}


@pytest.mark.parametrize(("changes", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_a_network_that_is_malformed_is_refused(changes: dict[str, object], reason: str) -> None:
    G = network("G", ONE, **changes)
    with pytest.raises(BadFile, match=reason):
        read_snapshot(pickled((G, network("D", ONE), G)))


def test_one_array_under_many_names_is_refused() -> None:
    large = np.ones(100_000, np.float32)
    G = network("G", {f"x{n}": large for n in range(1000)})
    with pytest.raises(BadFile, match="more than the file's size"):
        read_snapshot(pickled((G, network("D", ONE), network("Gs", ONE))))


FILE = snapshot(Networks.fresh(LABELLED, seed=1))


@given(st.integers(0, len(FILE) - 1))
def test_a_file_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(BadFile):
        read_snapshot(FILE[:length])


@given(st.integers(0, len(FILE) - 1), st.binary(min_size=1, max_size=4))
def test_a_file_with_other_bytes_is_refused_or_read(place: int, other: bytes) -> None:
    try:
        found = read_snapshot(FILE[:place] + other + FILE[place + len(other) :])
    except BadFile as error:
        assert str(error)  # noqa: PT017
    else:
        assert isinstance(found, OfficialSnapshot)
