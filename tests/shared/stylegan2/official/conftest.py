from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Networks

LABELLED = Architecture(
    16, 1, 3, fmap_base=90, fmap_max=12, z_size=6, w_size=5, mapping_layers=3, mapping_fmaps=7, mbstd_num_features=1
)


@pytest.fixture(scope="session")
def labelled() -> Networks:
    """Small grey networks with labels, no two widths alike; Gs differs from G."""
    networks = Networks.fresh(LABELLED, seed=5)
    return Networks(LABELLED, networks.G, networks.D, Networks.fresh(LABELLED, seed=6).G)


@pytest.fixture
def weights(labelled: Networks) -> Networks:
    """The same, to be spoilt."""
    return deepcopy(labelled)


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The program inside a golden pickle leaves a file when it is run; none may be there."""
    trace = tmp_path / "canary"
    monkeypatch.setenv("GOLDEN_CANARY_FILE", str(trace))
    yield
    assert not trace.exists()
