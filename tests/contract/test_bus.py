"""What every message bus must do. A new twin is added to `TWINS`; the tests stay as they are."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from random import Random
from typing import Protocol

import pytest

from shared.bus import Bus, Consumer, DeadLetter, Delivery, Depth, FaultInjection, MemoryBus
from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.declaration import Queue
from shared.contract.messages import ImageFetched, LegDue, Message, RunRequested, SourceExhausted, Stamp, decode_message
from tests.dead_letters import dead_letters_of
from tests.servers.rabbitmq import RabbitMQServer

QUEUES = (
    Queue("lister", (RunRequested,), has_bulk_lane=True),
    Queue("counter", (RunRequested, SourceExhausted), has_bulk_lane=True),
    Queue("index", (ImageFetched,), single_active_consumer=True),
)
SOON = 20.0
"""Seconds within which what must happen happens, on any machine."""
A_MOMENT = 0.1
"""Seconds to watch that something does not happen."""
BULK = Stamp(bulk=True)


class Twin(Protocol):
    """What a bus needs beside its interface to be tested."""

    settling: float
    """Seconds after which `depth` tells what has been done."""
    slack: int
    """How many messages more than its capacity a queue may take before it is full."""

    def open(self, capacity: int | None = None) -> Bus:
        """A bus with `QUEUES`, all empty, which take so many messages before they are full."""
        ...

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass for messages that wait for another attempt."""
        ...

    def depth(self, bus: Bus, queue: str) -> Depth:
        """The depth of a queue; the only one of which messages wait for another attempt."""
        ...

    def await_delivery(self, bus: Bus, queue: str, number: int) -> None:
        """Return when so many messages can be received at once."""
        ...


class Memory:
    """`MemoryBus` with a clock that only the test moves."""

    settling = 0.0
    slack = 0

    def __init__(self) -> None:
        self._now = 0.0

    def open(self, capacity: int | None = None) -> Bus:
        return MemoryBus(QUEUES, capacity or 64, clock=lambda: self._now)

    def pass_time(self, seconds: float) -> None:
        self._now += seconds

    def depth(self, bus: Bus, queue: str) -> Depth:
        return bus.depths()[queue]

    def await_delivery(self, bus: Bus, queue: str, number: int) -> None:
        """Every message can be received as soon as it is published."""


class RabbitMQ:
    """`RabbitMQBus` on a virtual host of its own; its retries wait for real."""

    settling = SOON
    slack = 2
    pauses = (0.05, 1.0, 2.0, 3.0, 60.0)

    def __init__(self, server: RabbitMQServer) -> None:
        self._server = server
        self._vhost = server.vhost()
        self._buses: list[RabbitMQBus] = []

    def open(self, capacity: int | None = None) -> Bus:
        if capacity is not None:
            self._server.limit(self._vhost, {"max-length": capacity})
        bus = RabbitMQBus(self._server.address(self._vhost), QUEUES, self.pauses, patience=SOON)
        self._buses.append(bus)
        bus.connect(SOON)
        return bus

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds + 0.3)

    def depth(self, bus: Bus, queue: str) -> Depth:
        depths = bus.depths()
        return replace(depths[queue], delayed=sum(depth.delayed for depth in depths.values()))

    def await_delivery(self, bus: Bus, queue: str, number: int) -> None:
        wait_until(lambda: bus.depths()[queue].unacked == number)

    def close(self) -> None:
        for bus in self._buses:
            bus.close()
        self._server.remove_vhost(self._vhost)


@contextmanager
def memory(request: pytest.FixtureRequest) -> Iterator[Memory]:
    yield Memory()


@contextmanager
def rabbitmq(request: pytest.FixtureRequest) -> Iterator[RabbitMQ]:
    twin = RabbitMQ(request.getfixturevalue("rabbitmq"))
    try:
        yield twin
    finally:
        twin.close()


TWINS: tuple[Callable[[pytest.FixtureRequest], AbstractContextManager[Twin]], ...] = (memory, rabbitmq)


@pytest.fixture(params=TWINS, ids=lambda twin: twin.__name__)
def twin(request: pytest.FixtureRequest) -> Iterator[Twin]:
    with request.param(request) as made:
        yield made


