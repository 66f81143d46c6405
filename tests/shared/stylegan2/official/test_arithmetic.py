"""Imported networks of every kind compute what the official formulas, written once more in numpy, compute."""

import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.errors import Misfit
from shared.stylegan2.inference import Discriminator, Generator, Truncation, latents
from shared.stylegan2.official.fitting import match_variables
from shared.stylegan2.official.pickling import pickled
from shared.stylegan2.official.snapshot import read_snapshot
from shared.stylegan2.weights import Networks, Weights
from tests.shared.stylegan2.conftest import Golden
from tests.shared.stylegan2.official.program import snapshot
from tests.shared.stylegan2.official.reference import Reference

SIZES = {"z_size": 10, "w_size": 9, "mapping_layers": 3, "mapping_fmaps": 11}

KINDS = {
    "config F": (Architecture(16, fmap_base=90, fmap_max=12, **SIZES), 4),
    "TADNE": (
        Architecture(16, fmap_base=180, fmap_max=24, d_widths=(16, 16, 16, 11), mbstd_num_features=4, **SIZES),
        4,
    ),
    "widths of no rule": (Architecture(16, g_widths=(6, 13, 9), d_widths=(7, 10, 5, 8), **SIZES), 4),
    "labels of stylegan2": (Architecture(8, 1, 3, fmap_max=12, **SIZES), 4),
    "stylegan2-ada": (Architecture(16, fmap_base=90, fmap_max=12, mbstd_group_size=8, **SIZES), 5),
    "stylegan2-ada, clamped": (Architecture(16, fmap_base=90, fmap_max=12, conv_clamp=0.5, **SIZES), 5),
    "labels of stylegan2-ada": (Architecture(16, 1, 3, fmap_max=12, label_fmaps=7, cmap_fmaps=13, **SIZES), 5),
    "labels of stylegan2-ada, mapped": (
        Architecture(8, 3, 4, fmap_max=12, label_fmaps=10, cmap_fmaps=12, cmap_layers=2, **SIZES),
        5,
    ),
}


def lively(architecture: Architecture, seed: int) -> Networks:
    """Networks none of whose variables is 0."""
    drawn = np.random.default_rng(seed)
    networks = Networks.fresh(architecture, seed)

    def stirred(weights: Weights) -> Weights:
        return {
            name: value if value.any() else drawn.normal(0, 0.3, value.shape).astype(np.float32)
            for name, value in weights.items()
        }

    return Networks(
        architecture, stirred(networks.G), stirred(networks.D), stirred(Networks.fresh(architecture, seed + 1).G)
    )


def one_hot(count: int, size: int) -> np.ndarray:
    return np.eye(max(size, 1), size, dtype=np.float32)[np.arange(count) % max(size, 1)]


def same_answers(found: Networks, expected: Networks) -> None:
    """Raise unless both give the same pictures and scores."""
    architecture = found.architecture
    reference = Reference(architecture)
    z, labels = latents(range(4), architecture.z_size), one_hot(4, architecture.label_size)
    pictures = Generator(architecture, found.Gs).pictures(z, labels, Truncation(0.7))
    np.testing.assert_allclose(
        pictures.transpose(0, 3, 1, 2), reference.pictures(expected.Gs, z, labels, 0.7), atol=1e-5
    )
    reals = np.random.default_rng(1).integers(0, 256, pictures.shape, np.uint8)
    shown = reals.transpose(0, 3, 1, 2) / 127.5 - 1
    scores = Discriminator(architecture, found.D).scores(reals, labels)
    np.testing.assert_allclose(scores, reference.scores(expected.D, shown, labels), atol=1e-5)


def test_the_formulas_are_the_official_ones(golden: Golden) -> None:
    reference = Reference(golden.networks.architecture)
    found = reference.pictures(golden.networks.Gs, golden["z"][:2], golden["labels"][:2])
    np.testing.assert_allclose(found, golden["Gs_images_psi1"][:2], atol=2e-5)
    scores = reference.scores(golden.networks.D, golden["reals_uint8_nchw"] / 127.5 - 1, golden["labels"])
    np.testing.assert_allclose(scores, golden["D_scores_real_n8"][:, 0], atol=1e-5)


@pytest.mark.parametrize(("architecture", "version"), KINDS.values(), ids=KINDS)
def test_an_imported_network_gives_the_official_answers(architecture: Architecture, version: int) -> None:
    networks = lively(architecture, seed=2)
    settings = {"mbstd_group_size": architecture.mbstd_group_size, "conv_clamp": architecture.conv_clamp}
    imported = match_variables(read_snapshot(snapshot(networks, version=version, static_kwargs=settings))).networks
    assert imported is not None
    same_answers(imported, networks)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "widths of no rule"])
def test_a_network_comes_back_from_our_own_export_with_all_its_sizes(kind: str) -> None:
    networks = Networks.fresh(KINDS[kind][0], seed=1)
    found = match_variables(read_snapshot(pickled(networks)))
    assert found.networks is not None
    assert found.architecture.d_widths == networks.architecture.d_widths
    for name in ("label_fmaps", "cmap_fmaps", "cmap_layers", "conv_clamp", "mbstd_num_features", "mbstd_group_size"):
        assert getattr(found.architecture, name) == getattr(networks.architecture, name)


def test_widths_of_no_rule_are_no_official_snapshot() -> None:
    networks = Networks.fresh(KINDS["widths of no rule"][0], seed=1)
    with pytest.raises(Misfit, match="G has widths that no fmap_base and fmap_max give; export it as"):
        pickled(networks)


def test_labels_taken_in_two_ways_are_no_official_snapshot() -> None:
    networks = Networks.fresh(Architecture(8, 1, 3, fmap_max=12, label_fmaps=10, **SIZES), seed=1)
    with pytest.raises(Misfit, match="partly as stylegan2 does and partly as stylegan2-ada"):
        pickled(networks)
