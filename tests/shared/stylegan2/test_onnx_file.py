import numpy as np
import pytest

from shared.stylegan2 import onnx_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.inference import Generator, Truncation, latents
from shared.stylegan2.weights import Networks
from tests.shared.stylegan2.conftest import Golden
from tests.shared.stylegan2.official.reference import Reference
from tests.shared.stylegan2.official.test_arithmetic import KINDS, lively, one_hot

onnxruntime = pytest.importorskip("onnxruntime", reason="the ONNX runtime is not installed")


def run(file: bytes, **inputs: object) -> np.ndarray:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(["pictures"], {name: np.asarray(value, np.float32) for name, value in inputs.items()})[0]


def labelled(labels: np.ndarray) -> dict[str, np.ndarray]:
    return {"labels": labels} if labels.shape[1] else {}


def test_golden_networks_draw_the_official_pictures(golden: Golden) -> None:
    file = onnx_file.dump(golden.networks.architecture, golden.networks.Gs)
    labels = labelled(golden["labels"][:4])
    found = run(file, z=golden["z"][:4], psi=0.7, **labels)
    np.testing.assert_allclose(found, golden["Gs_images_psi0.7"], atol=2e-5)


@pytest.mark.parametrize("architecture", [architecture for architecture, _ in KINDS.values()], ids=KINDS)
def test_it_draws_what_our_generator_draws(architecture: Architecture) -> None:
    networks = lively(architecture, seed=4)
    z, labels = latents(range(3), architecture.z_size), one_hot(3, architecture.label_size)
    expected = Generator(architecture, networks.Gs).pictures(z, labels, Truncation(0.5))
    found = run(onnx_file.dump(architecture, networks.Gs), z=z, psi=0.5, **labelled(labels))
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1), expected, atol=1e-4)


def test_activations_are_clamped_where_the_network_says_so() -> None:
    architecture = Architecture(8, fmap_max=12, z_size=10, w_size=9, mapping_layers=2, mapping_fmaps=11, conv_clamp=0.5)
    networks = lively(architecture, seed=4)
    z = latents(range(2), 10)
    found = run(onnx_file.dump(architecture, networks.Gs), z=z)
    np.testing.assert_allclose(found, Reference(architecture).pictures(networks.Gs, z, one_hot(2, 0)), atol=1e-5)
    free = Architecture(**vars(architecture) | {"conv_clamp": None})
    assert np.abs(found - Reference(free).pictures(networks.Gs, z, one_hot(2, 0))).max() > 0.1


def test_psi_may_be_left_out_for_no_truncation(toy: Networks) -> None:
    file, z = onnx_file.dump(toy.architecture, toy.Gs), latents([1, 2, 3, 4, 5], 6)
    expected = Generator(toy.architecture, toy.Gs).pictures(z)
    np.testing.assert_allclose(run(file, z=z).transpose(0, 2, 3, 1), expected, atol=1e-5)


def test_the_file_states_its_shapes(toy: Networks) -> None:
    session = onnxruntime.InferenceSession(onnx_file.dump(toy.architecture, toy.Gs), providers=["CPUExecutionProvider"])
    assert [(value.name, value.shape) for value in session.get_inputs()] == [("z", ["N", 6])]
    assert [value.name for value in session.get_overridable_initializers()] == ["psi"]
    assert [(value.name, value.shape) for value in session.get_outputs()] == [("pictures", ["N", 3, 8, 8])]
