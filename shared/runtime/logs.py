"""One JSON object per line for machines, or coloured text for people; always to standard error."""

import hashlib
import io
import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar, Token
from typing import Any, TextIO

import structlog

from shared.contract.messages import Message
from shared.settings import LogFormat
from shared.visible_text import visible


def set_up(form: LogFormat, level: str, **always: str) -> None:
    """Configure logging for the process; every line says what is `always` so."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=_traceback,
        )
    )
    before: list[Any] = [structlog.processors.format_exc_info] if form is LogFormat.JSON else [_shown]
    structlog.configure(
        processors=[
            _with_subject,
            lambda logger, method, event: {**always, **event},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.EventRenamer("event"),
            *before,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


class About:
    """Let this thread's log lines say which message they are about, and `more`.

    What they say is made for each line: few messages have one.
    """

    def __init__(self, message: Message | None, **more: Any) -> None:
        self._message = message
        self._more = more

    def __enter__(self) -> None:
        self._before: Token[About | None] = _SUBJECT.set(self)

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        _SUBJECT.reset(self._before)

    def fields(self) -> dict[str, Any]:
        """Return the fields of each line."""
        message = self._message
        if message is None:
            return {"item": "?", **self._more}
        return {"run": message.run, "item": str(message.item), "trace": trace_id(message), **self._more}


_SUBJECT: ContextVar["About | None"] = ContextVar("subject of log lines", default=None)


def trace_id(message: Message) -> str:
    """Return 32 hexadecimal digits that all log lines about one picture share in every process (W3C trace context).

    Derived from the picture's name in its run, so that it needs no header of its own on the bus.
    """
    picture = str(message.item).partition(".")[0]
    return hashlib.sha256(f"{message.run}/{picture}".encode()).hexdigest()[:32]


def _with_subject(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add which message a line is about; what the line says itself stays."""
    subject = _SUBJECT.get()
    return event if subject is None else {**subject.fields(), **event}


def _shown(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Let no text of the line act on the screen; what is no text is shown by its `repr`, in which none does."""
    return {name: visible(value) if isinstance(value, str) else value for name, value in event.items()}


def _traceback(out: TextIO, exception: Any) -> None:
    """Write a traceback without variables, which other formatters show, passwords among them."""
    traceback = io.StringIO()
    structlog.dev.plain_traceback(traceback, exception)
    out.write(visible(traceback.getvalue(), keep="\n"))
