"""One JSON object per line for machines, or coloured text for people; always to standard error."""

import hashlib
import io
import logging
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
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
            structlog.contextvars.merge_contextvars,
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


def about(message: Message | None, **more: Any) -> AbstractContextManager[None]:
    """Let this thread's log lines say which message they are about."""
    known = {"run": message.run, "item": str(message.item), "trace": trace_id(message)} if message else {"item": "?"}
    return structlog.contextvars.bound_contextvars(**known, **more)


def trace_id(message: Message) -> str:
    """Return 32 hexadecimal digits that all log lines about one picture share in every process (W3C trace context).

    Derived from the picture's name in its run, so that it needs no header of its own on the bus.
    """
    picture = str(message.item).partition(".")[0]
    return hashlib.sha256(f"{message.run}/{picture}".encode()).hexdigest()[:32]


def _shown(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Let no text of the line act on the screen; what is no text is shown by its `repr`, in which none does."""
    return {name: visible(value) if isinstance(value, str) else value for name, value in event.items()}


def _traceback(out: TextIO, exception: Any) -> None:
    """Write a traceback without variables, which other formatters show, passwords among them."""
    traceback = io.StringIO()
    structlog.dev.plain_traceback(traceback, exception)
    out.write(visible(traceback.getvalue(), keep="\n"))
