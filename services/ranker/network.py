"""The discriminator of a training, as a function of pictures. Needs TensorFlow."""

import tensorflow as tf

from services.ranker.scoring import Discriminator, Logits, Minibatch
from shared.stylegan2 import discriminator
from shared.stylegan2.layers import Tensor
from shared.stylegan2.weights import Networks


def discriminator_of(networks: Networks) -> Discriminator:
    """D of these networks; compiled once for each size of minibatch."""
    variables = {name: tf.constant(value) for name, value in networks.D.items()}

    def scores(pictures: Tensor) -> Tensor:
        labels = tf.zeros((pictures.shape[0], networks.architecture.label_size))
        return discriminator.scores(networks.architecture, variables, pictures, labels)[:, 0]

    compiled = tf.function(scores, autograph=False)

    def logits(pictures: Minibatch) -> Logits:
        found: Logits = compiled(tf.constant(pictures)).numpy()
        return found

    return logits