@pytest.fixture
def bus(twin: Twin) -> Bus:
    return twin.open()


def requested(source: int) -> RunRequested:
    return RunRequested(run="anya-001", source=source)


def fetched(number: int) -> ImageFetched:
    return ImageFetched(run="anya-001", entry=f"{number:020x}", image=f"{number:064x}", source=0)


def take(consumer: Consumer) -> Delivery:
    delivery = consumer.receive(SOON)
    assert delivery is not None
    return delivery


def take_all(consumer: Consumer) -> Iterator[Delivery]:
    while (delivery := consumer.receive(A_MOMENT)) is not None:
        yield delivery


def wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SOON
    while not holds() and time.monotonic() < give_up:
        time.sleep(0.02)
    assert holds()


def messages(bus: Bus, queue: str, number: int) -> list[Message]:
    """What a queue holds, which is so many messages."""
    consumer = bus.consume(queue, prefetch=number + 1)
    found = [decode_message(take(consumer).body) for _ in range(number)]
    assert consumer.receive(A_MOMENT) is None
    return found


def assert_depth(twin: Twin, bus: Bus, queue: str, expected: Depth) -> None:
    give_up = time.monotonic() + twin.settling
    while twin.depth(bus, queue) != expected and time.monotonic() < give_up:
        time.sleep(0.02)
    assert twin.depth(bus, queue) == expected


def test_a_message_goes_to_every_queue_that_consumes_its_type_and_to_no_other(bus: Bus) -> None:
    bus.publish(requested(0))
    bus.publish(SourceExhausted(run="anya-001", source=0, count=1))
    assert messages(bus, "lister", 1) == [requested(0)]
    assert len(messages(bus, "counter", 2)) == 2
    assert messages(bus, "index", 0) == []


def test_a_message_that_nobody_consumes_is_no_error(bus: Bus) -> None:
    digest = "0" * 64
    bus.publish(LegDue(run="anya-001", version=1, dataset=digest, training=digest, leg=0))
    assert set(bus.depths().values()) == {Depth()}


def test_an_acknowledged_message_is_forgotten(twin: Twin) -> None:
    bus = twin.open()
    bus.publish(requested(0))
    consumer = bus.consume("lister")
    take(consumer).ack()
    consumer.close()
    assert_depth(twin, bus, "lister", Depth())
    assert bus.consume("lister").receive(A_MOMENT) is None


def test_a_first_delivery_is_attempt_one_and_was_never_returned(bus: Bus) -> None:
    bus.publish(requested(0))
    delivery = take(bus.consume("lister"))
    assert (delivery.attempt, delivery.redeliveries) == (1, 0)


def test_a_retried_message_comes_back_after_the_pause_as_the_next_attempt(twin: Twin) -> None:
    bus = twin.open()
    bus.publish(requested(7))
    consumer = bus.consume("lister")
    for attempt in (1, 2, 3):
        delivery = take(consumer)
        assert (delivery.attempt, delivery.redeliveries, decode_message(delivery.body)) == (attempt, 0, requested(7))
        delivery.retry(after=1.0)
        assert consumer.receive(A_MOMENT) is None
        assert_depth(twin, bus, "lister", Depth(delayed=1))
        twin.pass_time(1.0)


def test_shorter_pauses_end_first(twin: Twin) -> None:
    bus = twin.open()
    consumer = bus.consume("lister", prefetch=3)
    for source, pause in enumerate((3.0, 1.0, 2.0)):
        bus.publish(requested(source))
        take(consumer).retry(pause)
    back = []
    for _ in range(3):
        twin.pass_time(1.0)
        back += [decode_message(delivery.body) for delivery in take_all(consumer)]
    assert back == [requested(1), requested(2), requested(0)]


def test_a_retry_goes_only_to_the_queue_that_asked_for_it(twin: Twin) -> None:
    bus = twin.open()
    bus.publish(requested(0))
    take(bus.consume("lister")).retry(after=1.0)
    twin.pass_time(1.0)
    assert messages(bus, "counter", 1) == [requested(0)]


