from pathlib import Path

import numpy as np
import pytest

OFFICIAL = Path(__file__).parents[6] / "shared" / "golden" / "expected" / "stylegan2-ada-augment.npz"


@pytest.fixture(scope="session")
def official() -> dict[str, np.ndarray]:
    """What the official operators answer, NHWC."""
    if not OFFICIAL.is_file():
        pytest.skip("the golden data of the reference shelf are not here")
    with np.load(OFFICIAL, allow_pickle=False) as answers:
        return {key: answers[key].transpose(0, 2, 3, 1) for key in answers}
