"""The networks on Keras' other back end, which has to be chosen before Keras is imported: in processes of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from shared.stylegan2.backend import ON_JAX
from tests.services.trainer.conftest import eagerly
from tests.services.trainer.learning.conftest import QUICKLY_COMPILED
from tests.services.trainer.learning.outcomes import CASES, outcomes
from tests.shared.stylegan2.conftest import GOLDEN

REPOSITORY = Path(__file__).parents[4]
NETWORKS, HERE = "tests/shared/stylegan2", "tests/services/trainer/learning"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # for computers that are busy with other things
    pytest.mark.skipif(ON_JAX, reason="this is JAX already"),
    pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed"),
]

OFFICIAL = [
    f"{NETWORKS}/test_generator.py",
    f"{NETWORKS}/test_discriminator.py",
    f"{HERE}/test_losses.py",
    f"{HERE}/test_optimizer.py",
    f"{NETWORKS}/test_inference.py",
    f"{HERE}/augmentation/test_ada.py::test_agrees_with_the_official_operator[imgfilter@0.7]",
    f"{HERE}/augmentation/test_ada.py::test_agrees_with_the_official_operator[cutout@0.7]",
]
COMPARED = "r1_is or path_length_is or logistic_losses"
"""Measures that the outcomes below compare with TensorFlow's, as they do the augmentation `bgc`."""

SMALL = f"not r64 and not xla and not mixed and not truncated and not without_labels and not ({COMPARED})"
"""The smaller golden network; what is truncated is in test_inference.py too, and JAX always compiles by XLA."""

TOYS = [
    f"{HERE}/test_jax_engine.py",
    f"{NETWORKS}/test_fir.py",
    f"{HERE}/test_draws.py",
    f"{HERE}/test_training.py::test_every_variable_but_the_noise_moves",
    f"{HERE}/test_training.py::test_losses_are_finite_and_regularization_comes_at_its_intervals",
    f"{HERE}/test_training.py::test_a_restored_training_goes_on_bit_for_bit",
    f"{HERE}/test_training.py::test_a_state_stays_what_it_was_while_training_goes_on",
    f"{HERE}/test_training.py::test_a_state_of_another_architecture_is_refused_by_name",
    f"{HERE}/augmentation/test_ada.py::test_gradients_flow_through_the_pictures_twice[by XLA]",
    f"{HERE}/augmentation/test_ada.py::test_the_same_seed_augments_alike_and_another_does_not",
    f"{HERE}/augmentation/test_consistency.py::test_the_gradient_flows_through_the_pictures",
    f"{HERE}/augmentation/test_diffaugment.py::test_gradients_flow_twice_compiled_or_not",
    f"{HERE}/test_mean_of_w.py::test_the_average_of_w_is_near_the_mean_of_w_in_every_dimension",
    f"{HERE}/test_mean_of_w.py::test_truncated_pictures_are_those_truncated_towards_the_mean_of_w",
]
"""That minibatches in parts move the average of w as whole ones do is in test_jax_engine.py."""


SURROUNDINGS = {
    "KERAS_BACKEND": "jax",
    "PYTHONPATH": str(REPOSITORY),
    "XLA_FLAGS": QUICKLY_COMPILED,
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
}


@pytest.fixture(scope="module", autouse=True)
def compiled_before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder in which these processes find what they have compiled before."""
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("compiled")))
        yield


def on_jax(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with these arguments, at the root of the repository and on JAX."""
    environment = os.environ | SURROUNDINGS
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=840
    )


def passed(selection: Sequence[str], *options: str) -> int:
    """How many of these tests passed on JAX; none may fail or be skipped."""
    done = on_jax("-m", "pytest", "-p", "no:cacheprovider", "-q", *options, *selection)
    summary = re.search(r"^(\d+) passed(?:, \d+ deselected)? in ", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-3000:]
    assert summary, done.stdout[-3000:]
    return int(summary[1])


def test_toys_are_computed_and_trained_on_jax():
    assert passed(TOYS, "-k", "not both_ways") >= 29  # one way of filtering is TensorFlow's


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden data of the reference shelf are not here")
def test_the_official_answers_are_found_on_jax():
    assert passed(OFFICIAL, "-k", SMALL) >= 30


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The outcomes of all phases on TensorFlow, and on JAX."""
    file = tmp_path_factory.mktemp("jax") / "outcomes.npz"
    done = on_jax("-m", "tests.services.trainer.learning.outcomes", str(file))
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(file, allow_pickle=False) as found, eagerly():
        return outcomes(), dict(found)


@pytest.mark.parametrize("case", CASES)
def test_phases_find_the_same_gradients_and_measures_on_both_back_ends(both, case):
    expected, found = ({name: each[name] for name in each if name.startswith(f"{case}/")} for each in both)
    assert found.keys() == expected.keys()
    assert sum(np.any(value) for value in expected.values()) >= 90  # no slope: biases after which all is linear
    for name, value in expected.items():
        assert np.linalg.norm(found[name] - value) <= 1e-4 * np.linalg.norm(value), name
