"""Whether a process is alive and ready, and its metrics, over HTTP on one port."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from shared.contract.errors import SettingsError

_SILENCE = 60.0
"""Seconds without a tick after which a loop counts as stuck; loops tick about twice a second."""


@dataclass
class Health:
    """Health of a process. A loop calls `tick`; `ready` is set once the stage's self-test has passed."""

    clock: Callable[[], float] = time.monotonic
    ready: bool = False
    last_tick: float | None = None

    def tick(self) -> None:
        """Note that the loop is alive."""
        self.last_tick = self.clock()

    @property
    def alive(self) -> bool:
        """Return whether the loop has ticked recently."""
        return self.last_tick is not None and self.clock() - self.last_tick < _SILENCE


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Log nothing: probes come every few seconds."""


class HealthServer:
    """Serves `/healthz`, `/readyz` and `/metrics` until closed; raises `SettingsError` when the port cannot be had."""

    def __init__(self, health: Health, port: int) -> None:
        self._health = health
        self._metrics = make_wsgi_app()
        try:
            self._server: WSGIServer = make_server("", port, self._answer, handler_class=_Quiet)
        except OSError as error:
            raise SettingsError(f"MAGRITTE_METRICS_PORT: {port}: {error.strerror}; 0 is for none") from error
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        states = {"/healthz": self._health.alive, "/readyz": self._health.ready}
        path = environ["PATH_INFO"]
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, start_response)
            return answer
        if path not in states:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"there are /healthz, /readyz and /metrics\n"]
        start_response("200 OK" if states[path] else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"yes\n" if states[path] else b"no\n"]
