"""How a fact is written as a part of a key, and read back: the trail can be counted from its keys alone.

    <stage>.<kind>.<reason or none>.<number>.<second>

For a picture `number` is the revision and `second` the decisions of its arrival; where faces are counted these are
their number and the revision. For a face they are the revision and 0; for a run the leg or source, and the version.
"""

from shared.contract.facts import FaceFact, Fact, ImageFact, RunFact
from shared.contract.items import Entry, Face, Item
from shared.contract.messages import FacesCounted, SourceExhausted

_NO_REASON = "none"


def label_of(fact: Fact) -> str:
    """Return a fact, without its item, as the last part of a trail key; `fact_of` reads it back."""
    number, second = _numbers(fact)
    return f"{fact.stage}.{fact.kind}.{fact.reason or _NO_REASON}.{number}.{second}"


def fact_of(item: Item, label: str) -> Fact:
    """Return the fact about `item` that `label` was made of by `label_of`."""
    stage, kind, reason, *numbers = label.split(".")
    number, second = map(int, numbers)
    reason = "" if reason == _NO_REASON else reason
    if isinstance(item, Face):
        return FaceFact(item.entry, item.number, kind, stage, number, reason)
    if isinstance(item, Entry):
        if kind == FacesCounted.kind():
            return ImageFact(item.entry, kind, stage, second, reason, faces=number)
        return ImageFact(item.entry, kind, stage, number, reason, decisions=second)
    if kind == SourceExhausted.kind():
        return RunFact(kind, stage, source=number, reason=reason)
    return RunFact(kind, stage, version=second, leg=number, reason=reason)


def _numbers(fact: Fact) -> tuple[int, int]:
    if isinstance(fact, FaceFact):
        return fact.revision, 0
    if isinstance(fact, RunFact):
        return fact.leg or fact.source, fact.version
    if fact.kind == FacesCounted.kind():
        return fact.faces, fact.revision
    return fact.revision, fact.decisions
