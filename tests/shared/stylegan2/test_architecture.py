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
    ],
)
def test_sizes_that_make_no_network_are_refused(sizes, problem):
    with pytest.raises(ValueError, match=problem):
        Architecture(**sizes)


def test_sizes_and_files_need_no_tensorflow():
    code = (
        "import sys, shared.stylegan2.network_file, shared.stylegan2.hyperparameters, shared.stylegan2.grid;"
        "sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
