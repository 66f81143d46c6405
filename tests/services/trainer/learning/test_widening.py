import numpy as np

from services.trainer.learning.widening import with_labels
from shared.stylegan2.inference import Discriminator, Generator, latents

LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]


def test_with_classes_added_the_same_pictures_are_drawn_and_scored_alike_whatever_the_class(toy):
    wider = with_labels(toy, 3, seed=1)
    z = latents(range(4), toy.architecture.z_size)
    drawn = Generator(toy.architecture, toy.Gs).pictures(z)
    np.testing.assert_allclose(Generator(wider.architecture, wider.Gs).pictures(z, LABELS), drawn, atol=1e-5)
    shown = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    scores = Discriminator(toy.architecture, toy.D).scores(shown)
    np.testing.assert_allclose(Discriminator(wider.architecture, wider.D).scores(shown, LABELS), scores, rtol=1e-5)


def test_an_embedding_that_has_learnt_something_makes_classes_differ(toy):
    wider = with_labels(toy, 3, seed=1)
    wider.Gs["G_mapping/LabelConcat/weight"][:] = np.random.default_rng(0).standard_normal((3, 6))
    z = np.repeat(latents([5], toy.architecture.z_size), 2, axis=0)
    first, second = Generator(wider.architecture, wider.Gs).pictures(z, LABELS[:2])
    assert np.abs(first - second).max() > 1e-3
