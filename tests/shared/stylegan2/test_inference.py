import numpy as np

from shared.stylegan2.grid import to_uint8
from shared.stylegan2.inference import Discriminator, Generator, Truncation, latents


def test_generated_pictures_are_the_official_ones_whatever_the_minibatch(golden):
    generator = Generator(golden.networks.architecture, golden.networks.Gs)
    found = generator.pictures(golden["z"][:4], golden["labels"][:4], Truncation(0.7), minibatch=3)
    np.testing.assert_allclose(found, golden.nhwc("Gs_images_psi0.7"), atol=2e-5)
    differences = to_uint8(found).astype(int) - golden["Gs_images_psi0.7_uint8_nhwc"]
    assert np.abs(differences).max() <= 1


def test_the_official_default_is_half_truncation(golden):
    generator = Generator(golden.networks.architecture, golden.networks.Gs)
    found = generator.pictures(golden["z"][:2], golden["labels"][:2], Truncation(0.5))
    np.testing.assert_allclose(found, golden.nhwc("Gs_images_default_call"), atol=2e-5)


def test_truncation_may_stop_at_a_slot(golden):
    generator = Generator(golden.networks.architecture, golden.networks.Gs)
    found = generator.pictures(golden["z"][:4], golden["labels"][:4], Truncation(0.5, golden.cutoff))
    np.testing.assert_allclose(found, golden.nhwc(f"Gs_images_psi0.5_cutoff{golden.cutoff}"), atol=2e-5)


def test_scores_of_uint8_reals_are_the_official_ones(golden):
    discriminator = Discriminator(golden.networks.architecture, golden.networks.D)
    scores = discriminator.scores(golden.nhwc("reals_uint8_nchw"), golden["labels"])
    np.testing.assert_allclose(scores, golden["D_scores_real_n8"][:, 0], atol=1e-5)


def test_latents_are_those_of_the_official_seeds():
    found = latents([5, 6], 3)
    np.testing.assert_allclose(found[1], np.random.RandomState(6).randn(1, 3)[0], rtol=1e-6)
    assert found.shape == (2, 3)


def test_a_network_without_labels_needs_none(toy):
    pictures = Generator(toy.architecture, toy.Gs).pictures(latents([1, 2], 6))
    assert pictures.shape == (2, 8, 8, 3)
    assert Discriminator(toy.architecture, toy.D).scores(to_uint8(pictures)).shape == (2,)


def test_features_of_a_picture_do_not_depend_on_the_others(toy):
    pictures = to_uint8(Generator(toy.architecture, toy.Gs).pictures(latents([1, 2, 3], 6)))
    discriminator = Discriminator(toy.architecture, toy.D)
    found = discriminator.features(pictures)
    assert found.shape[:3] == (3, 4, 4)
    np.testing.assert_allclose(discriminator.features(pictures[1:2])[0], found[1], atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 1e-3
