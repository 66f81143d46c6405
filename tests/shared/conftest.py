import pytest

from shared.contract.messages import (
    DatasetDue,
    DatasetPacked,
    FaceBoxed,
    FaceDropped,
    FaceFound,
    FaceKept,
    FaceNormalized,
    FacesCompared,
    FacesCounted,
    FacesDue,
    FaceSuperseded,
    FaceUpscaled,
    ImageDropped,
    ImageFetched,
    ImageFingerprinted,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    KeeperSettled,
    LegDue,
    ListingDue,
    Message,
    PairDecision,
    PairGiven,
    RankingReady,
    ReviewClosed,
    RunRequested,
    SnapshotTaken,
    SourceExhausted,
    TrainingDue,
    VerdictGiven,
)
from shared.contract.reasons import Reason

RUN, ENTRY, DIGEST, OTHER = "anya-001", "0a" * 10, "0b" * 32, "0c" * 32


def _of_a_run() -> tuple[Message, ...]:
    leg = {"run": RUN, "version": 2, "dataset": DIGEST, "training": OTHER, "leg": 3}
    return (
        RunRequested(run=RUN, source=1),
        ListingDue(run=RUN, source=1, page=2),
        SourceExhausted(run=RUN, source=1, count=17),
        ItemDied(run=RUN, stage="scraper", error="poison", detail="a folder is gone"),
        DatasetPacked(run=RUN, version=2, digest=DIGEST, number=3),
        TrainingDue(run=RUN, version=2, dataset=DIGEST, number=4),
        LegDue.model_validate(leg),
        SnapshotTaken.model_validate(leg | {"kimg": 2.5, "last": True}),
        RankingReady.model_validate(leg),
        ReviewClosed(run=RUN),
        FacesDue(run=RUN, changes=5),
        FacesCompared(run=RUN, changes=5, superseded=1),
        DatasetDue(run=RUN, changes=7),
    )


def _of_pictures() -> tuple[Message, ...]:
    fingerprint = dict.fromkeys(("phash", "mirrored_phash"), "0123456789abcdef")
    image = {"run": RUN, "entry": ENTRY, "image": DIGEST}
    judgement = image | {"arrival": 4, "decisions": 2}
    return (
        ImageFetched.model_validate(image | {"source": 1, "score": -3}),
        ImageFingerprinted.model_validate(
            image | fingerprint | {"score": 1, "width": 800, "height": 600, "lossless": True, "words": "AAAB"}
        ),
        ImageKept.model_validate(judgement),
        ImageSuperseded.model_validate(judgement | {"by": OTHER, "reason": Reason.NEAR_DUPLICATE}),
        ImageDropped(run=RUN, entry=ENTRY, stage="deduper", reason=Reason.TRUNCATED, detail="ends at 99 of 100 bytes"),
        KeeperSettled(run=RUN, entry=ENTRY, out=True),
        PairGiven(run=RUN, image=DIGEST, other=OTHER, decision=PairDecision.APART, number=4),
        FacesCounted.model_validate(image | {"faces": 2}),
        VerdictGiven.model_validate(image | {"decision": "drop", "number": 3}),
    )


def _of_faces() -> tuple[Message, ...]:
    face = {"run": RUN, "entry": ENTRY, "image": DIGEST, "face": 1}
    return (
        FaceFound.model_validate(face | {"crop": OTHER, "box": (1, 2, 30, 40), "side": 40, "confidence": 0.5}),
        FaceBoxed.model_validate(face | {"box": (-1, 2, 30, 40), "angle": -12.5, "revision": 500_000_003}),
        VerdictGiven.model_validate(face | {"decision": "box", "number": 3, "box": (-1, 2, 30, 40), "angle": -12.5}),
        FaceUpscaled.model_validate(face | {"crop": OTHER, "factor": 2}),
        FaceNormalized.model_validate(face | {"picture": OTHER}),
        FaceKept(run=RUN, entry=ENTRY, face=1, picture=OTHER, changes=5),
        FaceSuperseded(run=RUN, entry=ENTRY, face=1, picture=OTHER, changes=5, by=DIGEST, reason=Reason.NEAR_DUPLICATE),
        FaceDropped(run=RUN, entry=ENTRY, face=1, stage="upscaler", reason=Reason.FACE_TOO_SMALL),
        ItemDied(run=RUN, entry=ENTRY, face=1, stage="normalizer", error="poison"),
    )


@pytest.fixture(scope="session")
def every_message() -> tuple[Message, ...]:
    """At least one message of every type."""
    return (*_of_a_run(), *_of_pictures(), *_of_faces())
