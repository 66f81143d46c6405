import math
import subprocess
import sys

import pytest

from shared.stylegan2.architecture import Architecture, discriminator_shapes, generator_shapes, is_trainable


@pytest.mark.parametrize(("resolution", "slots", "last_width"), [(64, 10, 512), (256, 14, 128), (1024, 18, 32)])
def test_config_f_has_the_official_sizes(resolution, slots, last_width):
    architecture = Architecture(resolution)
    assert (architecture.num_ws, architecture.num_noises) == (slots, slots - 1)
    assert architecture.fmaps(resolution) == last_width
    assert architecture.noise_side(architecture.num_noises - 1) == resolution


@pytest.mark.parametrize(("resolution", "g_millions", "d_millions"), [(512, 30.28, 28.98), (1024, 30.37, 29.01)])
def test_config_f_has_the_official_number_of_parameters(resolution, g_millions, d_millions):
    architecture = Architecture(resolution)
    learning = [shape for name, shape in generator_shapes(architecture).items() if is_trainable(name)]
    assert sum(map(math.prod, learning)) / 1e6 == pytest.approx(g_millions, abs=0.005)
    shapes = discriminator_shapes(architecture).values()
    assert sum(map(math.prod, shapes)) / 1e6 == pytest.approx(d_millions, abs=0.005)


def test_variables_have_the_official_names_shapes_and_order(golden):
    architecture = golden.networks.architecture
    for shapes, weights in [
        (generator_shapes(architecture), golden.networks.G),
        (discriminator_shapes(architecture), golden.networks.D),
    ]:
        assert list(shapes.items()) == [(name, value.shape) for name, value in weights.items()]


def test_the_same_variables_learn_as_officially(golden):
    names = generator_shapes(golden.networks.architecture)
    assert {name for name in names if is_trainable(name)} == set(golden["G_trainable_names"].tolist())


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        ({"resolution": 48}, "resolution must be a power of two of at least 8, not 48"),
        ({"resolution": 4}, "resolution must be a power of two of at least 8, not 4"),
        ({"resolution": 64, "label_size": -1}, "label_size must not be negative, and is -1"),
        ({"resolution": 64, "w_size": 0}, "w_size must be at least 1, and is 0"),
        ({"resolution": 64, "mbstd_num_features": 3}, "mbstd_num_features 3 must divide the 512 maps at 4x4"),
        ({"resolution": 8, "g_widths": (4,)}, "g_widths must be 2 numbers of at least 1 for 8 px"),
        ({"resolution": 8, "d_widths": (4, 0, 4)}, "d_widths must be 3 numbers of at least 1 for 8 px"),
        ({"resolution": 8, "d_widths": (4, 3, 4), "mbstd_num_features": 2}, "must divide the 3 maps at 4x4"),
        ({"resolution": 8, "conv_clamp": 0}, "conv_clamp must be above 0, and is 0"),
        ({"resolution": 8, "conv_clamp": float("nan")}, "conv_clamp must be above 0, and is nan"),
        ({"resolution": 8, "label_fmaps": 4}, "of networks with labels, and label_size is 0"),
        ({"resolution": 8, "label_size": 2, "label_fmaps": -1}, "label_fmaps must not be negative, and is -1"),
        ({"resolution": 8, "label_size": 2, "cmap_layers": 1}, "cmap_layers is 1, and cmap_fmaps is 0"),
        ({"resolution": 8, "cmap_lrmul": 0}, "cmap_lrmul must be above 0, and is 0"),
    ],
)
def test_sizes_that_make_no_network_are_refused(sizes, problem):
    with pytest.raises(ValueError, match=problem):
        Architecture(**sizes)


def test_widths_of_their_own_replace_the_rule() -> None:
    architecture = Architecture(16, fmap_base=64, fmap_max=8, g_widths=(3, 5, 7), d_widths=(2, 4, 6, 9))
    assert [architecture.fmaps(side) for side in (4, 8, 16)] == [3, 5, 7]
    assert [architecture.d_fmaps(side) for side in (2, 4, 8, 16)] == [2, 4, 6, 9]
    assert generator_shapes(architecture)["G_synthesis/8x8/Conv0_up/weight"] == (3, 3, 3, 5)
    shapes = discriminator_shapes(architecture)
    assert shapes["16x16/Conv1_down/weight"] == (3, 3, 9, 6)
    assert shapes["4x4/Dense0/weight"] == (4 * 16, 2)


def test_labels_of_stylegan2_ada_have_its_variables() -> None:
    """Names and order of G_mapping and D_main in stylegan2-ada's training/networks.py."""
    architecture = Architecture(
        8, 1, 3, z_size=6, w_size=5, fmap_max=8, mapping_layers=1, label_fmaps=4, cmap_fmaps=7, cmap_layers=1
    )
    mapping = {name: shape for name, shape in generator_shapes(architecture).items() if "G_mapping" in name}
    assert mapping == {
        "G_mapping/LabelEmbed/weight": (3, 4),
        "G_mapping/LabelEmbed/bias": (4,),
        "G_mapping/Dense0/weight": (10, 5),
        "G_mapping/Dense0/bias": (5,),
    }
    D = discriminator_shapes(architecture)
    first = ["LabelEmbed/weight", "LabelEmbed/bias", "Mapping0/weight", "Mapping0/bias", "8x8/FromRGB/weight"]
    assert list(D)[:5] == first
    assert [D[name] for name in ("LabelEmbed/weight", "Mapping0/weight", "Output/weight")] == [(3, 7), (7, 7), (8, 7)]


def test_sizes_and_files_need_no_tensorflow():
    code = (
        "import sys, shared.stylegan2.network_file, shared.stylegan2.grid;"
        "sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
