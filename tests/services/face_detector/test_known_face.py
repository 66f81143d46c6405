import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from demo.known_face import FILE, known_face
from services.face_detector.choice import Detectors
from services.face_detector.known_face import lenient
from shared.errors import RecipeError, Unusable
from shared.recipe import Animeface, Cascade, Detector, Faces


def test_the_known_face_is_what_its_script_draws() -> None:
    drawn = Image.open(io.BytesIO(known_face())).convert("RGB")
    stored = Image.open(FILE).convert("RGB")
    assert np.abs(np.asarray(drawn, dtype=int) - np.asarray(stored, dtype=int)).mean() < 1


def test_animeface_works_here(detectors: Detectors) -> None:
    assert detectors.of(Faces()) is detectors.of(Faces())


@pytest.mark.parametrize(("scale_factor", "min_neighbors"), [(1.01, 5), (1.05, 5), (1.1, 3), (1.3, 40), (2.0, 0)])
def test_a_cascade_is_not_refused_for_strict_settings(
    detectors: Detectors, cascade: Cascade, scale_factor: float, min_neighbors: int
) -> None:
    strict = {"scale_factor": scale_factor, "min_neighbors": min_neighbors, "min_size": 900}
    detectors.of(Faces(detector=Detector.CASCADE, cascade=cascade.model_copy(update=strict)))


def test_animeface_is_not_refused_for_strict_settings(detectors: Detectors) -> None:
    detectors.of(Faces(animeface=Animeface(likelihood=1.0, reduce_to=100)))


def test_settings_that_are_lenient_enough_are_tested_as_they_are() -> None:
    assert lenient(Cascade()) == Cascade()
    assert lenient(Animeface()) == Animeface()


def test_a_cascade_for_something_else_is_refused(detectors: Detectors) -> None:
    plates = Path(cv2.__file__).parent / "data" / "haarcascade_russian_plate_number.xml"
    with pytest.raises(Unusable, match="trained on something else"):
        detectors.of(Faces(detector=Detector.CASCADE, cascade=Cascade(model=str(plates))))


def test_animeface_that_finds_nothing_is_refused_and_pillow_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "animeface.py").write_text("def detect(image):\n    return []\n")  # as with Pillow 12
    monkeypatch.syspath_prepend(tmp_path)  # children look where we look
    detectors = Detectors()
    with pytest.raises(Unusable, match="finds nothing with Pillow 12 and later, and this is Pillow 11"):
        detectors.of(Faces())
    detectors.close()


def test_animeface_that_cannot_be_imported_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "animeface.py").write_text("raise ImportError('no _nvxs here')\n")
    monkeypatch.syspath_prepend(tmp_path)
    detectors = Detectors()
    with pytest.raises(Unusable, match="no _nvxs here"):
        detectors.of(Faces())
    detectors.close()


def test_a_cascade_without_a_model_file_is_an_error_of_the_recipe(detectors: Detectors) -> None:
    with pytest.raises(RecipeError, match=r"faces\.cascade\.model"):
        detectors.of(Faces(detector=Detector.CASCADE))
