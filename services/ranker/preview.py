"""Sorts and ranks a run's faces for whoever looks through them: what commands do in their own process."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from services.ranker import looks, making, strangeness, suspicion
from services.ranker.looks import Looks
from shared.contract.objects import Objects
from shared.contract.picture_ranking import MadeRanking, OnStep, RankingRequest
from shared.contract.reasons import Drop
from shared.contract.suspicious_faces import Look, SeenFace, Signal, Sorting, Suspect, Verdicts
from shared.pictures import OUR_OWN_LIMITS, decode, flatten


class PreviewRanker:
    """`shared.contract.picture_ranking.PictureRanker` as the stage ranks."""

    def rank(self, request: RankingRequest, store: Objects, on_step: OnStep) -> MadeRanking:
        """Rank what is asked for; nothing is written. Raises Poison where data set, snapshot or network do not fit."""
        return making.make(request, store, on_step)


class PreviewSorter:
    """`shared.contract.suspicious_faces.FaceSorter` without a network, before or after any training."""

    def look(self, data: bytes) -> Look | Drop:
        """Return the features of an encoded picture, or why it cannot be decoded."""
        found = decode(data, OUR_OWN_LIMITS)
        return found if isinstance(found, Drop) else Look(looks.encoded(np.asarray(flatten(found.image))))

    def sort(self, faces: Sequence[SeenFace]) -> Sorting:
        """Sort faces by the verdicts about some of them, or where these are too few by their strangeness."""
        known = looks.decoded(face.look for face in faces)
        verdicts = _counted(faces)
        if any(verdicts.missing):
            return Sorting(Signal.STRANGENESS, _strange(known, faces), verdicts)
        given = [
            suspicion.Verdict(place, face.image, face.dropped)
            for place, face in enumerate(faces)
            if face.dropped is not None
        ]
        found = suspicion.suspicion(known, given)
        suspects = _ranked(_undecided(faces), found.logits, found.parts, suspicion.FEATURES)
        counted = Verdicts(verdicts.dropped, verdicts.kept, verdicts.least, found.auc)
        return Sorting(Signal.VERDICTS, suspects, counted)


def _counted(faces: Sequence[SeenFace]) -> Verdicts:
    dropped, kept = ({face.image for face in faces if face.dropped is kind} for kind in (True, False))
    return Verdicts(len(dropped), len(kept), suspicion.LEAST)


def _undecided(faces: Sequence[SeenFace]) -> list[int]:
    return [place for place, face in enumerate(faces) if face.belongs and face.dropped is None]


def _strange(known: Looks, faces: Sequence[SeenFace]) -> list[Suspect]:
    """Sort the faces that nobody has decided about; those that were kept are company to them, dropped ones are not."""
    company = [place for place, face in enumerate(faces) if face.belongs and not face.dropped]
    if not company:
        return []
    found, undecided = strangeness.strangeness(known.of(company)), set(_undecided(faces))
    total = found.total
    return _sorted(
        Suspect(place, float(total[at]), found.mostly(at)) for at, place in enumerate(company) if place in undecided
    )


def _ranked(
    places: Sequence[int], scores: NDArray[np.float64], parts: NDArray[np.float64], features: Sequence[str]
) -> list[Suspect]:
    """Return the faces at `places` by score, the highest first."""
    return _sorted(Suspect(place, float(scores[place]), features[int(parts[place].argmax())]) for place in places)


def _sorted(suspects: Iterable[Suspect]) -> list[Suspect]:
    """Sort by score, the highest first; equal ones stay in the order that they came in."""
    return sorted(suspects, key=lambda suspect: -suspect.score)
