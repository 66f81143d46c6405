"""Runs the phases of training on TensorFlow: compiled, part by part of a minibatch, on one device or several."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from services.trainer.learning.draws import Draws
from services.trainer.learning.engine import Measures, Values, memory_of_process
from services.trainer.learning.phases import NAMES, Batch, PhaseResult, Phases, TrainingState
from shared.stylegan2.backend import HAS_ACCELERATOR, Tensor, require_one_operation_at_a_time


class TensorFlowEngine:
    """Holds the state of a training as variables, of which every device has its own copy.

    All devices do the same updates, from gradients that they have averaged, so the copies stay the same. A phase is one
    XLA program when a device takes its pictures at once; otherwise the parts are run one after the other, for their
    memory's sake, and only what each does is compiled. Raises Unusable where a CPU runs several operations at once.
    """

    def __init__(self, phases: Phases, state: Values, jit_compile: bool | None, devices: Sequence[str] | None) -> None:
        require_one_operation_at_a_time()
        found = tf.config.list_logical_devices("GPU")
        names = list(devices or [device.name for device in found])
        self._strategy = tf.distribute.MirroredStrategy(names) if len(names) > 1 else tf.distribute.get_strategy()
        self._phases = phases
        self._parts = phases.hyperparameters.accumulation(self.devices)
        self._compiled = HAS_ACCELERATOR if jit_compile is None else jit_compile
        with self._strategy.scope():
            self._state = {
                part: {name: _variable(value) for name, value in values.items()} for part, values in state.items()
            }
        self._runs = {phase: self._function(phase) for phase in NAMES}

    @property
    def devices(self) -> int:
        """Return the number of devices that share the work."""
        return int(self._strategy.num_replicas_in_sync)

    def run(self, phase: str, seed: tuple[int, int], batch: Batch, ema_beta: float) -> Measures:
        """Run a phase on a minibatch and return its measures, as means over the minibatch."""
        reals, labels = tf.convert_to_tensor(batch.reals), tf.convert_to_tensor(batch.labels)
        whole = Batch(reals, labels, tf.constant(batch.p, tf.float32))
        found = self._runs[phase](tf.constant(seed, tf.int64), whole, tf.constant(ema_beta, tf.float32))
        return {name: float(value) for name, value in found.items() if value.shape.rank == 0}

    def read(self) -> Values:
        """Return a copy of the state."""
        return {part: {name: value.numpy() for name, value in values.items()} for part, values in self._state.items()}

    def value(self, part: str, name: str) -> NDArray[np.generic]:
        """Return a copy of the array `name` in `part` of the state."""
        value: NDArray[np.generic] = self._state[part][name].numpy()
        return value

    def write(self, state: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> None:
        """Replace the engine's state by `state`."""
        for part, values in self._state.items():
            for name, variable in values.items():
                variable.assign(state[part][name])

    def memory(self) -> int:
        """Return the most bytes that a device's memory has held; on a CPU, that this process has."""
        gpus = tf.config.list_logical_devices("GPU")
        peaks: list[int] = [tf.config.experimental.get_memory_info(gpu.name)["peak"] for gpu in gpus]
        return max(peaks) if peaks else memory_of_process()

    def _function(self, phase: str) -> Callable[..., dict[str, Tensor]]:
        whole = self._compiled and self._parts == self.devices == 1
        named = getattr(self._phases, phase)

        def find(state: TrainingState, seed: Tensor, batch: Batch) -> PhaseResult:
            outcome: PhaseResult = named(state, Draws(seed), batch)
            return outcome

        learn = partial(self._phases.learnt, phase)
        if self._compiled and not whole:
            find, learn = (tf.function(part, jit_compile=True, autograph=False) for part in (find, learn))

        def on_all(seed: Tensor, batch: Batch, ema_beta: Tensor) -> dict[str, Tensor]:
            measures = self._strategy.run(partial(self._on_one, find, learn), (seed, batch, ema_beta))
            return {name: self._strategy.experimental_local_results(value)[0] for name, value in measures.items()}

        run: Callable[..., dict[str, Tensor]] = tf.function(on_all, jit_compile=whole, autograph=False)
        return run

    def _on_one(
        self, find: Callable[..., PhaseResult], learn: Callable[..., Any], seed: Tensor, batch: Batch, ema_beta: Tensor
    ) -> dict[str, Tensor]:
        device = tf.distribute.get_replica_context()
        first = int(tf.get_static_value(tf.convert_to_tensor(device.replica_id_in_sync_group))) * self._parts
        state = {
            part: {name: tf.convert_to_tensor(value) for name, value in values.items()}
            for part, values in self._state.items()
        }
        found = [
            find(state, tf.stack([seed[0], number, seed[1]]), batch.part(number, self._parts * self.devices))
            for number in range(first, first + self._parts)
        ]
        outcome: PhaseResult = device.all_reduce(tf.distribute.ReduceOp.MEAN, tf.nest.map_structure(_mean, *found))
        for part, values in learn(state, outcome, ema_beta).items():
            for name, value in values.items():
                self._state[part][name].assign(value)
        return outcome.measures


def _variable(value: Any) -> tf.Variable:
    # Each device updates its own copy, without asking the others.
    synchronization, aggregation = tf.VariableSynchronization.ON_READ, tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(value, trainable=False, synchronization=synchronization, aggregation=aggregation)


def _mean(*values: Tensor) -> Tensor:
    return tf.add_n(values) / len(values) if len(values) > 1 else values[0]
