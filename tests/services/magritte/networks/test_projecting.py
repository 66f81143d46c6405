from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.magritte.networks.files import DrawnFiles
from services.magritte.networks.projecting import FILE, Recorder, Search
from shared.stylegan2.grid import PictureArray
from shared.stylegan2.projection import Projected, Projector, Settings
from shared.stylegan2.projection_file import load_projection
from tests.services.magritte.networks.test_film import frames_of
from tests.services.magritte.toy_networks import networks, noise

STEPS = 6
TARGET = noise()[0]
TOY = networks(1)


class Stopped(Projector):
    """Is stopped by Ctrl-C after a number of steps."""

    after = 4

    def project(self, target: PictureArray) -> Iterator[Projected]:
        for found in super().project(target):
            if found.step > self.after:
                raise KeyboardInterrupt
            yield found


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_pictures_and_numbers_of_all_steps_are_written(tmp_path: Path) -> None:
    projector, files = Projector(TOY, Settings(steps=STEPS)), DrawnFiles(tmp_path / "out", "toy")
    outcome = Recorder(files, projector, Search(STEPS, "w", every=2, film=tmp_path / "way.webp")).run(TARGET)
    assert (outcome.found.step, outcome.whole) == (STEPS, True)
    names = ["target.png", "step0002.png", "step0004.png", "projected.png", "side-by-side.png", FILE]
    assert files.written == names
    assert {file.name for file in files.folder.iterdir()} == set(names)
    *_, last = Projector(TOY, Settings(steps=STEPS)).project(TARGET)
    expected = projector.picture(last)
    np.testing.assert_array_equal(pixels(files.folder / "projected.png"), expected)
    np.testing.assert_array_equal(pixels(files.folder / "side-by-side.png"), np.hstack([TARGET, expected]))
    assert outcome.distance == pytest.approx(projector.distance(TARGET, expected))
    assert outcome.average == pytest.approx(projector.distance(TARGET, projector.average_picture()))
    w, noises = load_projection((files.folder / FILE).read_bytes(), TOY.architecture)
    np.testing.assert_array_equal(w, last.w)
    assert noises is not None
    np.testing.assert_array_equal(noises[2], last.noises[2])
    assert frames_of(tmp_path / "way.webp")[0].shape == (STEPS, 8, 16, 3)


def test_what_was_found_before_ctrl_c_is_kept(tmp_path: Path) -> None:
    projector, files = Stopped(TOY, Settings(steps=STEPS)), DrawnFiles(tmp_path / "out", "toy")
    outcome = Recorder(files, projector, Search(STEPS, "w", every=3, film=tmp_path / "way.webp")).run(TARGET)
    assert (outcome.found.step, outcome.whole) == (4, False)
    assert files.written == ["target.png", "step0003.png", "projected.png", "side-by-side.png", FILE]
    assert len(frames_of(tmp_path / "way.webp")[0]) == 4


def test_nothing_is_kept_of_a_projection_without_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stopped, "after", 0)
    projector, files = Stopped(TOY, Settings(steps=STEPS)), DrawnFiles(tmp_path / "out", "toy")
    with pytest.raises(KeyboardInterrupt):
        Recorder(files, projector, Search(STEPS, "w", film=tmp_path / "way.webp")).run(TARGET)
    assert files.written == ["target.png"]
    assert not (tmp_path / "way.webp").exists()
