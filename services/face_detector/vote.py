"""Combines what several detectors see: each misses other faces, and they seldom take the same thing for one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.face_detector.animeface_detector import look_closer
from services.face_detector.detector import Box, Candidate, Detector, Face, Voice, never, overlap
from shared.recipe.detectors import Vote

SAME_PLACE = 0.3
"""Intersection over union from which boxes of two detectors are of one face."""

SAME_BOX = 0.4
"""Intersection over union from which boxes of one detector are of one face."""

LEAST_WINDOWS = 2
"""Windows of the cascade from which animeface looks at a place more closely."""

CLEAR = 0.9
"""Likelihood from which animeface need not look at a place more closely."""


@dataclass(frozen=True)
class Fit:
    """The face within a detector's box: how far its centre lies below the box's, and its sides, in sides of the box."""

    down: float
    width: float
    height: float

    def face(self, box: Box) -> Box:
        """Return the face from temple to temple and from fringe to chin for a detector's box."""
        x, y = box.x + box.width / 2, box.y + box.height * (0.5 + self.down)
        width, height = self.width * box.width, self.height * box.height
        return Box(round(x - width / 2), round(y - height / 2), round(width), round(height))


_FIT = {
    Voice.ANIMEFACE: Fit(-0.06, 1.1, 1.0),
    Voice.ANIMEFACE_CLOSER: Fit(-0.06, 1.1, 1.0),
    Voice.CASCADE: Fit(-0.05, 0.83, 0.77),
    Voice.LIBFACEDETECTION: Fit(-0.03, 1.25, 1.0),
    Voice.ONNX: Fit(0.0, 1.0, 1.0),
}
"""Medians over 150 drawings of `demo.drawing`, of which it is known where the face is; not measured for ONNX models,
each of which has learnt another convention, so that their boxes are taken as they are."""

_WEIGHT = {
    Voice.ANIMEFACE: 1.0,
    Voice.ANIMEFACE_CLOSER: 1.0,
    Voice.CASCADE: 1.0,
    Voice.LIBFACEDETECTION: 0.7,
    Voice.ONNX: 1.0,
}
"""Shares in the box of a face; that of libfacedetection varies the most from face to face."""


class VoteDetector:
    """Candidates of several detectors, and what animeface makes of each when it looks more closely."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = detectors

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        """Find candidates, in pixels of the picture as it was given."""
        found = [each for detector in self._detectors for each in detector.detect(rgb, given_up)]
        return found + look_closer(rgb, [place.box for voice in Voice for place in _distinct(_doubtful(found), voice)])


def elected(found: Sequence[Candidate], vote: Vote) -> list[Face]:
    """Return the faces among candidates: one detector is sure, or two have a voice. No two overlap by `SAME_PLACE`."""
    seen = [(_score(group, vote), group) for group in _groups(found)]
    faces: list[Face] = []
    for score, group in sorted(seen, key=lambda each: -each[0]):
        box = _mean(group)
        if score >= 1 and all(overlap(box, face.box) < SAME_PLACE for face in faces):
            faces.append(Face(box, score, _angle(group), tuple(sorted(group))))
    return faces


def _doubtful(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates of which animeface has not seen enough yet."""
    seen = [each for each in found if each.voice is Voice.ANIMEFACE]
    clear = [_fitted(each).box for each in seen if each.score >= CLEAR]
    return [
        each
        for each in found
        if each not in seen
        and (each.voice is not Voice.CASCADE or each.score >= LEAST_WINDOWS)
        and all(overlap(_fitted(each).box, box) < SAME_PLACE for box in clear)
    ]


Group = Mapping[Voice, Candidate]
"""Candidates of different detectors in one place, their boxes already those of the face."""


def _groups(found: Sequence[Candidate]) -> list[Group]:
    groups: list[dict[Voice, Candidate]] = []
    for voice in (Voice.CASCADE, Voice.LIBFACEDETECTION, Voice.ONNX, Voice.ANIMEFACE, Voice.ANIMEFACE_CLOSER):
        for candidate in map(_fitted, _distinct(found, voice)):
            fitting = [group for group in groups if voice not in group and _common(candidate, group) >= SAME_PLACE]
            if fitting:
                max(fitting, key=lambda group: _common(candidate, group))[voice] = candidate
            else:
                groups.append({voice: candidate})
    return list(groups)


def _distinct(found: Sequence[Candidate], voice: Voice) -> list[Candidate]:
    """Return one candidate of a detector for each place, the surest."""
    kept: list[Candidate] = []
    for each in sorted((each for each in found if each.voice is voice), key=lambda each: (-each.score, each.box)):
        if all(overlap(each.box, other.box) < SAME_BOX for other in kept):
            kept.append(each)
    return kept


def _fitted(candidate: Candidate) -> Candidate:
    return replace(candidate, box=_FIT[candidate.voice].face(candidate.box))


def _common(candidate: Candidate, group: Group) -> float:
    return max(overlap(candidate.box, other.box) for other in group.values())


def _score(group: Group, vote: Vote) -> float:
    """Return 1 and more for a face: the voices and how sure the surest is; less than 1 for what is none."""
    animeface = max(_of(group, Voice.ANIMEFACE), _of(group, Voice.ANIMEFACE_CLOSER))
    voices = (
        (_of(group, Voice.CASCADE) >= vote.cascade.weak)
        + (_of(group, Voice.LIBFACEDETECTION) >= vote.libfacedetection.weak)
        + (animeface >= vote.animeface.weak)
        + (_of(group, Voice.ONNX) >= vote.onnx.weak)
    )
    surest = max(_of(group, voice) / sure for voice, sure in _sure(vote).items())
    return voices + surest if voices >= 2 or surest >= 1 else 0.0


def _sure(vote: Vote) -> dict[Voice, float]:
    """Return the scores from which a detector needs no other; looking more closely, animeface sees faces too easily."""
    return {
        Voice.CASCADE: vote.cascade.sure,
        Voice.LIBFACEDETECTION: vote.libfacedetection.sure,
        Voice.ANIMEFACE: vote.animeface.sure,
        Voice.ONNX: vote.onnx.sure,
    }


def _of(group: Group, voice: Voice) -> float:
    return group[voice].score if voice in group else 0.0


def _angle(group: Group) -> float:
    """Return the tilt of the face, which the candidates of one have in common."""
    return next((each.angle for each in group.values() if each.angle is not None), 0.0)


def _mean(group: Group) -> Box:
    weights = [_WEIGHT[voice] for voice in group]
    sides = np.average([candidate.box for candidate in group.values()], axis=0, weights=weights)
    return Box(*(round(float(side)) for side in sides))
