"""Detections as a result of their own, so that another crop margin does not mean looking for all faces again."""

from services.face_detector.detector import Box, DetectedFace
from shared.contract.stage import Codec

DETECTIONS: Codec[list[DetectedFace]] = Codec(
    write=lambda faces: {"faces": [{"box": list(face.box), "confidence": face.confidence} for face in faces]},
    read=lambda record: [DetectedFace(Box(*face["box"]), face["confidence"]) for face in record["faces"]],
)