def test_a_dead_letter_keeps_the_message_and_says_why(twin: Twin) -> None:
    bus = twin.open()
    bus.publish(requested(3))
    consumer = bus.consume("lister")
    take(consumer).retry(after=0.0)
    take(consumer).dead("it has no pictures", "Poison")
    assert dead_letters_of(bus, "lister") == [
        DeadLetter("lister", requested(3).encode(), attempt=2, reason="it has no pictures", error="Poison")
    ]
    assert_depth(twin, bus, "lister", Depth(dead=1))
    assert consumer.receive(A_MOMENT) is None


def test_what_a_closed_consumer_left_unanswered_is_returned(bus: Bus) -> None:
    bus.publish(requested(0))
    bus.publish(requested(1))
    gone = bus.consume("lister", prefetch=2)
    taken = {take(gone).body, take(gone).body}
    gone.close()
    consumer = bus.consume("lister", prefetch=2)
    back = [take(consumer), take(consumer)]
    assert {delivery.body for delivery in back} == taken
    assert all((delivery.redeliveries, delivery.attempt) == (1, 1) for delivery in back)


def test_a_closed_consumer_receives_nothing_more(twin: Twin) -> None:
    bus = twin.open()
    consumer = bus.consume("lister")
    consumer.close()
    bus.publish(requested(0))
    assert consumer.receive(A_MOMENT) is None
    assert_depth(twin, bus, "lister", Depth(ready=1))


def test_an_answer_after_closing_changes_nothing(twin: Twin) -> None:
    bus = twin.open()
    bus.publish(requested(0))
    gone = bus.consume("lister")
    late = take(gone)
    gone.close()
    late.ack()
    assert_depth(twin, bus, "lister", Depth(ready=1))


def test_what_is_handed_back_is_delivered_as_the_same_attempt_and_counted(bus: Bus) -> None:
    bus.publish(requested(0))
    consumer = bus.consume("lister")
    for number in range(3):
        delivery = take(consumer)
        assert (decode_message(delivery.body), delivery.attempt, delivery.redeliveries) == (requested(0), 1, number)
        delivery.requeue()


def test_the_next_attempt_has_not_been_returned_yet(bus: Bus) -> None:
    bus.publish(requested(0))
    consumer = bus.consume("lister")
    take(consumer).requeue()
    take(consumer).retry(after=0.0)
    again = take(consumer)
    assert (again.attempt, again.redeliveries) == (2, 0)


def test_a_paused_consumer_takes_nothing_until_it_proceeds(twin: Twin) -> None:
    bus = twin.open()
    consumer = bus.consume("lister")
    consumer.pause()
    bus.publish(requested(0))
    assert consumer.receive(A_MOMENT) is None
    assert_depth(twin, bus, "lister", Depth(ready=1))
    consumer.resume()
    assert decode_message(take(consumer).body) == requested(0)


def test_a_new_consumer_begins_a_new_epoch(bus: Bus) -> None:
    for number in range(3):
        bus.publish(fetched(number))
    first = bus.consume("index", prefetch=2)
    epochs = [take(first).epoch, take(first).epoch]
    first.close()
    assert epochs[0] == epochs[1]
    assert take(bus.consume("index")).epoch != epochs[0]


def test_a_message_can_be_sent_to_one_queue_alone(bus: Bus) -> None:
    bus.send("counter", requested(4).encode())
    assert messages(bus, "counter", 1) == [requested(4)]
    assert messages(bus, "lister", 0) == []


def test_chosen_dead_letters_can_be_taken_away(twin: Twin) -> None:
    bus = twin.open()
    consumer = bus.consume("lister")
    for source in range(4):
        bus.publish(requested(source))
        take(consumer).dead(f"reason {source % 2}", "Poison")
    taken = bus.remove_dead("lister", lambda letter: letter.reason == "reason 1")
    assert {letter.body for letter in taken} == {requested(1).encode(), requested(3).encode()}
    assert {letter.body for letter in dead_letters_of(bus, "lister")} == {
        requested(0).encode(),
        requested(2).encode(),
    }
    assert_depth(twin, bus, "lister", Depth(dead=2))


def test_consumers_of_one_queue_share_its_messages(bus: Bus) -> None:
    for source in range(4):
        bus.publish(requested(source))
    one, other = bus.consume("lister", prefetch=2), bus.consume("lister", prefetch=2)
    bodies = [take(consumer).body for consumer in (one, other, one, other)]
    assert len(set(bodies)) == 4


