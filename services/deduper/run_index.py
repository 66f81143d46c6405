"""All fingerprints of one run, in the order of their arrival, which are duplicates, and what has been decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.deduper.candidates import Candidates, Near
from services.deduper.grouping import Grouping, Rank
from services.deduper.likeness import NEARLY, Eyes
from shared.contract.messages import ImageFingerprinted
from shared.contract.reasons import Reason
from shared.recipe.duplicates import Duplicates


@dataclass(frozen=True)
class EntryDecision:
    """The decision about an entry: kept when `by` is None, else superseded by that image, which is of entry `keeper`.

    What is kept and `passed_over` has fallen out of the run since, and supersedes nothing but exact copies.
    """

    entry: str
    image: str
    by: str | None
    reason: Reason | None
    keeper: str | None = None  # decisions of before 2026-11-28 do not say it
    passed_over: bool = False


@dataclass(frozen=True)
class Findings:
    """The findings of looking at an arrival: the earlier ones, counted from 0, that it is a duplicate of.

    `resolutions` are effective ones, of the arrivals that have a duplicate and had none before. `nearly` are the doubts
    about earlier originals that a person might take for copies (`services.deduper.likeness`).
    """

    pairs: Mapping[int, Reason] = field(default_factory=dict)
    resolutions: Mapping[int, int] = field(default_factory=dict)
    nearly: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """The findings about an arrival, and all decisions that it brings or changes."""

    findings: Findings
    decisions: tuple[EntryDecision, ...]


_BYTES = 700
"""Bytes of memory per entry beside its words, measured at 10,000."""

MOST_LOST = 0.2
"""Share of what is drawn on a picture that its duplicate may lack and still stand for it. Where the better one lacks
more, as a sharper crop does, both are kept, and their faces are compared later on. Of real drawings, altered copies
that are whole lack up to 0.18 (turned by 2 degrees), crops of 4 % a side 0.16 and of 8 % a side 0.23 to 0.32."""

EXACT_ALONE = 100
"""Strictness at which exact copies alone are duplicates."""

_COLUMNS = ("entries", "images", "resolutions", "pixels", "lossless", "scores", "keeper", "phash", "mirrored_phash")
"""Parts of a state with an element for each entry."""

_KINDS = (Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE, Reason.MIRRORED_DUPLICATE)


class RunIndex:
    """Index of the fingerprints of one run, with the decisions about them."""

    def __init__(self, settings: Duplicates) -> None:
        self._settings = settings
        self._entries: list[str] = []
        self._images: list[str] = []
        self._of_image: defaultdict[str, list[int]] = defaultdict(list)
        self._candidates = Candidates()
        self._pairs: defaultdict[int, dict[int, Reason]] = defaultdict(dict)
        self._groups = Grouping(lambda number: self._pairs.get(number, {}))

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def memory(self) -> int:
        """Bytes of memory that the index takes, roughly."""
        return _BYTES * len(self._entries) + self._candidates.memory

    def add(self, found: ImageFingerprinted, eyes: Eyes, known: Findings | None = None) -> Judged:
        """Take in the next arrival. `known` are the findings about it, if they were written down."""
        number, candidates = len(self._entries), self._candidates.add(found)
        self._entries.append(found.entry)
        self._images.append(found.image)
        findings = known or self._looked_at(found, number, candidates, eyes)
        self._of_image[found.image].append(number)
        self._connect(number, findings.pairs)
        self._note_resolutions(findings.resolutions)
        changed = self._groups.add((-findings.resolutions.get(number, 0), *rank(found)[1:]))
        return self._judged((), changed, findings)

    def settle(self, entry: str, out: bool) -> Judged:
        """Note whether an entry's picture has fallen out of the run; the decision about it comes first.

        Raises `ValueError` for an entry that has not arrived.
        """
        number = self._entries.index(entry)
        return self._judged([number], self._groups.settle(number, out))

    def pair(self, images: tuple[str, str], are_copies: bool, eyes: Eyes, known: Findings | None = None) -> Judged:
        """Note a person's word about two different originals; the decisions about all that have them come first."""
        ones, others = (self._of_image.get(image, []) for image in images)
        for one, other in product(ones, others):
            if are_copies:
                self._connect(one, {other: Reason.NEAR_DUPLICATE})
            else:
                self._pairs[one].pop(other, None)
                self._pairs[other].pop(one, None)
        findings = known or Findings(resolutions=self._measured([*ones, *others], eyes) if are_copies else {})
        self._note_resolutions(findings.resolutions)
        return self._judged([*ones, *others], self._groups.review([*ones, *others]), findings)

    def has(self, image: str) -> bool:
        """Return whether a picture with this original has arrived."""
        return image in self._of_image

    @property
    def entries(self) -> Sequence[str]:
        """Return all entries, in order of arrival."""
        return self._entries

    def is_out(self, number: int) -> bool:
        """Return whether the picture of an arrival, counted from 0, has fallen out of the run."""
        return number in self._groups.out

    def grouped(self) -> list[EntryDecision]:
        """Return the decisions about all that have duplicates, in order of arrival."""
        paired = sorted(number for number, pairs in self._pairs.items() if pairs)
        return [self._decision(number, self._reason(number)) for number in paired]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that the index knows, as arrays: an element per entry, in order of arrival, or per pair."""
        ranks = self._groups.ranks
        keeper = [-1 if number is None else number for number in self._groups.keeper]
        pairs = [
            (one, other, _KINDS.index(kind)) for one, others in self._pairs.items() for other, kind in others.items()
        ]
        return {
            "entries": np.array(self._entries, "S20"),
            "images": np.array(self._images, "S64"),
            "resolutions": np.array([-rank[0] for rank in ranks], np.int64),
            "pixels": np.array([-rank[1] for rank in ranks], np.int64),
            "lossless": np.array([not rank[2] for rank in ranks], np.bool_),
            "scores": np.array([-rank[3] for rank in ranks], np.int64),
            "keeper": np.array(keeper, np.int64),
            "out": np.array(sorted(self._groups.out), np.int64),
            "pairs": np.array([pair for pair in pairs if pair[0] > pair[1]], np.int64).reshape(-1, 3),
            **self._candidates.state(),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Know what another index of the same settings knew (`state`). Raises `ValueError` for what is no state."""
        keeper, pairs = state["keeper"].tolist(), state["pairs"].tolist()
        lengths = {len(state[name]) for name in _COLUMNS}
        out = set[int](state["out"].tolist())
        numbers = [*keeper, *out, *(number for pair in pairs for number in pair[:2])]
        if len(lengths) != 1 or not all(-1 <= number < len(keeper) for number in numbers):
            raise ValueError("no state of an index")
        self._entries = [entry.decode() for entry in state["entries"].tolist()]
        self._images = [image.decode() for image in state["images"].tolist()]
        for number, image in enumerate(self._images):
            self._of_image[image].append(number)
        self._candidates.restore(state)
        for one, other, kind in pairs:
            self._connect(one, {other: _KINDS[kind]})
        self._groups.restore(self._ranks(state), [None if number < 0 else number for number in keeper], out)

    def _ranks(self, state: Mapping[str, NDArray[Any]]) -> list[Rank]:
        columns = (state[name].tolist() for name in ("resolutions", "pixels", "lossless", "scores"))
        rows = zip(*columns, self._images, self._entries, strict=True)
        return [(-shown, -pixels, not lossless, -score, *names) for shown, pixels, lossless, score, *names in rows]

    def _judged(
        self, first: Iterable[int], changed: Mapping[int, Reason | None], findings: Findings | None = None
    ) -> Judged:
        """Return the decisions about the pictures named `first`, and all others that have `changed`."""
        reasons = {picture: self._reason(picture) for picture in first} | dict(changed)
        decisions = tuple(self._decision(picture, reason) for picture, reason in reasons.items())
        return Judged(findings or Findings(), decisions)

    def _note_resolutions(self, resolutions: Mapping[int, int]) -> None:
        """Note how much pictures show that have had no duplicate so far: no decision has depended on it."""
        for number, shown in resolutions.items():
            if number < len(self._groups.ranks):
                self._groups.ranks[number] = (-shown, *self._groups.ranks[number][1:])

    def _looked_at(self, found: ImageFingerprinted, number: int, candidates: Near, eyes: Eyes) -> Findings:
        image = found.image
        copies = self._of_image.get(image, [])
        pairs = {other: kind for copy in copies for other, kind in self._pairs[copy].items()}
        pairs |= dict.fromkeys(copies, Reason.EXACT_DUPLICATE)
        nearly: dict[str, float] = {}
        if not copies and self._settings.strictness < EXACT_ALONE:
            pairs, nearly = self._duplicates(found, candidates, eyes)
        return Findings(pairs, self._resolutions(number, pairs, eyes), nearly)

    def _resolutions(self, number: int, pairs: Mapping[int, Reason], eyes: Eyes) -> dict[int, int]:
        """Measure a new picture and its duplicates, unless they are all one file."""
        is_needed = set(pairs.values()) - {Reason.EXACT_DUPLICATE}
        return self._measured([number, *pairs], eyes) if is_needed else {}

    def _measured(self, numbers: Iterable[int], eyes: Eyes) -> dict[int, int]:
        """Measure how much pictures show that have not been measured yet."""
        ranks = self._groups.ranks
        unknown = [each for each in numbers if each >= len(ranks) or not ranks[each][0]]
        shown = {image: eyes.resolution(image) for image in {self._images[each] for each in unknown}}
        return {each: shown[self._images[each]] for each in unknown}

    def _duplicates(
        self, found: ImageFingerprinted, candidates: Near, eyes: Eyes
    ) -> tuple[dict[int, Reason], dict[str, float]]:
        """Return the earlier duplicates of a new picture: among candidates, and among the duplicates of those.

        The second value are the doubts about originals that nearly are.
        """
        image, pairs, nearly = found.image, dict[int, Reason](), dict[str, float]()
        due = [(number, Reason.NEAR_DUPLICATE) for number in candidates.straight]
        due += [(number, Reason.MIRRORED_DUPLICATE) for number in candidates.mirrored if self._settings.mirrored]
        due += [(number, Reason.NEAR_DUPLICATE) for same in eyes.same(image) for number in self._of_image.get(same, ())]
        looked_at = set[tuple[str, Reason]]()
        while due:
            other, kind = due.pop()
            if other in pairs or (self._images[other], kind) in looked_at:
                continue
            looked_at.add((self._images[other], kind))
            doubt = eyes.doubt(image, self._images[other], kind)
            if doubt <= 1 and self._loses_too_much(found, other, kind, eyes):
                continue
            if doubt <= 1:
                pairs |= dict.fromkeys(self._of_image[self._images[other]], kind)
                due += [(number, _through(kind, known)) for number, known in self._pairs[other].items()]
            elif doubt <= NEARLY:
                nearly[self._images[other]] = round(doubt, 3)
        return pairs, nearly

    def _loses_too_much(self, found: ImageFingerprinted, other: int, kind: Reason, eyes: Eyes) -> bool:
        """Return whether the better of two duplicates lacks too much to stand for the other."""
        image, earlier = found.image, self._images[other]
        losses = {kept: eyes.loss(kept, lost, kind) for kept, lost in ((image, earlier), (earlier, image))}
        if max(losses.values()) <= MOST_LOST:
            return False
        ranks = {image: rank(found)[1:], earlier: self._groups.ranks[other][1:]}
        better = min(ranks, key=lambda each: (-eyes.resolution(each), *ranks[each]))
        return losses[better] > MOST_LOST

    def _connect(self, number: int, pairs: Mapping[int, Reason]) -> None:
        for other, kind in pairs.items():
            self._pairs[number][other] = self._pairs[other][number] = kind

    def _decision(self, picture: int, reason: Reason | None) -> EntryDecision:
        entry, image, keeper = self._entries[picture], self._images[picture], self._groups.keeper[picture]
        if keeper is None or keeper == picture:
            return EntryDecision(entry, image, None, None, passed_over=picture in self._groups.out)
        return EntryDecision(entry, image, self._images[keeper], reason, self._entries[keeper])

    def _reason(self, picture: int) -> Reason | None:
        """Return why a picture is not kept, None for one that is."""
        keeper = self._groups.keeper[picture]
        return None if keeper is None or keeper == picture else self._pairs[picture][keeper]


def _through(kind: Reason, other: Reason) -> Reason:
    """Return which kind of duplicate the other's duplicate would be: the mirror image of a mirror image is none."""
    mirrored = [each is Reason.MIRRORED_DUPLICATE for each in (kind, other)]
    return Reason.MIRRORED_DUPLICATE if mirrored[0] != mirrored[1] else Reason.NEAR_DUPLICATE


def rank(found: ImageFingerprinted) -> Rank:
    """Return a key that sorts the best first: effective resolution, pixels, lossless, the source's score.

    The rest settles ties. The resolution is measured once a picture has a duplicate (`RunIndex.add`).
    """
    return (0, -found.width * found.height, not found.lossless, -found.score, found.image, found.entry)
