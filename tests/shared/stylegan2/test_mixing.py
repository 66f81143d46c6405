import numpy as np

from shared.stylegan2.inference import Generator
from shared.stylegan2.mixing import mixed, official_slots


def test_mixed_pictures_are_the_official_ones(golden):
    w = mixed(golden["Gs_w"][0], golden["Gs_w"][1], list(range(golden.cutoff)))
    np.testing.assert_allclose(w, golden["stylemix_w"][0], atol=1e-5)
    picture = Generator(golden.networks.architecture, golden.networks.Gs).pictures_of_styles(w[None])
    np.testing.assert_allclose(picture, golden.nhwc("stylemix_image"), atol=2e-5)


def test_the_default_slots_are_the_official_ones_unless_the_network_has_fewer():
    assert [official_slots(count) for count in (18, 14, 10, 4)] == ["0-6", "0-6", "0-4", "0-1"]
