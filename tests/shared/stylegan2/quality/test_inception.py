from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.stylegan2.errors import BadFile, DoesNotWork
from shared.stylegan2.quality import inception
from tests.shared.stylegan2.quality import inception_graph
from tests.shared.stylegan2.quality.inception_graph import Graph


def pictures(count: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (count, 20, 20, channels), np.uint8)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "small.pb"
    path.write_bytes(inception_graph.small())
    return path


def test_another_graph_is_taken_but_not_as_comparable(small: Path) -> None:
    found = inception.load(small)
    assert not found.comparable
    assert found.label == "not comparable with published numbers: other Inception weights"
    assert found.features(pictures(3)).shape == (3, 2048)


def test_features_do_not_depend_on_the_company(small: Path) -> None:
    found, shown = inception.load(small), pictures(35)
    features = found.features(shown)
    np.testing.assert_allclose(features[34:], found.features(shown[34:]), rtol=1e-4, atol=1e-5)


def test_grey_pictures_are_seen_as_coloured(small: Path) -> None:
    found, grey = inception.load(small), pictures(2, channels=1)
    np.testing.assert_array_equal(found.features(grey), found.features(np.repeat(grey, 3, axis=3)))


@pytest.mark.slow
def test_the_graph_of_2015_is_comparable(tmp_path: Path) -> None:
    path = tmp_path / "classify_image_graph_def.pb"
    path.write_bytes(inception_graph.official())
    found = inception.load(path)
    assert found.comparable
    assert found.label == "comparable with published numbers: the Inception graph of 2015"


@pytest.fixture(scope="module")
def of_keras() -> tuple[Any, np.ndarray]:
    """A network of Keras' own, and its features of two pictures."""
    import keras

    network = keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(299, 299, 3), pooling="avg")
    resized = keras.ops.image.resize(pictures(2).astype(np.float32), (299, 299))
    features = network(keras.applications.inception_v3.preprocess_input(np.array(resized)), training=False)
    return network, np.array(features)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras 3.15 with numpy 2, in saving
@pytest.mark.parametrize("name", ["inception.weights.h5", "inception_v3_notop.h5"])
def test_keras_weights_are_taken_but_not_as_comparable(
    of_keras: tuple[Any, np.ndarray], tmp_path: Path, name: str
) -> None:
    (network, expected), path = of_keras, tmp_path / name
    if name.endswith(".weights.h5"):
        network.save_weights(path)
    else:
        save_as_keras_did(network, path)
    found = inception.load(path)
    assert (found.comparable, found.label) == (False, inception.OTHER_WEIGHTS)
    np.testing.assert_allclose(found.features(pictures(2)), expected, rtol=1e-3, atol=1e-5)


def save_as_keras_did(network, path: Path) -> None:
    """The layout of the files that keras.applications downloads: a group per layer, with the names of its weights."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in network.layers]
        for layer in network.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group.create_dataset(name, data=np.array(weight))


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("inception_v3_features.pkl", b"\x80\x03cdnnlib", "neither a frozen graph"),
        ("graph.pb", b"\xff\xff\xff", "no frozen graph"),
        ("weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(90), "does not hold these weights"),
        ("reads.pb", inception_graph.small(op="ReadFile"), "not allowed in an Inception network: ReadFile"),
    ],
)
def test_any_other_file_is_refused_with_what_is_accepted(tmp_path: Path, name: str, content: bytes, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadFile) as refused:
        inception.load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert text in str(refused.value)
    assert "accepted are classify_image_graph_def.pb" in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"none\.pb: cannot be read"):
        inception.load(tmp_path / "none.pb")


def test_a_network_of_another_width_is_unusable(tmp_path: Path) -> None:
    path = tmp_path / "narrow.pb"
    path.write_bytes(inception_graph.small(width=64))
    with pytest.raises(DoesNotWork, match="2048 features are wanted of each picture, and it gives 64"):
        inception.load(path)


@pytest.mark.parametrize(("factor", "text"), [(0.0, "the same features"), (np.nan, "not finite")])
def test_damaged_weights_are_noticed(tmp_path: Path, factor: float, text: str) -> None:
    graph = Graph(side=16)
    graph.constant("factor", np.float32(factor))
    graph.channels[graph.node("damaged", "Mul", graph.conv("conv", "Mul", 2048), "factor")] = 2048
    path = tmp_path / "damaged.pb"
    path.write_bytes(graph.ending("damaged", side=16))
    with pytest.raises(DoesNotWork, match=text):
        inception.load(path)


def test_shapes_that_do_not_fit_are_unusable(tmp_path: Path) -> None:
    graph = Graph(side=16)
    graph.channels["Mul"] = 5
    path = tmp_path / "odd.pb"
    path.write_bytes(graph.ending(graph.conv("conv", "Mul", 2048), side=16))
    with pytest.raises(DoesNotWork, match="cannot be computed"):
        inception.load(path)
