"""A container's stages as a process of their own, on a broker and a store that may come and go."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import structlog

from shared.bus import Bus, open_bus
from shared.contract.declaration import Pipeline
from shared.contract.errors import BusUnavailable, MagritteError, StoreUnavailable, exit_code
from shared.contract.stage import Stage
from shared.runs.controls import controls_in_force
from shared.runtime import logs, metrics
from shared.runtime.execution import TRIES
from shared.runtime.health import Health, HealthServer
from shared.runtime.observed_store import ObservedStore
from shared.runtime.owner_worker import worker_class
from shared.runtime.resources import Resources
from shared.runtime.retry import RetryLadder
from shared.runtime.watchdog import SILENCE, Watchdog
from shared.runtime.worker_threads import WorkerThreads, join_all
from shared.settings import LogFormat, Settings, read_declared, settings
from shared.store import Store, open_store

log = structlog.get_logger()

METRICS_PORT = 9464
"""Where OpenTelemetry's exporter for Prometheus listens by default, too."""

BROKEN = 70
"""EX_SOFTWARE of sysexits.h: a thread hangs, or ended as none should."""

_LAST_CHANCE = 5.0
"""Seconds for long work to come to its next step and give up, once the grace is over."""

_CONTROLS_EVERY = 4
"""Ticks (half seconds) between two looks at the controls: each is a listing at the store."""


Load = Callable[[str], Sequence[Stage[Any, Any]]]
"""Returns a container's stages by its name; raises `Unusable` when they cannot be loaded."""


def main(name: str, pipeline: Pipeline, load: Load) -> None:
    """Run a container's stages until told to end, then exit: 0 drained, 2 settings, 75 not there, 70 broken."""
    try:
        code = serve(name, pipeline, load, settings(pipeline.environments))
    except MagritteError as error:
        log.critical("unusable", stage=name, error=str(error))
        code = exit_code(error)
    sys.exit(code)


def serve(name: str, pipeline: Pipeline, load: Load, environment: Settings) -> int:
    """Run a container until SIGTERM or SIGINT; returns the exit code. Raises what makes it unusable from the start."""
    logs.set_up(environment.log or LogFormat.JSON, environment.log_level or "info", stage=name)
    shutdown = ShutdownSignal()
    port = METRICS_PORT if environment.metrics_port is None else environment.metrics_port
    with ExitStack() as stack:
        health = Health()
        if port:
            stack.callback(HealthServer(health, port).close)
        store = open_store(environment)
        bus = open_bus(environment.bus, pipeline.queues, environment.retry_pauses, f"magritte {name}")
        stack.callback(bus.close)
        process = StageProcess(load(name), bus, store, environment, health)
        return process.run(shutdown) if process.begin(shutdown) else 0


