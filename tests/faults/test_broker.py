"""What can happen to a broker and to the way there: the bus on a real RabbitMQ, whose faults are real, too."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.bus import Delivery, Depth
from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.declaration import Queue
from shared.contract.errors import BusUnavailable, SettingsError
from shared.contract.messages import RunRequested, SourceExhausted
from tests.servers.proxy import Proxy, Toxics
from tests.servers.rabbitmq import RabbitMQServer, memory_alarm

QUEUES = (Queue("lister", (RunRequested,)), Queue("counter", (SourceExhausted,)))
PAUSES = (0.1, 60.0)
SOON = 30.0
"""Seconds within which what must happen happens, on any machine."""


def requested(source: int) -> RunRequested:
    return RunRequested(run="anya-001", source=source)


def wait_until(happened: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < give_up, f"waited in vain for {what}"
        time.sleep(0.02)


class Lister:
    """A worker on the queue `lister`: acknowledges everything, and counts what it got in which epochs."""

    def __init__(self, bus: RabbitMQBus) -> None:
        self.done: Counter[bytes] = Counter()
        self.epochs: set[int] = set()
        self._consumer = bus.consume("lister", prefetch=4)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def wait_for(self, sources: range) -> None:
        expected = {requested(source).encode() for source in sources}
        wait_until(lambda: expected <= self.done.keys(), "all messages")

    def _work(self) -> None:
        while not self._over.is_set():
            delivery = self._consumer.receive(0.1)
            if delivery is not None:
                self.done[delivery.body] += 1
                self.epochs.add(delivery.epoch)
                delivery.ack()


class Site:
    """A virtual host, the buses that are open on it, and what their operator does to it."""

    def __init__(self, server: RabbitMQServer) -> None:
        self.server = server
        self.vhost = server.vhost()
        self._open: list[Any] = []

    def bus(self, queues: tuple[Queue, ...] = QUEUES, port: int | None = None, **options: Any) -> RabbitMQBus:
        bus = RabbitMQBus(self.server.address(self.vhost, port), queues, PAUSES, **options)
        self._open.append(bus.close)
        return bus

    def connected(self, **options: Any) -> RabbitMQBus:
        bus = self.bus(**options)
        bus.connect(SOON)
        return bus

    def lister(self, bus: RabbitMQBus) -> Lister:
        lister = Lister(bus)
        self._open.append(lister.end)
        return lister

    def delete_queue(self, name: str) -> None:
        self.server.ctl("delete_queue", "--vhost", self.vhost, name)

    def close(self) -> None:
        for end in reversed(self._open):
            end()
        self.server.remove_vhost(self.vhost)


@pytest.fixture
def site(rabbitmq: RabbitMQServer) -> Iterator[Site]:
    site = Site(rabbitmq)
    yield site
    site.close()


def publish_meanwhile(bus: RabbitMQBus, sources: range) -> threading.Thread:
    """Publish in another thread, which ends when all is confirmed."""

    def publish() -> None:
        for source in sources:
            bus.publish(requested(source))
            time.sleep(0.01)

    thread = threading.Thread(target=publish)
    thread.start()
    return thread


def take(bus_consumer: Any) -> Delivery:
    delivery: Delivery | None = bus_consumer.receive(SOON)
    assert delivery is not None
    return delivery


@pytest.mark.fault(9, "SIGKILL and restart of the broker", "`kill -9` while messages are published and acknowledged")
def test_a_killed_broker_loses_nothing_that_it_confirmed(site: Site) -> None:
    bus = site.connected()
    lister = site.lister(bus)
    publisher = publish_meanwhile(bus, range(300))
    wait_until(lambda: len(lister.done) > 20, "the first messages")
    site.server.kill()
    wait_until(lambda: not bus.is_connected, "the loss of the broker to be noticed")
    site.server.start()
    publisher.join(SOON)
    lister.wait_for(range(300))
    assert len(lister.epochs) > 1
    assert bus.is_connected


@pytest.mark.fault(10, "connections closed by an operator", "`rabbitmqctl close_all_connections` under load")
def test_a_closed_connection_is_made_anew(site: Site) -> None:
    bus = site.connected()
    lister = site.lister(bus)
    publisher = publish_meanwhile(bus, range(200))
    wait_until(lambda: len(lister.done) > 20, "the first messages")
    site.server.ctl("close_all_connections", "--vhost", site.vhost, "maintenance")
    publisher.join(SOON)
    publish_meanwhile(bus, range(200, 220)).join(SOON)  # the command may have taken longer than the first ones
    lister.wait_for(range(220))
    assert len(lister.epochs) > 1


@contextmanager
def consumer_timeout(server: RabbitMQServer, milliseconds: int) -> Iterator[None]:
    """Give the channels that are opened meanwhile so much time for an answer."""
    server.ctl("eval", f"application:set_env(rabbit, consumer_timeout, {milliseconds}).")
    try:
        yield
    finally:
        server.ctl("eval", "application:set_env(rabbit, consumer_timeout, 1800000).")


@pytest.mark.fault(11, "channel closed by consumer_timeout", "a delivery stays unanswered beyond a timeout of a second")
def test_an_answer_that_comes_after_the_consumer_timeout_is_ignored(site: Site) -> None:
    bus = site.connected()
    with consumer_timeout(site.server, 1000):
        consumer = bus.consume("lister")
    bus.publish(requested(0))
    late = take(consumer)
    again = take(consumer)
    assert (again.body, again.attempt, again.redeliveries) == (late.body, 1, 1)
    assert again.epoch > late.epoch
    late.retry(0.0)
    late.ack()
    again.ack()
    bus.publish(requested(1))
    assert take(consumer).body == requested(1).encode()
    assert consumer.receive(0.5) is None


@pytest.mark.fault(12, "consumer cancelled by the broker", "`rabbitmqctl delete_queue` under the consumer")
def test_a_queue_that_is_deleted_under_its_consumer_is_declared_and_consumed_again(site: Site) -> None:
    bus = site.connected()
    consumer = bus.consume("lister")
    before = consumer.epoch
    site.delete_queue("lister")
    wait_until(lambda: consumer.epoch > before, "another epoch")
    bus.publish(requested(0))
    take(consumer).ack()
    wait_until(lambda: bus.depths()["lister"] == Depth(), "the acknowledgement")


@pytest.mark.fault(13, "black-hole network", "a proxy swallows everything, both ways, until heartbeats are missed")
def test_a_silent_network_is_noticed_and_survived(site: Site) -> None:
    with Proxy(site.server.port) as proxy:
        bus = site.connected(port=proxy.port, heartbeat=1)
        consumer = bus.consume("lister")
        bus.publish(requested(0))
        late = take(consumer)
        with proxy.toxic(Toxics(timeout=True), Toxics(timeout=True)):
            publisher = publish_meanwhile(bus, range(1, 5))
            wait_until(lambda: not bus.is_connected, "missed heartbeats")
        again = take(consumer)
        assert again.epoch > late.epoch
        assert again.redeliveries == 1
        late.ack()
        again.ack()
        publisher.join(SOON)
        lister = site.lister(bus)
        consumer.close()
        lister.wait_for(range(1, 5))
        bus.close()


@pytest.mark.fault(14, "publisher nacked by a full queue", "policy `max-length`, and nobody consumes for a while")
def test_a_full_queue_holds_publishers_up_until_somebody_consumes(site: Site) -> None:
    bus = site.connected(patience=1.0)
    site.server.limit(site.vhost, {"max-length": 3})
    publisher = publish_meanwhile(bus, range(20))
    publisher.join(3.0)
    assert publisher.is_alive()
    assert bus.depths()["lister"].ready < 10
    lister = site.lister(bus)
    publisher.join(SOON)
    lister.wait_for(range(20))


@pytest.mark.fault(14, "publisher nacked while the process drains", "policy `max-length`, and nobody consumes any more")
def test_a_full_queue_does_not_hold_up_a_draining_process_for_ever(site: Site) -> None:
    bus, patient = site.connected(patience=1.0), site.connected()
    site.server.limit(site.vhost, {"max-length": 1})
    filler = publish_meanwhile(patient, range(9))
    filler.join(1.0)
    bus.drain()
    with pytest.raises(BusUnavailable, match="queue lister is full"):
        bus.publish(requested(9))
    site.lister(patient)
    filler.join(SOON)


@pytest.mark.fault(15, "message that no queue takes", "`rabbitmqctl delete_queue` before it is published")
def test_a_message_for_a_deleted_queue_arrives_in_a_new_one(site: Site) -> None:
    bus = site.connected()
    site.delete_queue("lister")
    bus.publish(requested(0))
    assert bus.depths()["lister"] == Depth(ready=1)


@pytest.mark.fault(16, "memory alarm", "`rabbitmqctl set_vm_memory_high_watermark 0` while items are under way")
def test_a_broker_without_memory_blocks_publishers_and_still_takes_acknowledgements(site: Site) -> None:
    bus, leaving = site.connected(patience=1.0), site.connected(patience=1.0)
    consumer = bus.consume("lister", prefetch=2)
    for source in (0, 1):
        bus.publish(requested(source))
    at_hand = [take(consumer), take(consumer)]
    with memory_alarm(site.server):
        with pytest.raises(BusUnavailable, match="takes no messages: low on memory"):
            bus.publish(requested(2))
        with pytest.raises(BusUnavailable):
            at_hand[0].retry(0.0)
        with pytest.raises(BusUnavailable):
            leaving.publish(requested(2))
        leaving.close()
        at_hand[1].ack()
        listed = ("list_queues", "--vhost", site.vhost, "--no-table-headers", "name", "messages")
        wait_until(lambda: "lister\t1" in site.server.ctl(*listed), "the acknowledgement")
    at_hand[0].retry(0.0)
    seen: set[tuple[bytes, int]] = set()
    while seen != {(requested(2).encode(), 1), (requested(0).encode(), 2)}:
        delivery = take(consumer)
        seen.add((delivery.body, delivery.attempt))
        delivery.ack()


@pytest.mark.fault(17, "broker absent at start-up", "nothing listens at its address until later")
def test_a_broker_that_starts_later_is_found(site: Site) -> None:
    with Proxy(site.server.port) as proxy:
        with proxy.down():
            bus = site.bus(port=proxy.port, patience=1.0)
            with pytest.raises(BusUnavailable, match=rf"the broker 127\.0\.0\.1:{proxy.port}/{site.vhost} does not"):
                bus.connect(1.0)
            with pytest.raises(BusUnavailable):
                bus.publish(requested(0))
            with pytest.raises(BusUnavailable):
                bus.consume("lister")
        bus.connect(SOON)
        bus.publish(requested(1))
        assert take(bus.consume("lister")).body == requested(1).encode()
        bus.close()


@pytest.mark.fault(18, "topology of an older version", "a queue was declared with other arguments")
def test_a_queue_that_does_not_fit_is_named_and_can_be_deleted(site: Site) -> None:
    site.connected(queues=(Queue("lister", (RunRequested,), single_active_consumer=True),)).close()
    bus = site.bus(patience=1.0)
    with pytest.raises(SettingsError, match=r"queue lister was declared with other properties.*delete it"):
        bus.connect(SOON)
    assert not bus.is_connected
    with pytest.raises(BusUnavailable, match="queue lister"):
        bus.publish(requested(0))
    site.delete_queue("lister")
    wait_until(lambda: bus.is_connected, "the broker to be tried again")
    bus.publish(requested(1))
    assert bus.depths()["lister"].ready == 1
