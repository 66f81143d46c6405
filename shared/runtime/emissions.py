"""The events of stages on their way to whoever listens, and to Prometheus."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from shared.contract.declaration import Declaration
from shared.contract.errors import Poison
from shared.contract.events import Emitted, Event, Level
from shared.contract.messages import Message
from shared.runtime import metrics

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

    def __init__(self, declaration: Declaration, listener: Listener) -> None:
        self._declaration = declaration
        self._listener = listener
        for kind in declaration.emits:
            for gauge in kind.gauges.values():
                metrics.event_gauge(gauge)

    def emit(self, message: Message, event: Event) -> None:
        """Show an event that the stage emits while it works on `message`; raises `Poison` if it is not the stage's."""
        stage = self._declaration.name
        if type(event) not in self._declaration.emits:
            raise Poison(f"{stage} does not emit {event.kind()}")
        metrics.show(event, stage)
        self._listener(Emitted(event, stage, message.run, str(message.item), datetime.now(UTC)))
