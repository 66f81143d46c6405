import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.trainer.gallery import Figures
from services.trainer.stats import Statistics, Watched
from services.trainer.tensorboard import events


def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_shows_the_curves_over_pictures_and_what_was_drawn(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    means = {"loss_g": 0.5, "r1_penalty": None}
    ticks = [Statistics(n, n / 2, 30.0, 100.0, 1e9 + n, means, (), 0.25, Watched(-1.0, 0.1, 7)) for n in (1, 2)]
    content = events(ticks, Figures(200, 12.5, 0.01), {"fakes": png()})
    (tmp_path / "000001.tfevents").write_bytes(content)
    found = accumulator.EventAccumulator(str(tmp_path)).Reload()
    curves = {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
    assert curves == {
        "training/loss_g": [(500, 0.5), (1000, 0.5)],
        "training/augment_p": [(500, 0.25), (1000, 0.25)],
        "training/held_out_score": [(500, -1.0), (1000, -1.0)],
        "training/overfitting": [(500, pytest.approx(0.1)), (1000, pytest.approx(0.1))],
        "timing/sec_per_kimg": [(500, 30.0), (1000, 30.0)],
        "timing/memory_bytes": [(500, 7.0), (1000, 7.0)],
        "quality/sliced_wasserstein": [(1000, 12.5)],
        "quality/memorised": [(1000, pytest.approx(0.01))],
    }
    (image,) = found.Images("fakes")
    assert (image.step, image.width, image.height) == (1000, 6, 4)
