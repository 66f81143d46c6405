import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.known_face import FILE
from services.face_detector.detector import Voice, overlap
from services.face_detector.known_face import PLACE
from services.face_detector.libfacedetection import LibFaceDetectionDetector
from shared.child_processes import ChildProcesses
from shared.contract.errors import Interrupted
from shared.recipe.detectors import LibFaceDetection

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def children() -> Iterator[ChildProcesses]:
    children = ChildProcesses(1)
    yield children
    children.close()


@pytest.fixture(scope="module")
def face() -> Image.Image:
    return Image.open(FILE).convert("RGB")


def test_a_face_is_found_at_its_place(children: ChildProcesses, face: Image.Image) -> None:
    found = LibFaceDetectionDetector(LibFaceDetection(sides=(400,)), children).detect(np.asarray(face))
    surest = max(found, key=lambda each: each.score)
    assert overlap(surest.box, PLACE) > 0.5
    assert (surest.score > 60, surest.voice) == (True, Voice.LIBFACEDETECTION)


def test_boxes_are_in_pixels_of_the_picture_at_every_size_that_is_searched(
    children: ChildProcesses, face: Image.Image
) -> None:
    large = face.resize((1280, 1440), Image.Resampling.BICUBIC)
    found = LibFaceDetectionDetector(LibFaceDetection(sides=(320, 400)), children).detect(np.asarray(large))
    good = [each for each in found if overlap(each.box, PLACE.scaled(4, 4)) > 0.5]
    assert len(good) == 2


def test_a_picture_of_one_pixel_has_no_face(children: ChildProcesses) -> None:
    detector = LibFaceDetectionDetector(LibFaceDetection(), children)
    assert detector.detect(np.zeros((1, 1, 3), np.uint8)) == []


def test_work_that_was_given_up_is_ended(face: Image.Image) -> None:
    children = ChildProcesses(1)
    detector = LibFaceDetectionDetector(LibFaceDetection(), children)
    with pytest.raises(Interrupted):
        detector.detect(np.asarray(face), lambda: True)
    children.close()


def test_the_library_works_in_one_thread() -> None:
    """Whatever the environment says: the runtime has a picture for every core."""
    program = (
        "import os; from services.face_detector.libfacedetection_child import find;"
        "before = len(os.listdir('/proc/self/task')); find([((400, 400), bytes(480000))]);"
        "print(len(os.listdir('/proc/self/task')) - before)"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
