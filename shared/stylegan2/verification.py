"""Looks for everything that is wrong with a multi-resolution TFRecord data set, and goes on after each find."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path

import numpy as np

from shared.stylegan2.errors import NoSuchFolder, StyleGAN2Error
from shared.stylegan2.example import Picture, decode_picture
from shared.stylegan2.labels_file import LabelArray, decode_labels, faulty_rows, labels_file_name
from shared.stylegan2.pyramid import SMALLEST_LOG2, has_levels, pyramid
from shared.stylegan2.tfrecords import Damage, Fault, level_file_name, scan_records

MANIFEST_FILE, DATA_CARD_FILE = "manifest.json", "data-card.md"
"""Files beside the levels that say of what pictures they are; only their names are known here."""

_LEVEL_FILE = re.compile(r"(?P<dataset>.+)-r(?P<log2>\d\d)\.tfrecords")


class Problem(StrEnum):
    """Faults of a data set."""

    # The directory
    NO_DATASET = "no-dataset"
    FOREIGN_FILE = "foreign-file"
    MISSING_LEVEL = "missing-level"
    TOO_LARGE = "too-large"
    # A file
    CUT_SHORT = Fault.CUT_SHORT
    NO_RECORDS = "no-records"
    MISSING_RECORDS = "missing-records"
    EXTRA_RECORDS = "extra-records"
    # A record
    LENGTH_CHECKSUM = Fault.LENGTH_CHECKSUM
    DATA_CHECKSUM = Fault.DATA_CHECKSUM
    NOT_AN_EXAMPLE = "not-an-example"
    NOT_A_POWER_OF_TWO = "not-a-power-of-two"
    WRONG_SHAPE = "wrong-shape"
    DIFFERENT_PICTURE = "different-picture"
    # The labels
    MISSING_LABELS = "missing-labels"
    NOT_LABELS = "not-labels"
    WRONG_NUMBER_OF_LABELS = "wrong-number-of-labels"
    NOT_ONE_HOT = "not-one-hot"
    # The manifest
    NOT_AS_LISTED = "not-as-listed"


@dataclass(frozen=True)
class Finding:
    """A problem in `file`, at `record` from 0; None for a problem of the file as a whole."""

    file: str
    record: int | None
    problem: Problem
    sentence: str


@dataclass(frozen=True)
class Verification:
    """The content of a data set as far as it can be read, and everything that is wrong with it.

    `resolution` is that of the largest level (0: no level), `channels` those of its first picture (0: none),
    `records` the number that most levels agree on, `classes` that of the labels' columns (0: no labels).
    """

    resolution: int
    channels: int
    records: int
    findings: tuple[Finding, ...]
    classes: int = 0


def verify_dataset(directory: Path, resolution: int | None = None, labels: LabelArray | None = None) -> Verification:
    """Read a data set once, one record of each level at a time, and return everything that is wrong with it.

    With `resolution`, the largest level must be that one: without it, a lost top level cannot be noticed. With
    `labels` [pictures, classes], its labels must be those; with labels of 0 classes, it must have none.
    Raises NoSuchFolder when there is no such directory.
    """
    if not directory.is_dir():
        raise NoSuchFolder(f"There is no directory {directory}.")
    levels, findings = _survey(directory, resolution)
    if not levels:
        return Verification(0, 0, 0, tuple(findings))
    # Below a lost top level the largest one left is rounded already, which moves the others by one at most.
    tolerance = 0 if resolution is None or levels[0].resolution >= resolution else 1
    for index, row in enumerate(zip_longest(*(level.pictures() for level in levels))):
        _compare(levels, row, index, tolerance)
    records = _count(levels)
    for level in levels:
        findings += sorted(level.findings, key=lambda finding: -1 if finding.record is None else finding.record)
    file = directory / labels_file_name(levels[0].file.name.rpartition("-r")[0])
    classes, wrong_labels = _check_labels(file, records, labels)
    return Verification(levels[0].resolution, levels[0].channels, records, (*findings, *wrong_labels), classes)


@dataclass
class _Level:
    file: Path
    resolution: int
    channels: int = 0
    records: int = 0
    hides_rest: bool = False
    findings: list[Finding] = field(default_factory=list)

    def pictures(self) -> Iterator[Picture | None]:
        for index, record in enumerate(scan_records(self.file)):
            self.records += 1
            if isinstance(record, Damage):
                self.hides_rest = record.hides_rest
                self.report(index, Problem(record.fault), record.sentence)
                yield None
            else:
                yield self._sound_picture(index, record)

    def report(self, record: int | None, problem: Problem, sentence: str) -> None:
        self.findings.append(Finding(self.file.name, record, problem, sentence))

    def _sound_picture(self, index: int, record: bytes) -> Picture | None:
        try:
            picture = decode_picture(record)
        except StyleGAN2Error as error:
            self.report(index, Problem.NOT_AN_EXAMPLE, str(error))
            return None
        return picture if self._has_right_shape(index, picture) else None

    def _has_right_shape(self, index: int, picture: Picture) -> bool:
        channels, height, width = picture.shape
        self.channels = self.channels or channels
        expected = (self.channels, self.resolution, self.resolution)
        if not has_levels(height, width):
            sentence = f"The picture is {width} x {height}: not square, or its side no power of two from 4 on."
            self.report(index, Problem.NOT_A_POWER_OF_TWO, sentence)
        elif picture.shape != expected or channels not in (1, 3):
            sentence = f"The picture has the shape {picture.shape} instead of {expected} (1 or 3 channels)."
            self.report(index, Problem.WRONG_SHAPE, sentence)
        else:
            return True
        return False


def _survey(directory: Path, resolution: int | None) -> tuple[list[_Level], list[Finding]]:
    entries = sorted(directory.iterdir())
    dataset = _dataset_name(entries, directory.name)
    files = {log2: entry for entry in entries if (log2 := _log2(entry, dataset)) is not None}
    if not files:
        sentence = f"There is no file like {level_file_name(directory.name, 9)} in it."
        return [], [Finding(directory.name, None, Problem.NO_DATASET, sentence)]
    beside = (labels_file_name(dataset), MANIFEST_FILE, DATA_CARD_FILE)
    known = {*files.values(), *(directory / name for name in beside)}
    findings = [
        Finding(entry.name, None, Problem.FOREIGN_FILE, f"It is no level of the data set '{dataset}'.")
        for entry in entries
        if entry not in known
    ]
    levels = [_Level(files[log2], 1 << log2) for log2 in sorted(files, reverse=True)]
    return levels, [*findings, *_wrong_levels(dataset, levels, resolution)]


def _dataset_name(entries: Sequence[Path], directory: str) -> str:
    # The official reader does not mind a renamed directory: the name that most files have is the data set's.
    matches = (_LEVEL_FILE.fullmatch(entry.name) for entry in entries)
    names = Counter(match["dataset"] for match in matches if match)
    return max(names, key=lambda name: (names[name], name == directory), default=directory)


def _log2(entry: Path, dataset: str) -> int | None:
    match = _LEVEL_FILE.fullmatch(entry.name)
    if match is None or match["dataset"] != dataset or not entry.is_file():
        return None
    return log2 if (log2 := int(match["log2"])) >= SMALLEST_LOG2 else None


def _wrong_levels(dataset: str, levels: Sequence[_Level], resolution: int | None) -> Iterator[Finding]:
    top = levels[0].resolution
    if resolution is not None and top > resolution:
        sentence = f"The largest level is {top} px, {resolution} px are wanted."
        yield Finding(levels[0].file.name, None, Problem.TOO_LARGE, sentence)
    present = {level.resolution for level in levels}
    for log2 in range(SMALLEST_LOG2, max(top, resolution or 0).bit_length()):
        if 1 << log2 not in present:
            name = level_file_name(dataset, log2)
            sentence = f"The level of {1 << log2} px is missing; official readers demand every one down to 4."
            yield Finding(name, None, Problem.MISSING_LEVEL, sentence)


def _compare(levels: Sequence[_Level], row: Sequence[Picture | None], index: int, tolerance: int) -> None:
    top, *lower = row
    if top is None:
        return
    expected = {picture.shape[1]: picture for picture in pyramid(top)}
    found = [(level, picture) for level, picture in zip(levels[1:], lower, strict=True) if picture is not None]
    different = [level for level, picture in found if not _is_close(picture, expected[level.resolution], tolerance)]
    if different and len(different) == len(found) > 1:
        sentence = "No lower level shows this picture halved by means of 2 x 2."
        levels[0].report(index, Problem.DIFFERENT_PICTURE, sentence)
        return
    for level in different:
        sentence = f"It is not record {index} of {levels[0].file.name} halved by means of 2 x 2."
        level.report(index, Problem.DIFFERENT_PICTURE, sentence)


def _is_close(picture: Picture, expected: Picture, tolerance: int) -> bool:
    if picture.shape != expected.shape:
        return False
    return int(np.abs(picture.astype(np.int16) - expected).max()) <= tolerance


def _count(levels: Sequence[_Level]) -> int:
    complete = [level for level in levels if not level.hides_rest]
    # Of equally common numbers the one of the larger level counts: `Counter` keeps the order.
    ((records, _),) = Counter(level.records for level in complete or levels).most_common(1)
    for level in complete:
        sentence = f"It holds {level.records} record(s), most levels {records}."
        if level.records == 0:
            level.report(None, Problem.NO_RECORDS, "It holds no record.")
        elif level.records < records:
            level.report(level.records, Problem.MISSING_RECORDS, sentence)
        elif level.records > records:
            level.report(records, Problem.EXTRA_RECORDS, sentence)
    return records


def _check_labels(file: Path, records: int, listed: LabelArray | None) -> tuple[int, list[Finding]]:
    """Return the number of classes in a labels file, and what is wrong with it."""
    if file.exists():
        try:
            labels = decode_labels(file.read_bytes())
        except StyleGAN2Error as error:
            return 0, [Finding(file.name, None, Problem.NOT_LABELS, str(error))]
        return labels.shape[1], list(_wrong_labels(file.name, labels, records, listed))
    if listed is not None and listed.shape[1]:
        sentence = f"The manifest names {listed.shape[1]} classes, and the file with every picture's is missing."
        return 0, [Finding(file.name, None, Problem.MISSING_LABELS, sentence)]
    return 0, []


def _wrong_labels(file: str, labels: LabelArray, records: int, listed: LabelArray | None) -> Iterator[Finding]:
    if len(labels) != records:
        sentence = f"It holds {len(labels)} label(s), most levels {records} record(s)."
        yield Finding(file, None, Problem.WRONG_NUMBER_OF_LABELS, sentence)
    if listed is not None and listed.shape[1] != labels.shape[1]:
        sentence = f"It has {labels.shape[1]} classes, the manifest names {listed.shape[1]}."
        yield Finding(file, None, Problem.NOT_AS_LISTED, sentence)
    faulty = faulty_rows(labels)
    for row in sorted(faulty | _unlike(labels, listed)):
        if row in faulty:
            sentence = "Not exactly one value of the label is 1 and all others 0."
            yield Finding(file, row, Problem.NOT_ONE_HOT, sentence)
        else:
            sentence = f"It is of class {labels[row].argmax()} (from 0), by the manifest of another."
            yield Finding(file, row, Problem.NOT_AS_LISTED, sentence)


def _unlike(labels: LabelArray, listed: LabelArray | None) -> frozenset[int]:
    """Return the rows with another class than in the manifest, as far as both have them."""
    if listed is None or listed.shape[1] != labels.shape[1]:
        return frozenset()
    both = min(len(labels), len(listed))
    return frozenset(np.flatnonzero((labels[:both] != listed[:both]).any(1)).tolist())
