"""The data card: where the pictures of a data set come from, by whom they are, and what was left out. Pure.

It can be handed on: it has no paths of files and no credentials, and what boards and artists say is shown as text.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from services.tfrecord_packer.labelling import Place
from shared.ledger.fates import Fate, Settlement
from shared.recipe.recipe import Recipe
from shared.visible_text import visible

NOBODY = "(nobody is named)"
_PRIVATE = frozenset({"folder", "urls"})
"""Fields of a recipe's sources that say where something lies on somebody's machine, or whom to ask."""
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#])")


@dataclass(frozen=True)
class Subject:
    """A data set: whose pictures it has, in which version of which run, how many faces, and their side in pixels.

    `derived` is the number of altered copies that it has beside the faces.
    """

    character: str
    run: str
    version: int
    digest: str
    faces: int
    size: int
    derived: int = 0


def shown_settings(recipe: Recipe) -> Mapping[str, Any]:
    """Return a recipe as JSON values without what lies on somebody's machine: of a source, only its kind is left."""
    fields = recipe.model_dump(mode="json", exclude_none=True)
    fields["sources"] = [
        {name: "(not shown)" if name in _PRIVATE else value for name, value in source.items()}
        for source in fields["sources"]
    ]
    return fields


def data_card(
    subject: Subject, used: Sequence[list[Place]], fates: Counter[Settlement], settings: Mapping[str, Any]
) -> str:
    """Return the card as Markdown. `used` has the places of each original that a face in the data set is from."""
    return "\n".join([
        f"# Data card: {_text(subject.character)}",
        "",
        f"{_faces(subject)} from {len(used)} pictures, {subject.size} x {subject.size} pixels: version "
        f"{subject.version} of run {subject.run}, data set `{subject.digest}`.",
        "",
        *_table("Sources", ("source", "pictures"), _sources(used)),
        *_table("Artists", ("artist", "pictures"), _artists(used)),
        *_table("Licences", ("licence", "pictures"), _licences(used)),
        *_dates(used),
        *_table("Left out", ("reason", "stage", "pictures"), _left_out(fates)),
        "## Settings",
        "",
        "```json",
        json.dumps(settings, indent=1, sort_keys=True),
        "```",
        "",
    ])  # fmt: skip


def _faces(subject: Subject) -> str:
    return f"{subject.faces} faces" + (f" and {subject.derived} altered copies of them," if subject.derived else "")


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield from (f"## {title}", "", _row(head), _row(["---"] * len(head)))
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _sources(used: Sequence[list[Place]]) -> Iterator[tuple[str, str]]:
    """Count pictures by board, or by the kind of source; one that was found at two places counts at both."""
    counts = Counter(name for places in used for name in {_source(place) for place in places})
    return ((_text(name), str(count)) for name, count in _by_count(counts))


def _source(place: Place) -> str:
    return str(_post(place).get("board") or place.get("source") or "unknown")


def _artists(used: Sequence[list[Place]]) -> Iterator[tuple[str, str]]:
    counts, addresses = Counter[str](), dict[str, str]()
    for places in used:
        artists = {str(each["name"]): str(each.get("address", "")) for place in places for each in _artists_of(place)}
        counts.update(list(artists) or [NOBODY])
        addresses |= {name: address for name, address in artists.items() if address}
    return ((_linked(name, addresses.get(name, "")), str(count)) for name, count in _by_count(counts))


def _artists_of(place: Place) -> Sequence[Mapping[str, Any]]:
    artists = _post(place).get("artists")
    if artists:
        return list(artists)
    return [{"name": place["artist"]}] if place.get("artist") else []


def _licences(used: Sequence[list[Place]]) -> Iterator[tuple[str, str]]:
    counts = Counter(name for places in used for name in {_licence(place) for place in places})
    return ((_text(name), str(count)) for name, count in _by_count(counts))


def _licence(place: Place) -> str:
    return str(_post(place).get("licence") or "unknown")


def _dates(used: Sequence[list[Place]]) -> Iterator[str]:
    places = [place for found in used for place in found]
    posted = sorted(str(date) for place in places if (date := _post(place).get("created")))
    fetched = sorted(str(date) for place in places if (date := place.get("fetched")))
    spans = [("Posted", posted), ("Fetched", fetched)]
    yield from ("## Dates", "")
    yield from (f"- {name}: {_text(dates[0][:10])} to {_text(dates[-1][:10])}" for name, dates in spans if dates)
    yield from () if posted or fetched else ("Nothing is known of them.",)
    yield ""


def _left_out(fates: Counter[Settlement]) -> Iterator[tuple[str, str, str]]:
    left = Counter({each: count for each, count in fates.items() if each.fate is not Fate.IN_DATASET})
    ordered = sorted(left.items(), key=lambda item: (-item[1], item[0].reason, item[0].stage))
    return ((each.reason or each.fate.value, each.stage, str(count)) for each, count in ordered)


def _post(place: Place) -> Mapping[str, Any]:
    post = place.get("post")
    return post if isinstance(post, Mapping) else {}


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (item[0] == NOBODY, -item[1], item[0]))


def _linked(name: str, address: str) -> str:
    """Return a name as Markdown, a link if the address is one of the web without a user in it."""
    parts = urlsplit(address)
    is_web = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    return f"[{_text(name)}](<{address}>)" if is_web and not re.search(r"[<>\s|]", address) else _text(name)


def _text(text: str) -> str:
    """Return a text from outside so that Markdown shows it as it is."""
    return _MARKUP.sub(r"\\\1", visible(text))
