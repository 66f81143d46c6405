import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture, generator_shapes
from shared.stylegan2.weights import Networks, WeightsMismatch, check_shapes


def test_all_mismatches_are_named_at_once(toy):
    weights = dict(toy.D)
    del weights["Output/weight"], weights["8x8/Skip/weight"]
    weights["lod"] = np.zeros((), np.float32)
    weights["4x4/Conv/bias"] = np.zeros(3, np.float32)
    with pytest.raises(WeightsMismatch) as caught:
        check_shapes(weights, {name: value.shape for name, value in toy.D.items()})
    assert str(caught.value) == (
        "weights do not fit the architecture: missing 8x8/Skip/weight (1, 1, 8, 8), missing Output/weight (8, 1), "
        "unused lod (), mis-shaped 4x4/Conv/bias (3,) instead of (8,)"
    )


def test_networks_of_another_width_are_refused(toy):
    with pytest.raises(WeightsMismatch, match="mis-shaped G/dlatent_avg"):
        Networks(Architecture(8, fmap_max=8, z_size=6, w_size=6), toy.G, toy.D, toy.Gs)


def test_fresh_weights_have_the_official_spread():
    architecture = Architecture(8, fmap_max=64, z_size=64, w_size=64, mapping_layers=2, mapping_fmaps=64)
    G = Networks.fresh(architecture, seed=1).G
    assert np.std(G["G_mapping/Dense1/weight"]) == pytest.approx(100, rel=0.05)
    assert np.std(G["G_synthesis/8x8/Conv1/weight"]) == pytest.approx(1, rel=0.05)
    assert np.std(G["G_synthesis/8x8/Conv1/mod_weight"]) == pytest.approx(1, rel=0.05)
    assert np.std(G["G_synthesis/4x4/Const/const"]) == pytest.approx(1, rel=0.1)
    assert np.std(G["G_synthesis/noise2"]) == pytest.approx(1, rel=0.3)
    assert not any(G[name].any() for name in G if name.endswith(("bias", "strength", "avg")))


def test_a_fresh_mapping_of_labels_has_the_spread_of_its_learning_rate():
    architecture = Architecture(
        8, 3, 64, fmap_max=16, z_size=6, w_size=5, label_fmaps=64, cmap_fmaps=64, cmap_layers=1, cmap_lrmul=0.1
    )
    networks = Networks.fresh(architecture, seed=1)
    assert np.std(networks.D["Mapping0/weight"]) == pytest.approx(10, rel=0.05)
    assert np.std(networks.D["LabelEmbed/weight"]) == pytest.approx(1, rel=0.05)
    assert np.std(networks.G["G_mapping/LabelEmbed/weight"]) == pytest.approx(1, rel=0.05)


def test_fresh_networks_follow_from_the_seed(toy):
    again, other = Networks.fresh(toy.architecture, 3), Networks.fresh(toy.architecture, 4)
    name = "4x4/Conv/weight"
    np.testing.assert_array_equal(again.D[name], toy.D[name])
    assert not np.array_equal(other.D[name], toy.D[name])
    assert list(toy.G) == list(generator_shapes(toy.architecture))
