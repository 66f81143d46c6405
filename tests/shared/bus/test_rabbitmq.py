"""What `RabbitMQBus` promises beyond the interface, on a real broker."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.bus import Bus, Consumer, Delivery, open_bus
from shared.bus.rabbitmq import LARGEST_BODY, RabbitMQBus
from shared.contract.declaration import Queue
from shared.contract.errors import BusUnavailable, Poison, SettingsError
from shared.contract.messages import RunRequested, Stamp
from tests.dead_letters import dead_letters_of
from tests.servers.rabbitmq import POLICIES, RabbitMQServer, memory_alarm

QUEUES = (Queue("lister", (RunRequested,), has_bulk_lane=True),)
SOON = 30.0
"""Seconds within which what must happen happens, on any machine."""


@pytest.fixture
def vhost(rabbitmq: RabbitMQServer) -> Iterator[str]:
    name = rabbitmq.vhost()
    yield name
    rabbitmq.remove_vhost(name)


@pytest.fixture
def bus(rabbitmq: RabbitMQServer, vhost: str) -> Iterator[RabbitMQBus]:
    bus = RabbitMQBus(rabbitmq.address(vhost), QUEUES, (0.05,))
    bus.connect(SOON)
    yield bus
    bus.close()


def sockets() -> set[str]:
    """The sockets that this process has open, by the kernel's numbers."""
    names = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            names.append(str(descriptor.readlink()))
    return {name for name in names if name.startswith("socket:")}


def requested(source: int) -> RunRequested:
    return RunRequested(run="anya-001", source=source)


def take(consumer: Consumer) -> Delivery:
    delivery = consumer.receive(SOON)
    assert delivery is not None
    return delivery


def refusal(address: str) -> str:
    """What is said of an address that the broker refuses, in the exception and in the log."""
    with capture_logs() as logged:
        bus = RabbitMQBus(address, QUEUES)
        try:
            with pytest.raises(SettingsError) as caught:
                bus.connect(SOON)
        finally:
            bus.close()
    return f"{caught.value} {logged}"


def test_wrong_credentials_are_told_at_once_without_the_password(rabbitmq: RabbitMQServer) -> None:
    sentence = refusal(rabbitmq.address().replace("guest:guest", "guest:hidden"))
    assert "MAGRITTE_BUS: the broker refuses us: ACCESS_REFUSED" in sentence.replace(
        "ConnectionClosedByBroker: (403) '", ""
    )
    assert "hidden" not in sentence


def test_a_virtual_host_that_does_not_exist_is_told_at_once(rabbitmq: RabbitMQServer) -> None:
    sentence = refusal(rabbitmq.address("nowhere"))
    assert "MAGRITTE_BUS" in sentence
    assert "vhost nowhere not found" in sentence


@pytest.mark.parametrize("address", ["amqp://host:port", "amqp://host?heartbeat=often", "http://host"])
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError, match="MAGRITTE_BUS"):
        open_bus(address, QUEUES, (1.0,), "test")


def test_a_bus_is_opened_by_its_address(rabbitmq: RabbitMQServer, vhost: str) -> None:
    bus: Bus = open_bus(rabbitmq.address(vhost), QUEUES, (1.0,), "test")
    bus.connect(SOON)
    assert bus.is_connected
    assert bus.depths().keys() >= {queue.name for queue in QUEUES}
    bus.close()


def test_a_closed_bus_leaves_no_thread_and_says_that_it_is_closed(rabbitmq: RabbitMQServer, vhost: str) -> None:
    before = set(threading.enumerate())
    bus = RabbitMQBus(rabbitmq.address(vhost), QUEUES)
    bus.connect(SOON)
    delivery_of_another_time = bus.consume("lister")
    bus.publish(requested(0))
    late = take(delivery_of_another_time)
    bus.close()
    bus.close()
    assert set(threading.enumerate()) == before
    late.ack()
    late.retry(0.0)
    delivery_of_another_time.close()
    assert delivery_of_another_time.receive(0.1) is None
    with pytest.raises(BusUnavailable, match="closed"):
        bus.publish(requested(1))


