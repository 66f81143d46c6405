import pytest

from services.face_detector.acceptance import Acceptance, accepted
from services.face_detector.detector import Box, Candidate, Face, Voice
from shared.recipe.detectors import Animeface, Cascade, DetectorKind, LibFaceDetection, Onnx, OnnxVoter, Vote
from shared.recipe.faces import Faces


def candidates(*scored: tuple[float, tuple[int, int, int, int]]) -> list[Candidate]:
    return [Candidate(Box(*box), score, Voice.ANIMEFACE) for score, box in scored]


def face(score: float, box: tuple[int, int, int, int]) -> Face:
    return Face(Box(*box), score, voices=(Voice.ANIMEFACE,))


def test_of_overlapping_candidates_the_surest_one_is_the_face() -> None:
    found = candidates((0.6, (10, 10, 50, 50)), (0.9, (14, 12, 50, 50)), (0.5, (200, 10, 50, 50)))
    assert accepted(found, Acceptance()) == [face(0.9, (14, 12, 50, 50)), face(0.5, (200, 10, 50, 50))]


def test_heads_that_touch_are_two_faces() -> None:
    assert len(accepted(candidates((1, (0, 0, 100, 100)), (1, (60, 0, 100, 100))), Acceptance())) == 2


@pytest.mark.parametrize(
    ("faces", "least"),
    [
        (Faces(detector=DetectorKind.ANIMEFACE, animeface=Animeface(likelihood=0.8)), 0.8),
        (Faces(detector=DetectorKind.CASCADE, cascade=Cascade(min_neighbors=3)), 4),
        (Faces(detector=DetectorKind.LIBFACEDETECTION, libfacedetection=LibFaceDetection(confidence=60)), 60),
        (Faces(detector=DetectorKind.ONNX, onnx=Onnx(confidence=0.4)), 0.4),
    ],
)
def test_the_threshold_is_that_of_the_detector_that_the_recipe_chooses(faces: Faces, least: float) -> None:
    found = candidates((least, (0, 0, 50, 50)), (least - 0.01, (200, 0, 50, 50)))
    assert accepted(found, Acceptance.of(faces)) == [face(least, (0, 0, 50, 50))]


def test_a_vote_has_its_own_thresholds() -> None:
    assert Acceptance.of(Faces()).vote == Faces().vote


def test_a_voter_that_came_later_is_digested_only_if_the_recipe_changes_it() -> None:
    plain, changed = Acceptance.of(Faces()), Acceptance.of(Faces(vote=Vote(onnx=OnnxVoter(sure=0.9))))
    assert plain.model_dump(mode="json")["vote"].keys() == {"animeface", "cascade", "libfacedetection"}
    assert changed.model_dump(mode="json")["vote"]["onnx"] == {"sure": 0.9, "weak": 0.25}
