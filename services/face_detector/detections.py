"""Candidates as a result of their own, so that another threshold or margin does not mean looking for faces again."""

from services.face_detector.detector import Box, Candidate, Voice
from shared.contract.stage import Codec

DETECTIONS: Codec[list[Candidate]] = Codec(
    write=lambda found: {
        "candidates": [
            {"box": list(each.box), "score": each.score, "voice": each.voice.value}
            | ({} if each.angle is None else {"angle": each.angle})
            for each in found
        ]
    },
    read=lambda record: [
        Candidate(Box(*each["box"]), each["score"], Voice(each["voice"]), each.get("angle"))
        for each in record["candidates"]
    ],
)
