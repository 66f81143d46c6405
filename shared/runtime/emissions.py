"""The events of stages on their way to whoever listens, to Prometheus, and into the store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from shared.contract.declaration import Declaration
from shared.contract.errors import Poison
from shared.contract.events import Emitted, Event, Level
from shared.contract.messages import Message
from shared.runtime import metrics
from shared.runtime.last_events import LastEvents
from shared.store.interface import Store

log = structlog.get_logger()

Listener = Callable[[Emitted], None]
"""Takes each event as it is emitted."""


def log_event(emitted: Emitted) -> None:
    """Write an event into the log, a warning as such."""
    event = emitted.event
    write = log.warning if event.level is Level.WARNING else log.info
    write(event.kind(), **event.fields(), stage=emitted.stage, run=emitted.run, item=emitted.item)


class Emissions:
    """The events of one stage, whose gauges are registered from the start."""

    def __init__(self, declaration: Declaration, store: Store, listener: Listener) -> None:
        self._declaration = declaration
        self._last = LastEvents(store)
        self._listener = listener
        for kind in declaration.emits:
            for gauge in kind.gauges.values():
                metrics.event_gauge(gauge)

    def emit(self, message: Message, event: Event) -> None:
        """Show an event that the stage emits while it works on `message`; raises `Poison` if it is not the stage's."""
        stage = self._declaration.name
        if type(event) not in self._declaration.emits:
            raise Poison(f"{stage} does not emit {event.kind()}")
        metrics.set_gauges(event, stage)
        emitted = Emitted(event, stage, message.run, str(message.item), datetime.now(UTC))
        self._listener(emitted)
        self._last.note(emitted)

    @contextmanager
    def kept(self, message: Message) -> Iterator[None]:
        """See to it that the last events are in the store once `message` has been worked on, however that ends."""
        try:
            yield
        finally:
            self._last.flush(message.run)