class ShutdownSignal:
    """Notes whether the process has been told to end, and whether more than once."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        self.insisted = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        (self.insisted if self.requested.is_set() else self.requested).set()


class StageProcess:
    """Connects the stages of one container, lets them work, and drains when told to end.

    Raises `SettingsError` when a stage cannot use its variables.
    """

    def __init__(
        self, stages: Sequence[Stage[Any, Any]], bus: Bus, store: Store, environment: Settings, health: Health
    ) -> None:
        self._name = stages[0].name
        self._bus = bus
        self._store = ObservedStore(store, self._name)
        self._environment = environment
        self._health = health
        self._own_environments = [read_declared(stage.declaration) for stage in stages]
        ladder = RetryLadder(environment.retry_pauses)
        resources = Resources(environment.threads, environment.picture_seconds)
        self._workers = [worker_class(stage)(stage, bus, self._store, ladder, resources) for stage in stages]
        self._store_answers = True
        self._reconnects = 0
        self._ticks = 0
        metrics.BROKER_CONNECTED.labels(self._name).set_function(lambda: bus.is_connected)

    def begin(self, shutdown: ShutdownSignal) -> bool:
        """Prove that store, broker and stages work, waiting for the first two; False when told to end meanwhile."""
        there = self._await("store", self._store.prepare, shutdown) and self._await("broker", self._connect, shutdown)
        if there:
            for worker, environment in zip(self._workers, self._own_environments, strict=True):
                worker.stage.setup(environment, None)
        return there

    def run(self, shutdown: ShutdownSignal) -> int:
        """Work until told to end or broken; returns the exit code."""
        pools = [WorkerThreads(worker, self._bus, self._environment.threads) for worker in self._workers]
        if self._await("controls", partial(self._obey_controls, pools), shutdown):  # nothing is taken that must wait
            for pool in pools:
                pool.start()
        log.info("ready", threads=self._environment.threads)
        with Watchdog(SILENCE + TRIES * self._environment.picture_seconds) as watchdog:
            while not shutdown.requested.is_set() and self._broken is None and not self._hanging:
                watchdog.tick()
                self._tick(pools)
                shutdown.requested.wait(0.5)
        self._drain(pools, shutdown)
        return self._exit_code()

    def _exit_code(self) -> int:
        if isinstance(self._broken, MagritteError):
            raise self._broken
        if self._broken is not None:
            log.critical("broken", exc_info=self._broken)
            return BROKEN
        if self._hanging:
            log.critical("hung", threads=self._hanging)
            return BROKEN
        return 0

    @property
    def _broken(self) -> BaseException | None:
        return next((worker.broken for worker in self._workers if worker.broken is not None), None)

    @property
    def _hanging(self) -> int:
        return sum(worker.hanging for worker in self._workers)

    def _connect(self) -> None:
        self._bus.connect(timeout=5.0)

    def _await(self, what: str, attempt: Callable[[], None], shutdown: ShutdownSignal) -> bool:
        pause = 1.0
        while not shutdown.requested.is_set():
            self._health.tick()
            try:
                attempt()
                return True
            except (StoreUnavailable, BusUnavailable) as error:
                if self._environment.fail_fast:
                    raise
                log.warning("waiting", awaits=what, error=str(error))
            shutdown.requested.wait(pause)
            pause = min(2 * pause, 10.0)
        return False

    def _tick(self, pools: Sequence[WorkerThreads]) -> None:
        self._check_for_hanging()
        if self._ticks % _CONTROLS_EVERY == 0:
            with suppress(StoreUnavailable):
                self._obey_controls(pools)
        self._ticks += 1
        self._count_reconnects()
        self._health.tick()
        self._health.ready = self._bus.is_connected and self._store_answers

    def _obey_controls(self, pools: Sequence[WorkerThreads]) -> None:
        was_away, self._store_answers = not self._store_answers, False
        controls = controls_in_force(self._store)
        for pool in pools:
            pool.obey(controls)
        self._store_answers = True
        metrics.RECONNECTS.labels(self._name, "store").inc(was_away)

    def _count_reconnects(self) -> None:
        before, self._reconnects = self._reconnects, self._bus.reconnects
        metrics.RECONNECTS.labels(self._name, "broker").inc(self._reconnects - before)

    def _check_for_hanging(self) -> None:
        """End the process if a thread hangs, which cannot be ended; the broker delivers again what it had."""
        for worker in self._workers:
            if worker.longest > (self._environment.item_seconds or worker.declaration.longest):
                log.critical("hung", seconds=worker.longest)
                os._exit(BROKEN)

    def _drain(self, pools: Sequence[WorkerThreads], shutdown: ShutdownSignal) -> None:
        log.info("draining")
        self._health.ready = False
        self._bus.drain()
        for worker in self._workers:
            worker.drain()
            if worker.declaration.long or self._broken is not None:
                worker.stop()

        def meanwhile() -> None:
            self._health.tick()
            if shutdown.insisted.is_set():
                self._stop()

        if not join_all(pools, self._environment.grace, meanwhile):
            self._stop()
            if not join_all(pools, _LAST_CHANCE):
                log.warning("gave-up", seconds=max(worker.longest for worker in self._workers))
        for worker in self._workers:
            worker.stage.close()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.stop()
