"""Finds the pictures and faces of a run that have a certain fate, and what there is to show of each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.magritte.run_items import RunItems
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.items import Entry, Face, Item
from shared.contract.messages import (
    Dropped,
    FaceFound,
    FaceNormalized,
    FaceUpscaled,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    Message,
)
from shared.ledger.fates import Fate, Settlement


@dataclass(frozen=True)
class Wanted:
    """The fates that are asked for: kept, or left out; the latter for one reason or by one stage, if given."""

    kept: bool = False
    reason: str = ""
    stage: str = ""

    def takes(self, fate: Settlement) -> bool:
        """Return whether this fate is one of those that are asked for."""
        if self.kept:
            return fate.fate is Fate.IN_DATASET
        is_out = fate.fate in (Fate.DROPPED, Fate.DEAD)
        return is_out and self.reason in ("", fate.reason) and self.stage in ("", fate.stage)

    @property
    def name(self) -> str:
        """A word for it, fit for the name of a file."""
        return "kept" if self.kept else "-".join(filter(None, (self.stage, self.reason))) or "left-out"


@dataclass(frozen=True)
class Settled:
    """A picture or face, its fate, the name of its file or post, why it has that fate, and the object that shows it.

    `key` is empty where the run has nothing to show: what was never fetched.
    """

    item: Entry | Face
    fate: Settlement
    name: str
    detail: str
    key: str


def find_settled(items: RunItems, wanted: Wanted) -> list[Settled]:
    """Return what has the wanted fate, sorted by stage, reason and name. Raises `NotFound` where nothing has."""
    fates = list(items.fates())
    found = {item: fate for item, fate in fates if wanted.takes(fate)}
    if not found:
        raise NotFound(_nothing(wanted, (fate for _, fate in fates)))
    known = _Known({item.entry for item in found})
    for message in items.messages():
        known.add(message)
    judgements = items.judgements()
    kept = {each.image: entry for entry, each in judgements.items() if isinstance(each, ImageKept)}
    better = {entry: each.by for entry, each in judgements.items() if isinstance(each, ImageSuperseded)}
    wanted_names = known.entries | {kept[by] for entry, by in better.items() if entry in known.entries and by in kept}
    names = {each.entry: each.shown for each in items.listed() if each.entry in wanted_names}

    def settled(item: Entry | Face, fate: Settlement) -> Settled:
        by = better.get(item.entry, "")
        detail = f"kept: {names.get(kept.get(by, ''), by)}" if by else known.details.get((item, fate.reason), "")
        return Settled(item, fate, names.get(item.entry, ""), detail, known.key(item))

    shown = (settled(item, fate) for item, fate in found.items())
    return sorted(shown, key=lambda each: (each.fate.stage, each.fate.reason, each.name, str(each.item)))


@dataclass
class _Known:
    """Findings from the messages about some entries: why each was left out, and which objects show it."""

    entries: set[str]
    details: dict[tuple[Item, str], str] = field(default_factory=dict)
    keys: dict[Item, tuple[int, int, str]] = field(default_factory=dict)

    def add(self, message: Message) -> None:
        """Take in a message about one of the entries."""
        item = message.item
        if not isinstance(item, Entry | Face) or item.entry not in self.entries:
            return
        match message:
            case Dropped():
                self.details[item, message.reason] = message.detail
            case ItemDied():
                self.details[item, message.error] = message.detail
        self._note_keys(message, item)

    def _note_keys(self, message: Message, item: Entry | Face) -> None:
        if image := getattr(message, "image", ""):
            self._show(Entry(item.entry), 0, 0, keys.original(image))
        match message:
            case FaceFound() | FaceUpscaled():
                self._show(item, message.revision, 1, keys.crop(message.crop))
            case FaceNormalized():
                self._show(item, message.revision, 2, keys.normalized(message.picture))

    def _show(self, item: Item, revision: int, step: int, key: str) -> None:
        """Note an object that shows an item, unless one of a later step of the pipeline is known."""
        self.keys[item] = max(self.keys.get(item, (0, 0, "")), (revision, step, key))

    def key(self, item: Entry | Face) -> str:
        """Return the object that shows an item; of a face that was never cut out the picture that it is in."""
        return self.keys.get(item, self.keys.get(Entry(item.entry), (0, 0, "")))[2]


def _nothing(wanted: Wanted, fates: Iterable[Settlement]) -> str:
    if wanted.kept:
        return "nothing is in the data set yet"
    left_out = Counter((fate.stage, fate.reason) for fate in fates if Wanted().takes(fate))
    there_are = ", ".join(f"{reason} ({stage}, {count})" for (stage, reason), count in left_out.most_common())
    by, why = (f" by {wanted.stage}" if wanted.stage else ""), (f" for {wanted.reason}" if wanted.reason else "")
    return f"nothing was left out{by}{why}; there is {there_are}" if there_are else "nothing was left out"
