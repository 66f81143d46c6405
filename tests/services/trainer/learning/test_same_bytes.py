"""A step that is repeated from one state gives the same bytes on a CPU, at the sizes that people train.

TensorFlow's threads are fixed by its first operation, so each case is a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.stylegan2.backend import HAS_ACCELERATOR, ON_JAX

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(ON_JAX, reason="the threads are TensorFlow's"),
    pytest.mark.skipif(HAS_ACCELERATOR, reason="the same bytes are promised on a CPU only"),
]

REPEATED = """
import numpy as np
from shared.stylegan2.architecture import Architecture
from shared.recipe.hyperparameters import Augmentation, Hyperparameters
from services.trainer.learning.training import GanTraining
from shared.stylegan2.weights import Networks

settings = Hyperparameters(minibatch=16, augmentation=Augmentation.ADA, augment_p=0.4, augment_pipe="bgcfnc")
architecture = Architecture(64, fmap_max=64, z_size=64, w_size=64, mapping_fmaps=64, mapping_layers=4)
pictures = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3), np.uint8)
training = GanTraining(Networks.fresh(architecture, 1), settings, seed=3)
state = training.state()
results = []
for _ in range(4):
    training.restore(state)
    training.step(pictures)
    results.append(training.state())
first, *others = results
assert any(not np.array_equal(first[name], value) for name, value in state.items()), "nothing was learnt"
for later in others:
    differing = [name for name, value in first.items() if value.tobytes() != later[name].tobytes()]
    assert not differing, f"{len(differing)} of {len(first)} arrays differ: {differing[:3]}"
"""

THREADS = """
import tensorflow as tf
from shared.stylegan2 import backend

assert tf.config.threading.get_inter_op_parallelism_threads() == 1
assert backend.threads() == 3, backend.threads()
assert backend.use_threads(5) == backend.threads() == 5
assert tf.config.threading.get_intra_op_parallelism_threads() == 5
tf.add(tf.constant(1), 1)
assert backend.use_threads(6) == backend.threads() == 5
assert backend.use_threads(5) == 5
backend.require_one_operation_at_a_time()
"""

TOO_LATE = """
import tensorflow as tf

tf.add(tf.constant(1), 1)
from shared.stylegan2.architecture import Architecture
from shared.recipe.hyperparameters import Hyperparameters
from services.trainer.learning.training import GanTraining
from shared.stylegan2.weights import Networks

GanTraining(Networks.fresh(Architecture(8, fmap_max=8), 1), Hyperparameters())
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program at the root of the repository; its environment sets no threads but those that are given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_NUM_")}
    inherited |= {"PYTHONPATH": str(Path(__file__).parents[4]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, check=False, timeout=250
    )


def test_an_augmented_step_of_64_px_and_64_maps_gives_the_same_bytes_each_time() -> None:
    # All operations of a step without augmentation are among these. Of 5 steps with two operations at a time, 5 had
    # other bytes; without augmentation 1 had.
    done = run(REPEATED)
    assert done.returncode == 0, done.stderr[-2000:]


def test_threads_can_be_chosen_until_tensorflow_begins() -> None:
    done = run(THREADS, TF_NUM_INTRAOP_THREADS="3")
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_tensorflow_that_already_runs_several_operations_at_once_is_refused() -> None:
    done = run(TOO_LATE)
    assert done.returncode == 1
    assert "DoesNotWork: TensorFlow was at work before shared.stylegan2 was imported" in done.stderr
