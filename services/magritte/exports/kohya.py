"""A folder as kohya's sd-scripts read it to train LoRAs: pictures, and beside each a caption of tags.

In the folder that `--train_data_dir` names, each sub-folder says how often its pictures are shown in an epoch, and of
what they are: `10_anya` (kohya-ss/sd-scripts, docs/train_README-en.md). Captions are found with
`--caption_extension .txt`; `--keep_tokens 1` leaves the first tag in its place when tags are shuffled.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from services.magritte.exports.pictures import DataPicture
from shared.visible_text import visible

_LEFT_OUT = frozenset({"artist", "meta"})
"""Kinds of tags that do not say what is seen."""

_WORD = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True)
class Captions:
    """The first tag of every caption, by which the character is called afterwards; the sub-folder and its repeats."""

    trigger: str
    character: str
    repeats: int


def write(pictures: Iterable[DataPicture], folder: Path, captions: Captions) -> None:
    """Write pictures into a new folder, each with a text file of the same name."""
    inner = folder / f"{captions.repeats}_{captions.character}"
    inner.mkdir(parents=True)
    for picture in pictures:
        (inner / f"{picture.name}{picture.suffix}").write_bytes(picture.content)
        tags = [tag for kind, tags in picture.tags.items() if kind not in _LEFT_OUT for tag in tags]
        (inner / f"{picture.name}.txt").write_text(caption(captions.trigger, tags) + "\n", encoding="utf-8")


def caption(trigger: str, tags: Iterable[str]) -> str:
    """Return a caption of tags, separated by commas, behind the trigger; each once."""
    written = (_written(tag) for tag in (trigger, *tags))
    return ", ".join(dict.fromkeys(filter(None, written)))


def _written(tag: str) -> str:
    """Return a tag as prompts have it: words with spaces between them, and brackets that do not weigh what is in them.

    A tag without words keeps its underscores: it is a face, such as ^_^ or o_o.
    """
    text = tag.replace(",", " ")
    text = text.replace("_", " ") if _WORD.search(text) else text
    return re.sub(r"(?<!\\)([()])", r"\\\1", visible(" ".join(text.split())))
