"""Rules on tags that hold whoever has given them: a board or a tagger. Pure."""

from collections.abc import Iterable

from shared.contract.reasons import Drop, Reason

_SHOWN = 5


def comparable_tag(tag: str) -> str:
    """Return a tag as it is compared: without its case, and with the underscores that boards write for spaces."""
    return tag.strip().casefold().replace(" ", "_")


def excluded_tag(tags: Iterable[str], excluded: Iterable[str]) -> Drop | None:
    """Return why a picture with these tags is left out: it has one that is excluded; None if it has none."""
    refused = set(map(comparable_tag, excluded))
    found = [tag for tag in tags if comparable_tag(tag) in refused]
    return Drop(Reason.EXCLUDED_TAG, f"has the tag {found[0][:80]}, which `exclude` names") if found else None


def missing_tag(tags: Iterable[str], wanted: Iterable[str]) -> Drop | None:
    """Return why a picture with these tags is left out: it has none of those wanted; None if it has one, or none is."""
    names = list(wanted)
    if not names or not set(map(comparable_tag, names)).isdisjoint(map(comparable_tag, tags)):
        return None
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Drop(Reason.MISSING_TAG, f"has none of the tags {', '.join(names[:_SHOWN])}{more} of `character.tags`")
