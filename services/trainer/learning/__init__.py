"""A training of StyleGAN2 and its steps: losses, optimizers, augmentation, and the engines that run them."""

import shared.stylegan2  # noqa: F401  # before Keras is loaded: says which back end it takes
