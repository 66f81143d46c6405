"""Networks that came in as `magritte weights import` takes them give the official answers: the same comparisons."""

from dataclasses import replace

import pytest

from shared.stylegan2 import network_file
from shared.stylegan2.official.fitting import match_variables
from shared.stylegan2.official.snapshot import read_snapshot
from tests.shared.stylegan2.conftest import GOLDEN, Golden
from tests.shared.stylegan2.test_discriminator import test_scores_of_fakes_depend_on_the_batch_as_officially
from tests.shared.stylegan2.test_generator import test_w_is_the_official_one
from tests.shared.stylegan2.test_inference import (
    test_generated_pictures_are_the_official_ones_whatever_the_minibatch,
    test_scores_of_uint8_reals_are_the_official_ones,
    test_truncation_may_stop_at_a_slot,
)

__all__ = [
    "test_generated_pictures_are_the_official_ones_whatever_the_minibatch",
    "test_scores_of_fakes_depend_on_the_batch_as_officially",
    "test_scores_of_uint8_reals_are_the_official_ones",
    "test_truncation_may_stop_at_a_slot",
    "test_w_is_the_official_one",
]


@pytest.fixture(scope="session")
def golden(golden: Golden) -> Golden:
    """The same answers beside networks out of a safetensors file that was made of the official pickle."""
    name = "stylegan2-r64" if golden.networks.architecture.resolution == 64 else "stylegan2-r16-labels-gray"
    imported = match_variables(read_snapshot((GOLDEN / "networks" / f"{name}.pkl").read_bytes())).networks
    assert imported is not None
    return replace(golden, networks=network_file.load(network_file.dump_tensors(imported)))