def test_a_single_active_consumer_is_followed_by_the_next_when_it_closes(bus: Bus) -> None:
    first, second = bus.consume("index"), bus.consume("index", prefetch=3)
    for number in range(3):
        bus.publish(fetched(number))
    assert second.receive(A_MOMENT) is None
    take(first).ack()
    unanswered = take(first)
    assert second.receive(A_MOMENT) is None
    first.close()
    followers = [take(second), take(second)]
    assert unanswered.body in [delivery.body for delivery in followers if delivery.redeliveries]
    assert second.receive(A_MOMENT) is None


def test_a_full_queue_makes_publish_wait_until_messages_are_taken(twin: Twin) -> None:
    bus = twin.open(capacity=4)
    published: list[int] = []

    def publish() -> None:
        for number in range(20):
            bus.publish(fetched(number))
            published.append(number)

    publisher = threading.Thread(target=publish, daemon=True)
    publisher.start()
    give_up = time.monotonic() + SOON
    while len(published) < 4 and time.monotonic() < give_up:
        time.sleep(0.02)
    publisher.join(0.5)
    assert 4 <= len(published) <= 4 + twin.slack
    consumer = bus.consume("index")
    taken = set()
    for _ in range(20):
        delivery = take(consumer)
        taken.add(delivery.body)
        delivery.ack()
    publisher.join(SOON)
    assert len(published) == len(taken) == 20


def test_messages_of_both_lanes_are_handed_out_in_turn(twin: Twin) -> None:
    bus = twin.open()
    for source in range(8):
        bus.publish(requested(source), BULK if source < 4 else Stamp())
    consumer = bus.consume("lister", prefetch=4)
    twin.await_delivery(bus, "lister", 8)
    taken = [take(consumer) for _ in range(8)]
    assert [delivery.bulk for delivery in taken] in ([False, True] * 4, [True, False] * 4)
    for bulk, sources in ((True, range(4)), (False, range(4, 8))):
        of_lane = [decode_message(delivery.body) for delivery in taken if delivery.bulk == bulk]
        assert of_lane == [requested(source) for source in sources]


def test_a_lane_alone_is_handed_out_without_waiting_for_the_other(bus: Bus) -> None:
    for source in range(3):
        bus.publish(requested(source), BULK)
    assert messages(bus, "lister", 3) == [requested(source) for source in range(3)]


def test_a_full_bulk_lane_lets_others_publish_express(twin: Twin) -> None:
    bus = twin.open(capacity=4)
    published: list[int] = []

    def publish(source: int, stamp: Stamp) -> None:
        bus.publish(SourceExhausted(run="anya-001", source=source, count=1), stamp)
        published.append(source)

    def fill() -> None:
        for source in range(1, 12):
            publish(source, BULK)

    filling = threading.Thread(target=fill, daemon=True)
    filling.start()
    wait_until(lambda: len(published) >= 4)
    express = threading.Thread(target=publish, args=(0, Stamp()), daemon=True)
    express.start()
    express.join(SOON)
    assert 0 in published
    assert filling.is_alive()
    consumer = bus.consume("counter")
    for _ in range(12):
        take(consumer).ack()
    filling.join(SOON)
    assert len(published) == 12


def send_again(bus: Bus, delivery: Delivery) -> None:
    delivery.dead("no", "Poison")
    (letter,) = bus.remove_dead("lister", lambda _: True)
    bus.send("lister", letter.body)


