"""Networks that have learnt without classes, made ready for them. No TensorFlow."""

from dataclasses import replace

import numpy as np

from shared.stylegan2.weights import Array, Networks, Weights, initial


def with_labels(networks: Networks, classes: int, seed: int) -> Networks:
    """Return `networks` with labels of `classes` classes, which draw and score at first exactly as they did.

    G's embedding of labels begins as zeros: normalising z together with as many zeros makes it larger by sqrt(2), and
    the scale of the first layer, which has twice the inputs, smaller by the same. The layer's weights for the embedding
    are fresh, so that it learns. D's score begins to be the same for all classes.
    """
    architecture = replace(networks.architecture, label_size=classes)
    first = networks.G["G_mapping/Dense0/weight"]
    fresh = initial({"G_mapping/Dense0/weight": first.shape}, np.random.default_rng(seed))["G_mapping/Dense0/weight"]
    G, Gs = (_with_embedding(weights, fresh, classes) for weights in (networks.G, networks.Gs))
    D = networks.D | {f"Output/{name}": _repeated(networks.D[f"Output/{name}"], classes) for name in ("weight", "bias")}
    return Networks(architecture, G, D, Gs)


def _with_embedding(weights: Weights, fresh: Array, classes: int) -> Weights:
    first = weights["G_mapping/Dense0/weight"]
    return weights | {
        "G_mapping/LabelConcat/weight": np.zeros((classes, len(first)), np.float32),
        "G_mapping/Dense0/weight": np.concatenate([first, fresh]),
    }


def _repeated(values: Array, classes: int) -> Array:
    return np.repeat(values, classes, axis=-1)
