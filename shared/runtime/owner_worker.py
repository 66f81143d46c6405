"""Runs an owner on the messages of its queue, in batches."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog

from shared.bus.interface import Consumer, Delivery
from shared.contract.declaration import Batching
from shared.contract.errors import Poison, Transient
from shared.contract.messages import Message, decode_stamped
from shared.contract.owner import Owner, Received
from shared.contract.stage import Stage
from shared.runtime import logs
from shared.runtime.outcome import Outcome
from shared.runtime.policy import Bury, decide
from shared.runtime.suspects import is_suspect
from shared.runtime.worker import PATIENCE, Worker

log = structlog.get_logger()


@dataclass(frozen=True)
class _Taken:
    delivery: Delivery
    received: Received[Any]


def worker_class(stage: Stage[Any, Any]) -> type[Worker]:
    """Return the class of a stage's worker: an owner's takes batches."""
    return OwnerWorker if isinstance(stage, Owner) else Worker


class OwnerWorker(Worker):
    """A worker whose stage is an owner: it handles what waits as one batch per run.

    A batch that cannot be processed is halved until the message that is to blame is alone, which is then buried. What
    has made workers vanish, is no message or belongs to a cancelled run is handled alone from the start.
    """

    stage: Owner[Any, Any]

    def consume(self, consumer: Consumer) -> None:
        super().consume(consumer)
        self._rest()

    def _handle_next(self, consumer: Consumer) -> bool:
        deliveries = receive_batch(consumer, self.stage.batching)
        if deliveries:
            self.handle_batch(deliveries)
        else:
            self._rest()
        return bool(deliveries)

    def _rest(self) -> None:
        try:
            self.stage.rest()
        except Transient as error:
            log.warning("put-off", stage=self.declaration.name, error=str(error))

    def handle_batch(self, deliveries: Sequence[Delivery]) -> None:
        """Process deliveries and answer each, whatever happens."""
        of_runs: defaultdict[str, list[_Taken]] = defaultdict(list)
        alone = []
        for delivery in deliveries:
            received = self._received(delivery)
            if received is None:
                alone.append(delivery)
            else:
                of_runs[received.message.run].append(_Taken(delivery, received))
        for batch in of_runs.values():
            self._handle_run(batch)
        for delivery in alone:
            self.handle(delivery)

    def _received(self, delivery: Delivery) -> Received[Any] | None:
        """Return a delivery as a part of a batch; None if it is to be handled alone."""
        if is_suspect(delivery):
            return None
        try:
            received = _decoded(delivery)
        except Poison:
            return None
        return None if self._seems_cancelled(received.message.run) else received

    def _handle_run(self, batch: Sequence[_Taken]) -> None:
        self._take_up(batch[0].delivery, self._quarantine.company())
        try:
            with logs.About(batch[0].received.message, stage=self.declaration.name):
                self._try(batch)
        finally:
            self._put_down()

    def _try(self, batch: Sequence[_Taken]) -> None:
        """Process a batch and acknowledge it, or carry out what the policy says about an error.

        Before anything is buried, the batch is halved.
        """
        attempt = max(taken.delivery.attempt for taken in batch)
        try:
            self._process(batch, attempt)
        except Exception as error:
            if len(batch) > 1 and isinstance(decide(error, attempt, self._ladder), Bury):
                self._try(batch[: len(batch) // 2])
                self._try(batch[len(batch) // 2 :])
                return
            for taken in batch:
                self._count(taken.delivery, self._failed(taken.delivery, taken.received.message, error))
        else:
            self._acknowledge(batch)

    def _process(self, batch: Sequence[_Taken], attempt: int) -> None:
        message, epoch = batch[0].received.message, max(taken.delivery.epoch for taken in batch)
        context = self._contexts.of(message, epoch)
        with self._emissions.kept(message):
            self._execution.run_batch([taken.received for taken in batch], attempt, context)

    def _acknowledge(self, batch: Sequence[_Taken]) -> None:
        for taken in batch:
            self._answer(taken.delivery.ack)
            self._count(taken.delivery, Outcome.DONE)
        log.info("handled", messages=len(batch), outcome=Outcome.DONE.value)

    def _execute(self, message: Message, delivery: Delivery, given_up: int) -> Outcome:
        context = self._contexts.of(message, delivery.epoch)
        self._execution.run_batch([_decoded(delivery)], delivery.attempt, context)
        return Outcome.DONE


def _decoded(delivery: Delivery) -> Received[Any]:
    message, stamp = decode_stamped(delivery.body)
    return Received(message, stamp, delivery.body if b"\n" not in delivery.body else message.encode(stamp))


def receive_batch(consumer: Consumer, batching: Batching) -> list[Delivery]:
    """Receive the messages of a batch; none if no message comes."""
    first = consumer.receive(PATIENCE)
    if first is None:
        return []
    batch, end = [first], monotonic() + batching.longest
    while len(batch) < batching.most and (left := end - monotonic()) > 0:
        following = consumer.receive(min(left, batching.gap))
        if following is None:
            break
        batch.append(following)
    return batch