ANSWERS: dict[str, Callable[[Bus, Delivery], None]] = {
    "retried": lambda _, delivery: delivery.retry(0.05),
    "handed back": lambda _, delivery: delivery.requeue(),
    "sent again as a dead letter": send_again,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_message_comes_back_in_its_lane(twin: Twin, answer: Callable[[Bus, Delivery], None]) -> None:
    bus = twin.open()
    bus.publish(requested(0), BULK)
    consumer = bus.consume("lister", prefetch=5)
    delivery = take(consumer)
    consumer.pause()
    answer(bus, delivery)
    for source, stamp in enumerate((BULK, Stamp(), Stamp(), Stamp()), 1):
        bus.publish(requested(source), stamp)
    twin.pass_time(0.05)
    consumer.resume()
    twin.await_delivery(bus, "lister", 5)
    assert [take(consumer).bulk for _ in range(4)] in ([False, True] * 2, [True, False] * 2)


def test_a_queue_s_depth_is_that_of_both_lanes_and_so_are_its_dead_letters(twin: Twin) -> None:
    bus = twin.open()
    for source in range(5):
        bus.publish(requested(source), BULK if source < 2 else Stamp())
    assert_depth(twin, bus, "lister", Depth(ready=5))
    consumer = bus.consume("lister")
    deliveries = [take(consumer), take(consumer)]
    assert {delivery.bulk for delivery in deliveries} == {True, False}
    consumer.pause()
    for delivery in deliveries:
        delivery.dead("no", "Poison")
    consumer.close()
    assert_depth(twin, bus, "lister", Depth(ready=3, dead=2))


def test_a_queue_with_a_single_active_consumer_keeps_one_order_whatever_is_bulk(bus: Bus) -> None:
    for number in range(6):
        bus.publish(fetched(number), BULK if number < 3 else Stamp())
    consumer = bus.consume("index", prefetch=6)
    taken = [take(consumer) for _ in range(6)]
    assert [decode_message(delivery.body) for delivery in taken] == [fetched(number) for number in range(6)]
    assert [delivery.bulk for delivery in taken] == [True] * 3 + [False] * 3


def test_a_draining_bus_hands_out_nothing_more_but_publishes_and_takes_answers(twin: Twin) -> None:
    bus = twin.open()
    consumer = bus.consume("lister")
    bus.publish(requested(0))
    bus.publish(requested(1))
    at_hand = take(consumer)
    bus.drain()
    assert consumer.receive(A_MOMENT) is None
    assert bus.consume("lister").receive(A_MOMENT) is None
    bus.publish(requested(2))
    at_hand.ack()
    assert_depth(twin, bus, "lister", Depth(ready=2))


def test_draining_wakes_a_consumer_that_waits(bus: Bus) -> None:
    received: list[Delivery | None] = []
    consumer = bus.consume("lister")
    thread = threading.Thread(target=lambda: received.append(consumer.receive(600.0)), daemon=True)
    thread.start()
    bus.drain()
    thread.join(SOON)
    assert received == [None]


def test_depths_add_up(twin: Twin) -> None:
    bus = twin.open()
    for source in range(8):
        bus.publish(requested(source))
    consumer = bus.consume("lister", prefetch=6)
    taken = [take(consumer) for _ in range(6)]
    consumer.pause()
    taken[0].ack()
    taken[1].retry(after=60.0)
    taken[2].retry(after=60.0)
    taken[3].dead("no", "Poison")
    expected = Depth(ready=2, unacked=2, delayed=2, dead=1)
    assert expected.waiting == 6
    assert_depth(twin, bus, "lister", expected)
    assert bus.depths()["counter"] == Depth(ready=8)


def test_only_the_first_answer_counts(twin: Twin) -> None:
    bus = twin.open()
    consumer = bus.consume("lister")
    bus.publish(requested(0))
    acknowledged = take(consumer)
    for answer in (acknowledged.ack, acknowledged.ack, lambda: acknowledged.retry(0.0)):
        answer()
    acknowledged.dead("late", "Poison")
    assert_depth(twin, bus, "lister", Depth())
    bus.publish(requested(1))
    buried = take(consumer)
    buried.dead("first", "Poison")
    buried.ack()
    assert [letter.reason for letter in dead_letters_of(bus, "lister")] == ["first"]


def test_nothing_is_lost_among_consumers_that_retry_and_vanish(twin: Twin) -> None:
    bus = twin.open()
    expected = {requested(source).encode() for source in range(200)}
    done: set[bytes] = set()

    def work(seed: int) -> None:
        random, consumer = Random(seed), bus.consume("lister")
        while (delivery := consumer.receive(A_MOMENT)) is not None or done < expected:
            chance = random.random()
            if delivery is None or chance < 0.1:
                consumer.close()
                consumer = bus.consume("lister")
            elif chance < 0.3 and delivery.attempt < 3:
                delivery.retry(after=0.0)
            else:
                done.add(delivery.body)
                delivery.ack()

    def count() -> None:
        consumer = bus.consume("counter")
        for _ in expected:
            take(consumer).ack()

    threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(4)]
    threads.append(threading.Thread(target=count, daemon=True))
    for thread in threads:
        thread.start()
    for source in range(200):
        bus.publish(requested(source))
    for thread in threads:
        thread.join(SOON)
    assert done == expected
    assert_depth(twin, bus, "lister", Depth())


