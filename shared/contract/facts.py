"""Facts: the part of a message that the fate of a picture, a face or a run follows from.

The `kind` of a fact is that of its message, `stage` is who published it. Of two facts about one item the one with the
higher `revision` holds, so that a later one can revive what was dropped and drop what was kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ImageFact:
    """A statement about a picture.

    `reason` is why it is dropped or dead, `faces` the number of faces that settle each on its own. A judgement of the
    deduper's index has its arrival as its revision. `decisions` says how many pictures that arrival decided, `keeper`
    which entry's picture is the better copy of one that is superseded, and `passed_over` that a kept one supersedes
    nothing, since it has fallen out of the run itself.
    """

    entry: str
    kind: str
    stage: str
    revision: int = 0
    reason: str = ""
    decisions: int = 0
    keeper: str = ""
    passed_over: bool = False
    faces: int = 0


@dataclass(frozen=True, slots=True)
class FaceFact:
    """A statement about face number `face` of a picture."""

    entry: str
    face: int
    kind: str
    stage: str
    revision: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunFact:
    """A statement about the run itself: a listed source, a closed review, a data set, a snapshot, a ranking, a death.

    Fields that do not concern its kind have their defaults. `count` is the number of entries of a source, `digest` that
    of a data set, and `changes` how often what belongs into it had changed when it was made (`Tally.changes`). `number`
    is that of a training within the run, 0 in those of before.
    """

    kind: str
    stage: str
    source: int = 0
    count: int = 0
    version: int = 0
    digest: str = ""
    changes: int = 0
    number: int = 0
    training: str = ""
    leg: int = 0
    kimg: float = 0.0
    last: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


Fact = ImageFact | FaceFact | RunFact
