"""What the sections of several boards ask for in the same way."""

from datetime import date
from typing import Any

from pydantic import BeforeValidator, ValidationInfo


def _several(names: Any) -> Any:
    if isinstance(names, str):
        raise ValueError(f"write a list, even of one: [{names!r}]")
    return names


SEVERAL = BeforeValidator(_several)
"""Marks a field that is a list, also of one: a word alone would be taken for its letters."""


def not_before_since(until: date | None, info: ValidationInfo) -> date | None:
    """Return the last day of a section, which is not before its first one. Raises `ValueError`."""
    since = info.data.get("since")
    if since is not None and until is not None and until < since:
        raise ValueError(f"should not be before `since`, {since}")
    return until