class TestMemoryOnly:
    """What `MemoryBus` promises beyond the interface."""

    def test_a_full_queue_lets_one_message_in_for_each_that_is_taken(self) -> None:
        bus = MemoryBus(QUEUES, capacity=2)
        published = [threading.Event() for _ in range(4)]

        def publish() -> None:
            for source, event in enumerate(published):
                bus.publish(requested(source))
                event.set()

        threading.Thread(target=publish, daemon=True).start()
        taken = take(bus.consume("counter"))
        lister = bus.consume("lister")
        for waiting in (2, 3):
            assert published[waiting - 1].wait(SOON)
            assert not published[waiting].wait(A_MOMENT)
            assert bus.depths()["lister"].ready == 2
            take(lister)
            list(take_all(bus.consume("counter")))
        assert published[3].wait(SOON)
        taken.ack()

    def test_a_draining_bus_lets_publishers_into_full_queues(self) -> None:
        bus = MemoryBus(QUEUES, capacity=1)
        consumer = bus.consume("lister")
        bus.publish(requested(0))
        at_hand = take(consumer)
        through = threading.Event()

        def publish() -> None:
            for source in range(1, 9):
                bus.publish(requested(source))
            through.set()

        threading.Thread(target=publish, daemon=True).start()
        assert not through.wait(A_MOMENT)
        bus.drain()
        assert through.wait(SOON)
        assert consumer.receive(A_MOMENT) is None
        at_hand.ack()
        assert bus.depths()["lister"] == Depth(ready=8)

    def test_a_consumer_never_waits_for_its_own_queue(self) -> None:
        bus = MemoryBus(QUEUES, capacity=1)
        consumer = bus.consume("index")
        bus.publish(fetched(0))
        take(consumer)
        for number in range(1, 6):
            bus.publish(fetched(number))
        assert bus.depths()["index"].ready == 5

    def test_it_is_idle_when_no_message_asks_for_work(self) -> None:
        bus = MemoryBus(QUEUES)
        consumer = bus.consume("index")
        assert bus.is_idle()
        bus.publish(fetched(0))
        assert not bus.is_idle()
        delivery = take(consumer)
        assert not bus.is_idle()
        delivery.dead("no", "Poison")
        assert bus.is_idle()

    def test_a_pause_ends_by_itself_while_a_consumer_waits(self) -> None:
        bus = MemoryBus(QUEUES)
        bus.publish(fetched(0))
        consumer = bus.consume("index")
        take(consumer).retry(after=0.02)
        assert take(consumer).attempt == 2

    def test_fault_injection_delivers_twice(self) -> None:
        bus = MemoryBus(QUEUES, fault_injection=FaultInjection(duplicate=1.0))
        for number in range(5):
            bus.publish(fetched(number))
        counts = Counter(delivery.body for delivery in take_all(bus.consume("index")))
        assert counts == {fetched(number).encode(): 2 for number in range(5)}

    def test_fault_injection_delivers_some_twice_the_same_ones_for_the_same_seed(self) -> None:
        def received() -> list[Message]:
            bus = MemoryBus(QUEUES, fault_injection=FaultInjection(duplicate=0.3, seed=1))
            for number in range(30):
                bus.publish(fetched(number))
            return [decode_message(delivery.body) for delivery in take_all(bus.consume("index"))]

        assert 30 < len(received()) < 60
        assert received() == received()

    def test_fault_injection_delivers_in_another_order_and_loses_nothing(self) -> None:
        bus = MemoryBus(QUEUES, fault_injection=FaultInjection(reorder=True, seed=1))
        published = [fetched(number) for number in range(20)]
        for message in published:
            bus.publish(message)
        received = [decode_message(delivery.body) for delivery in take_all(bus.consume("index"))]
        assert received != published
        assert sorted(received, key=Message.encode) == sorted(published, key=Message.encode)
