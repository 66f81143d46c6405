"""Detections as a result of their own, so that another crop margin does not mean looking for all faces again."""

import json
from collections.abc import Sequence

from services.face_detector.detector import Box, Face
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.stage import Action, Objects


def recalled(store: Objects, action: Action) -> list[Face] | None:
    """Return the faces that `action` has found before; None when it has not been done, or its record is unreadable."""
    try:
        record = json.loads(store.get(keys.action(action.stage, action.digest)))
        return [Face(Box(*face["box"]), face["confidence"]) for face in record["faces"]]
    except (NotFound, ValueError, KeyError, TypeError):
        return None


def keep(store: Objects, action: Action, faces: Sequence[Face]) -> None:
    """Record the faces that `action` has found."""
    record = {
        "stage": action.stage,
        "version": action.version,
        "settings": dict(action.settings),
        "inputs": dict(action.inputs),
        "faces": [{"box": list(face.box), "confidence": face.confidence} for face in faces],
    }
    store.put(keys.action(action.stage, action.digest), json.dumps(record, sort_keys=True).encode())
