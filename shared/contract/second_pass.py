"""The messages of the deduper's second pass, on faces; `shared.contract.messages` has them with all others.

A pass is named by `changes`, which grows whenever the faces that it is about have changed, or a person has said
something of a pair of pictures (`Progress.face_pass`).
"""

from shared.contract.facts import FaceFact, Fact, RunFact
from shared.contract.message_base import Count, Digest, FaceMessage, Message
from shared.contract.reasons import Reason


class FacesDue(Message):
    """Compare all faces of the run that are ready for its data set."""

    changes: Count


class ComparedFace(FaceMessage):
    """Base of what the second pass has found about a face, whose picture in the data set would be `picture`."""

    picture: Digest
    changes: Count

    def fact(self, stage: str) -> Fact:
        return FaceFact(self.entry, self.face, self.kind(), stage, self.changes, str(self.drop_reason or ""))


class FaceKept(ComparedFace):
    """The best copy of its group, after it was taken for a worse one."""


class FaceSuperseded(ComparedFace):
    """A worse copy of the face whose picture is `by`."""

    by: Digest
    reason: Reason

    @property
    def drop_reason(self) -> Reason:
        return self.reason


class FacesCompared(Message):
    """All faces of the run have been compared, of which `superseded` are worse copies of others."""

    changes: Count
    superseded: Count

    def fact(self, stage: str) -> Fact:
        return RunFact(self.kind(), stage, changes=self.changes, count=self.superseded)
