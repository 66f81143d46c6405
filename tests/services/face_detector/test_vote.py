from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.face_detector.animeface_detector import AnimefaceDetector
from services.face_detector.detector import Box, Candidate, Voice, never, overlap
from services.face_detector.known_face import PLACE
from services.face_detector.vote import VoteDetector, elected
from shared.recipe.detectors import Animeface, CascadeVoter, Vote

Drawn = Callable[..., Image.Image]

VOTE = Vote()
HERE, THERE = Box(100, 100, 100, 100), Box(400, 100, 100, 100)


def seen(voice: Voice, score: float, box: Box = HERE) -> Candidate:
    return Candidate(box, score, voice)


@pytest.mark.parametrize(
    ("candidates", "faces"),
    [
        ([seen(Voice.CASCADE, 25)], 1),
        ([seen(Voice.CASCADE, 24)], 0),
        ([seen(Voice.LIBFACEDETECTION, 80)], 1),
        ([seen(Voice.LIBFACEDETECTION, 79)], 0),
        ([seen(Voice.ANIMEFACE, 0.7)], 1),
        ([seen(Voice.ANIMEFACE, 0.69)], 0),
        ([seen(Voice.ANIMEFACE_CLOSER, 1.0)], 0),
        ([seen(Voice.ANIMEFACE_CLOSER, 0.6), seen(Voice.ANIMEFACE, 0.6)], 0),
        ([seen(Voice.CASCADE, 4), seen(Voice.LIBFACEDETECTION, 21)], 1),
        ([seen(Voice.CASCADE, 4), seen(Voice.ANIMEFACE_CLOSER, 0.5)], 1),
        ([seen(Voice.ANIMEFACE, 0.5), seen(Voice.LIBFACEDETECTION, 21)], 1),
        ([seen(Voice.CASCADE, 3), seen(Voice.LIBFACEDETECTION, 21)], 0),
        ([seen(Voice.CASCADE, 4), seen(Voice.LIBFACEDETECTION, 21, THERE)], 0),
        ([seen(Voice.CASCADE, 25), seen(Voice.LIBFACEDETECTION, 80, THERE)], 2),
        ([seen(Voice.ONNX, 0.5)], 1),
        ([seen(Voice.ONNX, 0.49)], 0),
        ([seen(Voice.ONNX, 0.25), seen(Voice.LIBFACEDETECTION, 21)], 1),
        ([seen(Voice.ONNX, 0.24), seen(Voice.LIBFACEDETECTION, 21)], 0),
        ([seen(Voice.ONNX, 0.25), seen(Voice.ANIMEFACE_CLOSER, 0.5, Box(105, 95, 90, 100))], 1),
        ([], 0),
    ],
)
def test_one_detector_that_is_sure_makes_a_face_and_so_do_two_that_agree(
    candidates: list[Candidate], faces: int
) -> None:
    assert len(elected(candidates, VOTE)) == faces


def test_thresholds_are_those_of_the_recipe() -> None:
    strict = VOTE.model_copy(update={"cascade": CascadeVoter(sure=60, weak=50)})
    assert elected([seen(Voice.CASCADE, 25)], strict) == []


def test_one_face_stays_where_a_detector_has_seen_it_twice() -> None:
    twice = [seen(Voice.LIBFACEDETECTION, 90), seen(Voice.LIBFACEDETECTION, 85, Box(110, 95, 100, 100))]
    assert len(elected(twice, VOTE)) == 1


def test_the_surest_faces_come_first() -> None:
    found = [
        seen(Voice.CASCADE, 25),
        seen(Voice.CASCADE, 30, THERE),
        seen(Voice.ANIMEFACE_CLOSER, 0.9, Box(400, 110, 80, 80)),
    ]
    first, second = elected(found, VOTE)
    assert (first.box.x > 300, second.box.x < 300) == (True, True)
    assert first.score > second.score >= 1


def test_the_order_of_candidates_does_not_matter() -> None:
    found = [
        seen(Voice.CASCADE, 5),
        seen(Voice.LIBFACEDETECTION, 30, Box(105, 100, 80, 90)),
        seen(Voice.ANIMEFACE_CLOSER, 0.8, Box(108, 105, 85, 85)),
        seen(Voice.CASCADE, 30, THERE),
    ]
    assert elected(found, VOTE) == elected(found[::-1], VOTE) != []


class Fixed:
    """A detector that sees what it is told."""

    def __init__(self, *candidates: Candidate) -> None:
        self._candidates = list(candidates)

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        return self._candidates


def test_animeface_looks_more_closely_at_what_others_have_seen(drawn: Drawn) -> None:
    guess = seen(Voice.LIBFACEDETECTION, 30, PLACE)
    found = VoteDetector([Fixed(guess)]).detect(np.asarray(drawn()))
    assert found[0] == guess
    assert any(each.voice is Voice.ANIMEFACE_CLOSER and each.score > 0.5 for each in found)
    (face,) = elected(found, VOTE)
    assert overlap(face.box, PLACE) > 0.5


def test_it_does_not_look_again_where_it_has_seen_a_face_clearly(drawn: Drawn) -> None:
    whole = AnimefaceDetector(Animeface())
    found = VoteDetector([whole, Fixed(seen(Voice.LIBFACEDETECTION, 30, PLACE))]).detect(np.asarray(drawn()))
    assert not any(each.voice is Voice.ANIMEFACE_CLOSER for each in found)


def test_it_does_not_look_where_a_single_window_of_the_cascade_was(drawn: Drawn) -> None:
    found = VoteDetector([Fixed(seen(Voice.CASCADE, 1, PLACE))]).detect(np.asarray(drawn()))
    assert len(found) == 1


def test_a_face_is_the_part_between_fringe_and_chin_whichever_detector_saw_it(drawn: Drawn) -> None:
    alone = elected(AnimefaceDetector(Animeface()).detect(np.asarray(drawn())), VOTE)
    assert [overlap(face.box, PLACE) > 0.6 for face in alone] == [True]
