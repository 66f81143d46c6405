"""Writes the last events of runs into the store while they happen, but not every one of them."""

import threading
import time
from collections.abc import Callable

import structlog

from shared.contract.events import Emitted, Level
from shared.runs.events import keep_event
from shared.store.interface import Store

log = structlog.get_logger()

_PAUSE, _PAUSE_AFTER_FAILURE = 5.0, 60.0
"""Seconds between two writes of a kind of event in a run, but for warnings; a store that hangs holds up the work."""

_Kind = tuple[str, str]
"""A run, and a kind of event."""


class LastEvents:
    """The last events of one stage, by run and kind. Its methods may be called by several threads at once.

    A store that fails costs events and nothing else: the work goes on, and the log tells of it once. `clock` returns
    seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[_Kind, Emitted] = {}
        self._due: dict[_Kind, float] = {}
        self._fails = False
        self._lock = threading.Lock()

    def note(self, emitted: Emitted) -> None:
        """Take an event; write it at once if it is a warning, or the first of its kind for some seconds."""
        if not emitted.event.kept:
            return
        kind = emitted.run, emitted.event.kind()
        with self._lock:
            self._waiting[kind] = emitted
            if emitted.event.level is Level.WARNING or kind not in self._due or self._clock() >= self._due[kind]:
                self._write(kind)

    def flush(self, run: str) -> None:
        """Write the events of a run that wait, and remember nothing more of it."""
        with self._lock:
            for kind in [kind for kind in self._waiting if kind[0] == run]:
                self._write(kind)
                self._waiting.pop(kind, None)
            self._due = {kind: due for kind, due in self._due.items() if kind[0] != run}

    def _write(self, kind: _Kind) -> None:
        try:
            keep_event(self._store, self._waiting[kind])
        except Exception as error:  # whatever it is, it must not end the work that the event is about
            if not self._fails:
                log.warning("event-not-kept", kind=kind[1], error=str(error))
            self._fails = True
        else:
            del self._waiting[kind]
            self._fails = False
        self._due[kind] = self._clock() + (_PAUSE_AFTER_FAILURE if self._fails else _PAUSE)
