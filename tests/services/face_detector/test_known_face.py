import io
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from demo.known_face import FILE, known_face
from services.face_detector import nvxs
from services.face_detector.choice import Detectors
from services.face_detector.detector import Candidate, never
from services.face_detector.known_face import lenient, prove
from shared.contract.errors import RecipeError, RunUnusable, Unusable
from shared.recipe.detectors import Animeface, Cascade, LibFaceDetection


def test_the_known_face_is_what_its_script_draws() -> None:
    drawn = Image.open(io.BytesIO(known_face())).convert("RGB")
    stored = Image.open(FILE).convert("RGB")
    assert np.abs(np.asarray(drawn, dtype=int) - np.asarray(stored, dtype=int)).mean() < 1


def test_animeface_works_here(detectors: Detectors) -> None:
    assert detectors.of((Animeface(),)) is detectors.of((Animeface(),))


@pytest.mark.parametrize(("scale_factor", "min_neighbors"), [(1.01, 5), (1.05, 5), (1.1, 3), (1.3, 40), (2.0, 1)])
def test_a_cascade_is_not_refused_for_strict_settings(
    detectors: Detectors, cascade: Cascade, scale_factor: float, min_neighbors: int
) -> None:
    strict = {"scale_factor": scale_factor, "min_neighbors": min_neighbors, "min_size": 900}
    detectors.of((cascade.model_copy(update=strict),))


def test_animeface_is_not_refused_for_strict_settings(detectors: Detectors) -> None:
    detectors.of((Animeface(likelihood=1.0, reduce_to=100),))


def test_settings_that_are_lenient_enough_are_tested_as_they_are() -> None:
    assert lenient(Cascade()) == Cascade()
    assert lenient(Animeface()) == Animeface()


def test_libfacedetection_is_not_refused_for_sizes_at_which_it_misses_the_known_face(detectors: Detectors) -> None:
    detectors.of((LibFaceDetection(confidence=100, sides=(960,)),))


def test_in_a_vote_animeface_is_proven_too(animeface: Callable[[str], None], cascade: Cascade) -> None:
    animeface("other.py")
    with pytest.raises(Unusable, match=r"animeface has 0 files libnvxs\*"):
        Detectors().of((cascade, LibFaceDetection()))


def test_a_cascade_for_something_else_is_refused(detectors: Detectors) -> None:
    plates = Path(cv2.__file__).parent / "data" / "haarcascade_russian_plate_number.xml"
    with pytest.raises(RunUnusable, match="trained on something else"):
        detectors.of((Cascade(model=str(plates)),))


def test_a_detector_that_finds_nothing_is_refused_with_the_likely_cause() -> None:
    class Blind:
        def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
            return []

    with pytest.raises(Unusable, match="does not find the face in a plain drawing; it is blind"):
        prove(Blind(), "it is blind")


@pytest.fixture
def animeface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Put a package animeface with one file of the given name and no content in the place of the real one."""

    def animeface(name: str) -> None:
        description = tmp_path / "animeface-2.0.3.dist-info"
        description.mkdir()
        (description / "METADATA").write_text("Metadata-Version: 2.1\nName: animeface\nVersion: 2.0.3\n")
        (description / "RECORD").write_text(f"{name},,\n")
        (tmp_path / name).touch()
        monkeypatch.syspath_prepend(tmp_path)

    nvxs.library.cache_clear()
    yield animeface
    nvxs.library.cache_clear()


def test_an_animeface_without_its_library_is_refused(animeface: Callable[[str], None]) -> None:
    animeface("other.py")
    with pytest.raises(Unusable, match=r"animeface has 0 files libnvxs\*"):
        Detectors().of((Animeface(),))


def test_a_library_of_animeface_that_cannot_be_loaded_is_refused(animeface: Callable[[str], None]) -> None:
    animeface("libnvxs-1.so")
    with pytest.raises(Unusable, match=r"libnvxs-1\.so cannot be loaded"):
        Detectors().of((Animeface(),))


def test_a_cascade_without_a_model_file_is_an_error_of_the_recipe(detectors: Detectors) -> None:
    with pytest.raises(RecipeError, match=r"faces\.cascade\.model"):
        detectors.of((Cascade(),))
