"""Several devices: the CPU in two, which has to be decided before TensorFlow begins, hence a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.stylegan2.backend import ON_JAX

PROGRAM = """
import sys
import numpy as np
import tensorflow as tf
from shared.stylegan2.architecture import Architecture
from shared.recipe.hyperparameters import Hyperparameters
from services.trainer.learning.training import GanTraining
from shared.stylegan2.weights import Networks

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
compiled = sys.argv[1] == "compiled"
networks = Networks.fresh(Architecture(8, fmap_max=8, z_size=6, w_size=5, mapping_layers=2, mapping_fmaps=7), seed=3)
settings = dict(minibatch=8, g_interval=3, d_interval=2, mirror=True)

def trained(devices, **others):
    training = GanTraining(networks, Hyperparameters(**settings, **others), 7, compiled, devices)
    for step in range(3):
        training.step(np.random.default_rng(step).integers(0, 256, (8, 8, 8, 3), np.uint8))
    return training.state(), training

alone, in_parts = trained(None, minibatch_gpu=4)
shared, training = trained(["CPU:0", "CPU:1"])
for name, value in alone.items():
    np.testing.assert_allclose(shared[name], value, rtol=0, atol=2e-6, err_msg=name)
assert np.abs(alone["G/dlatent_avg"]).max() > 1e-3, "the average of w has hardly moved"
if not compiled:
    tf.config.run_functions_eagerly(True)  # faster than building graphs for three steps
    whole, _ = trained(None)
    tf.config.run_functions_eagerly(False)
    assert any(np.abs(whole[name] - value).max() > 1e-4 for name, value in alone.items()), "parts make no difference"

pictures = np.random.default_rng(9).integers(0, 256, (8, 8, 8, 3), np.uint8)
ours, theirs = training.evaluate(pictures), in_parts.evaluate(pictures)
np.testing.assert_allclose([ours.pictures, ours.fakes], [theirs.pictures, theirs.fakes], atol=1e-5)

networks_before = training.networks()
training.restore(alone)
training.step(np.zeros((8, 8, 8, 3), np.uint8))
moved = training.networks()
assert any(not np.array_equal(moved.G[name], value) for name, value in networks_before.G.items())
copies = training._engine._state["G"]["G_synthesis/4x4/Conv/weight"].values
np.testing.assert_array_equal(copies[0], copies[1])
"""


@pytest.mark.slow
@pytest.mark.timeout(900)  # for computers that are busy with other things
@pytest.mark.skipif(ON_JAX, reason="several devices are TensorFlow's")
@pytest.mark.parametrize("compiled", ["compiled", "plain"])
def test_two_devices_do_what_one_does_in_two_parts(compiled: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", PROGRAM, compiled]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=840)
    assert done.returncode == 0, done.stderr[-3000:]