def test_a_bus_can_be_closed_at_any_moment_of_its_connecting(
    rabbitmq: RabbitMQServer, vhost: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    for moment in range(30):
        bus = RabbitMQBus(rabbitmq.address(vhost), QUEUES)
        time.sleep(moment * 0.002)
        bus.close()
    assert set(threading.enumerate()) == before
    assert caplog.records == []


def test_a_bus_that_the_broker_reads_nothing_from_closes_its_sockets(rabbitmq: RabbitMQServer, vhost: str) -> None:
    before = sockets()
    bus = RabbitMQBus(rabbitmq.address(vhost), QUEUES, patience=1.0)
    bus.connect(SOON)
    with memory_alarm(rabbitmq):
        with pytest.raises(BusUnavailable, match="takes no messages: low on memory"):
            bus.publish(requested(0))
        bus.close()
        assert sockets() == before


def test_a_publisher_that_waits_for_a_full_queue_is_told_when_the_bus_is_closed(
    bus: RabbitMQBus, rabbitmq: RabbitMQServer, vhost: str
) -> None:
    rabbitmq.limit(vhost, {"max-length": 1})
    sentence: list[BusUnavailable] = []

    def publish() -> None:
        try:
            for source in range(9):
                bus.publish(requested(source))
        except BusUnavailable as error:
            sentence.append(error)

    publisher = threading.Thread(target=publish)
    publisher.start()
    publisher.join(0.5)
    assert publisher.is_alive()
    bus.close()
    publisher.join(SOON)
    assert len(sentence) == 1


def test_a_message_too_large_for_names_of_things_is_refused(bus: RabbitMQBus) -> None:
    bus.send("lister", b"x" * LARGEST_BODY)
    with pytest.raises(Poison, match=f"at most {LARGEST_BODY}"):
        bus.send("lister", b"x" * (LARGEST_BODY + 1))
    assert bus.depths()["lister"].ready == 1


def test_a_message_comes_back_from_several_pauses_as_if_it_had_never_been_away(bus: RabbitMQBus) -> None:
    bus.publish(requested(0))
    consumer = bus.consume("lister")
    for attempt in range(1, 5):
        delivery = take(consumer)
        assert (delivery.attempt, delivery.redeliveries, delivery.body) == (attempt, 0, requested(0).encode())
        delivery.retry(0.0)


def test_what_had_been_sent_when_a_bus_drains_is_handed_out_and_delivered_once(
    bus: RabbitMQBus, rabbitmq: RabbitMQServer, vhost: str
) -> None:
    for source in range(200):
        bus.publish(requested(source))
    first = RabbitMQBus(rabbitmq.address(vhost), QUEUES)
    consumer = first.consume("lister", prefetch=20)
    deliveries: list[Delivery] = []
    for _ in range(30):
        deliveries.append(take(consumer))
        deliveries[-1].ack()
    first.drain()
    while (delivery := consumer.receive(SOON)) is not None:
        deliveries.append(delivery)
        delivery.ack()
    first.close()
    second = bus.consume("lister", prefetch=20)
    while len(deliveries) < 200:
        deliveries.append(take(second))
        deliveries[-1].ack()
    assert {delivery.body for delivery in deliveries} == {requested(source).encode() for source in range(200)}
    assert {delivery.redeliveries for delivery in deliveries} == {0}


def test_a_paused_consumer_hands_out_what_it_has_and_proceeds_in_a_new_epoch(bus: RabbitMQBus) -> None:
    consumer = bus.consume("lister", prefetch=2)
    for source in range(3):
        bus.publish(requested(source))
    first = take(consumer)
    consumer.pause()
    second = take(consumer)
    first.ack()
    assert consumer.receive(0.2) is None
    consumer.resume()
    third = take(consumer)
    assert third.epoch > second.epoch == first.epoch
    second.ack()
    third.ack()
    assert [delivery.redeliveries for delivery in (first, second, third)] == [0, 0, 0]


def test_several_threads_work_on_one_consumer_and_answer_in_their_own_order(bus: RabbitMQBus) -> None:
    done: list[bytes] = []
    consumer = bus.consume("lister", prefetch=4)

    def work() -> None:
        for _ in range(25):
            delivery = take(consumer)
            done.append(delivery.body)
            delivery.ack()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for source in range(100):
        bus.publish(requested(source))
    for thread in threads:
        thread.join(SOON)
    assert sorted(done) == sorted(requested(source).encode() for source in range(100))


@pytest.mark.parametrize("stamp", [Stamp(stage="me"), Stamp(stage="me", bulk=True)], ids=["express", "bulk"])
def test_a_letter_whose_workers_vanish_too_often_is_put_aside_by_the_broker(
    bus: RabbitMQBus, rabbitmq: RabbitMQServer, vhost: str, stamp: Stamp
) -> None:
    rabbitmq.limit(vhost, {"delivery-limit": 1})
    bus.publish(requested(0), stamp)
    for redeliveries in (0, 1):
        consumer = bus.consume("lister")
        assert take(consumer).redeliveries == redeliveries
        consumer.close()
    assert bus.consume("lister").receive(1.0) is None
    (letter,) = dead_letters_of(bus, "lister")
    assert (letter.body, letter.attempt, letter.error) == (requested(0).encode(stamp), 1, "delivery-limit")
    assert letter.reason == "its worker vanished too often"


def test_looking_at_dead_letters_takes_none_away_however_often(bus: RabbitMQBus) -> None:
    consumer = bus.consume("lister")
    for source in range(3):
        bus.publish(requested(source))
        take(consumer).dead(f"reason {source}", "Poison")
    looks = [{letter.reason for letter in dead_letters_of(bus, "lister")} for _ in range(30)]
    assert looks == [{"reason 0", "reason 1", "reason 2"}] * 30
    assert len(bus.remove_dead("lister", lambda letter: letter.reason != "reason 1")) == 2
    assert [letter.reason for letter in bus.remove_dead("lister", lambda _: True)] == ["reason 1"]
    assert dead_letters_of(bus, "lister") == []


def test_an_exchange_that_somebody_deleted_is_declared_again(
    bus: RabbitMQBus, rabbitmq: RabbitMQServer, vhost: str
) -> None:
    exchange = f'rabbit_misc:r(<<"{vhost}">>, exchange, <<"magritte.work">>)'
    assert rabbitmq.evaluate(f'rabbit_exchange:delete({exchange}, false, <<"guest">>).') == "{ok, ok}"
    bus.publish(requested(0))
    assert bus.depths()["lister"].ready == 1


def test_the_broker_takes_the_policies_that_operators_import(rabbitmq: RabbitMQServer) -> None:
    rabbitmq.ctl("import_definitions", str(POLICIES))
    bus = RabbitMQBus(rabbitmq.address(), QUEUES, (60.0,))
    bus.connect(SOON)
    try:
        listed = rabbitmq.ctl("list_queues", "--no-table-headers", "name", "policy").splitlines()
        assert sorted(line.split("\t") for line in listed) == [
            ["lister", "magritte-work"],
            ["lister.bulk", "magritte-work"],
            ["lister.dead", ""],
            ["magritte.delay.60s", ""],
        ]
    finally:
        bus.close()
        for queue in ("lister", "lister.bulk", "lister.dead", "magritte.delay.60s"):
            rabbitmq.ctl("delete_queue", queue)
        rabbitmq.ctl("clear_policy", "magritte-work")
