"""Runs the phases of training on JAX, on one device. Compiled, with the buffers of the old state for the new one."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from services.trainer.learning.draws import Draws
from services.trainer.learning.engine import Measures, Values, memory_of_process
from services.trainer.learning.phases import NAMES, Batch, Phases


class JaxEngine:
    """Holds the state of a training as arrays. `jit_compile` False runs every operation by itself."""

    def __init__(self, phases: Phases, state: Values, jit_compile: bool | None, devices: Sequence[str] | None) -> None:
        if devices is not None and len(devices) > 1:
            raise ValueError("several devices are used on the TensorFlow back end only")
        self._phases = phases
        self._parts = phases.hyperparameters.accumulation()
        self._state = jax.tree.map(jnp.asarray, dict(state))
        self._runs = {phase: self._function(phase, jit_compile is not False) for phase in NAMES}

    def run(self, phase: str, seed: tuple[int, int], batch: Batch, ema_beta: float) -> Measures:
        """Run a phase on a minibatch and return its measures, as means over the minibatch."""
        self._state, found = self._runs[phase](self._state, jnp.array(seed), batch, ema_beta)
        return {name: float(value) for name, value in found.items() if value.ndim == 0}

    def read(self) -> Values:
        """Return a copy of the state."""
        copied: Values = jax.tree.map(np.array, self._state)
        return copied

    def value(self, part: str, name: str) -> NDArray[np.generic]:
        """Return a copy of the array `name` in `part` of the state."""
        return np.array(self._state[part][name])

    def write(self, state: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> None:
        """Replace the engine's state by `state`."""
        self._state = {
            part: {name: jnp.asarray(state[part][name]) for name in self._state[part]} for part in self._state
        }

    def memory(self) -> int:
        """Return the most bytes that a device's memory has held; on a CPU, that this process has."""
        found = jax.devices()[0].memory_stats()
        return memory_of_process() if found is None else int(found["peak_bytes_in_use"])

    def _function(self, phase: str, compiled: bool) -> Callable[..., Any]:
        run = partial(self._on_one, phase)
        return jax.jit(run, donate_argnums=0) if compiled else run

    def _on_one(self, phase: str, state: Any, seed: Any, batch: Batch, ema_beta: Any) -> tuple[Any, dict[str, Any]]:
        find = getattr(self._phases, phase)
        found = [
            find(state, Draws(jnp.array([seed[0], number, seed[1]])), batch.part(number, self._parts))
            for number in range(self._parts)
        ]
        outcome = jax.tree.map(lambda *values: sum(values) / len(values), *found)
        changes = self._phases.learnt(phase, state, outcome, ema_beta)
        return {part: {**values, **changes.get(part, {})} for part, values in state.items()}, outcome.measures
