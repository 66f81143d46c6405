"""Which arrivals at the deduper's index have been told of in full: each decides about one picture or several."""

from typing import Any


class Arrivals:
    """Counts the decisions of every arrival, which are numbered from 1 on without a gap."""

    def __init__(self, content: dict[str, Any] | None = None) -> None:
        known = content or {}
        self._open = {int(number): set(entries) for number, entries in known.get("open", {}).items()}
        self._ahead = set(known.get("ahead", ()))
        self._closed_to = int(known.get("closed_to", 0))

    def note(self, number: int, entry: str, decisions: int) -> bool:
        """Note that arrival `number`, of `decisions` in all, has decided about `entry`; return whether it is news."""
        if number <= self._closed_to or number in self._ahead:
            return False
        decided = self._open.setdefault(number, set())
        if entry in decided:
            return False
        decided.add(entry)
        if len(decided) >= decisions:
            del self._open[number]
            self._close(number)
        return True

    @property
    def all_known(self) -> bool:
        """Say whether nothing is missing of any arrival up to the last."""
        return not self._open and not self._ahead

    def awaited(self) -> set[str]:
        """Return the entries of arrivals of which not every decision is known."""
        return {entry for entries in self._open.values() for entry in entries}

    def content(self) -> dict[str, Any]:
        """Return what is known, fit for JSON, of which the same arrivals can be made."""
        opened = {str(number): sorted(entries) for number, entries in self._open.items()}
        return {"open": opened, "ahead": sorted(self._ahead), "closed_to": self._closed_to}

    def _close(self, number: int) -> None:
        self._ahead.add(number)
        while self._closed_to + 1 in self._ahead:
            self._closed_to += 1
            self._ahead.remove(self._closed_to)
