"""Which of the recorded candidates are taken for faces: thresholds, which can move without looking again. Pure."""

from collections.abc import Sequence
from typing import Any

from pydantic import field_serializer

from services.face_detector.detector import Candidate, Face, overlap
from services.face_detector.vote import elected
from shared.recipe.detectors import DetectorKind, OnnxVoter, Vote
from shared.recipe.faces import Faces
from shared.recipe.section import Section

SAME_FACE = 0.3
"""Intersection over union from which two candidates are of one face. Neighbours who put their heads together stay
below: squares side by side overlap by 0.3 only when they share almost half of their width."""


class Acceptance(Section):
    """The thresholds of a recipe: of a vote, or the least score of the only detector."""

    vote: Vote | None = None
    least: float = 0

    @field_serializer("vote")
    def _digested(self, vote: Vote | None) -> dict[str, Any] | None:
        """Leave out a voter of 2026-11-28 that is as it is by default, so that actions of before keep their digests."""
        defaults = {"onnx"} if vote is not None and vote.onnx == OnnxVoter() else set()
        return None if vote is None else vote.model_dump(mode="json", exclude=defaults)

    @classmethod
    def of(cls, faces: Faces) -> "Acceptance":
        """Return a recipe's thresholds; `min_neighbors` is the number of windows that does not suffice yet."""
        match faces.detector:
            case DetectorKind.VOTE:
                return cls(vote=faces.vote)
            case DetectorKind.ANIMEFACE:
                return cls(least=faces.animeface.likelihood)
            case DetectorKind.CASCADE:
                return cls(least=faces.cascade.min_neighbors + 1)
            case DetectorKind.LIBFACEDETECTION:
                return cls(least=faces.libfacedetection.confidence)
            case DetectorKind.ONNX:
                return cls(least=faces.onnx.confidence)


def accepted(found: Sequence[Candidate], acceptance: Acceptance) -> list[Face]:
    """Return the faces among the candidates: of those that overlap, the surest."""
    if acceptance.vote is not None:
        return elected(found, acceptance.vote)
    kept: list[Face] = []
    for each in sorted(found, key=lambda each: (-each.score, -each.box.area, each.box)):
        if each.score >= acceptance.least and all(overlap(each.box, face.box) < SAME_FACE for face in kept):
            kept.append(Face(each.box, each.score, each.angle or 0.0, (each.voice,)))
    return kept
