"""What can happen to a process: real workers on a real broker and a real S3 server."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from shared.contract.messages import FaceFound, FaceUpscaled
from shared.runtime.stage_process import BROKEN
from shared.store import FolderStore
from tests.faults.place import SOON, Faces, Place, json_lines, wait_until
from tests.faults.toy import DIES, HANGS_ONCE, LONG, SLOW

ALL_DONE = {"face-upscaled"}


def supervised(place: Place, faces: Faces, workers: int, **environment: str) -> None:
    """Let so many workers work until every face has its fate; whoever ends is replaced, as an orchestrator does."""
    running = [place.start_toy(**environment) for _ in range(workers)]
    give_up = time.monotonic() + 2 * SOON
    while len(faces.fates()) < len(faces.bodies):
        assert time.monotonic() < give_up, place.output()[-2000:]
        running = [worker if worker.poll() is None else place.start_toy(**environment) for worker in running]
        time.sleep(0.2)


@pytest.mark.fault(1, "SIGKILL of a worker in the middle of an item", "`kill -9` while a slow item is under way")
def test_a_worker_is_killed_in_the_middle_of_an_item(place: Place, faces: Faces) -> None:
    victim = place.start_toy()
    faces.publish(*[SLOW] * 40)
    wait_until(lambda: (place.root / "begun").exists(), "the first item")
    victim.kill()
    place.start_toy()
    assert set(faces.wait().values()) == ALL_DONE
    assert set(faces.announced()) == set(faces.bodies)


@pytest.mark.fault(2, "SIGKILL between a write to the store and the message", "the worker kills itself at each effect")
@pytest.mark.fault(3, "SIGKILL between the message and its ack", "the worker kills itself after each effect")
@pytest.mark.parametrize("moment", range(6))
def test_a_worker_dies_at_one_of_its_effects(place: Place, faces: Faces, moment: int) -> None:
    """Before and after: the copy, the action record, the message."""
    victim = place.start_toy(TOY_FUSE=str(moment))
    faces.publish(b"plain")
    assert victim.wait(SOON) == -signal.SIGKILL
    place.start_toy()
    assert set(faces.wait().values()) == ALL_DONE
    assert 1 <= faces.announced().total() <= 2


@pytest.mark.fault(2, "SIGKILL between a write to the store and the message", "the ledger's owner does likewise")
@pytest.mark.fault(3, "SIGKILL between the message and its ack", "the ledger's owner does likewise")
@pytest.mark.parametrize("moment", range(4))
def test_the_owner_of_the_ledger_dies_at_one_of_its_effects(place: Place, moment: int) -> None:
    """Before and after: a batch of the journal, the run's state."""
    faces = Faces.at(place, keeper=False)
    victim = place.start_toy(TOY_STAGE="ledger", TOY_FUSE=str(moment))
    place.start_toy()
    faces.publish(*[SLOW] * 10)
    assert victim.wait(SOON) == -signal.SIGKILL
    place.start("-m", "services.tfrecord_packer")
    assert set(faces.wait().values()) == ALL_DONE
    lines = [record.line for record in faces.records_of(FaceFound, FaceUpscaled)]
    assert len(lines) == len(set(lines)) == 2 * len(faces.bodies)


@pytest.mark.fault(4, "SIGTERM under load", "SIGTERM to a worker with a full queue; another goes on")
def test_a_worker_drains_and_no_item_is_delivered_twice(place: Place, faces: Faces) -> None:
    first = place.start_toy()
    faces.publish(*[SLOW] * 60)
    wait_until(lambda: (place.root / "begun").exists() and faces.begun().total() > 10, "work under way")
    first.send_signal(signal.SIGTERM)
    assert first.wait(SOON) == 0
    assert faces.begun().total() < 60
    place.start_toy()
    assert set(faces.wait().values()) == ALL_DONE
    assert set(faces.begun().values()) == {1}
    assert set(faces.announced().values()) == {1}


@pytest.mark.fault(5, "two SIGTERMs", "a second SIGTERM while the worker finishes a long item")
def test_a_second_sigterm_gives_long_work_up(place: Place, faces: Faces) -> None:
    first = place.start_toy()
    faces.publish(LONG)
    wait_until(lambda: (place.root / "begun").exists(), "the long item")
    for _ in range(2):
        first.send_signal(signal.SIGTERM)
        time.sleep(0.3)
    assert first.wait(5) == 0
    assert not faces.announced()
    place.start_toy()
    assert set(faces.wait().values()) == ALL_DONE


@pytest.mark.fault(6, "an item that takes its worker down", "a worker kills itself whenever it meets one certain item")
def test_an_item_that_kills_its_workers_is_dead_in_the_end_and_its_neighbours_are_not(
    place: Place, faces: Faces
) -> None:
    faces.publish(*[SLOW] * 5)
    (deadly,) = faces.publish(DIES)
    faces.publish(*[SLOW] * 25)
    supervised(place, faces, workers=2)
    fates = faces.wait()
    assert fates.pop(deadly) == "worker-vanished"
    assert set(fates.values()) == ALL_DONE


@pytest.mark.fault(7, "a compute thread hangs", "an item that sleeps for ten minutes where a second is allowed")
def test_a_hanging_thread_ends_its_process_and_the_item_is_done_elsewhere(place: Place, faces: Faces) -> None:
    first = place.start_toy(MAGRITTE_ITEM_SECONDS="1")
    faces.publish(HANGS_ONCE, *[SLOW] * 5)
    assert first.wait(SOON) == BROKEN
    place.start_toy()
    assert set(faces.wait().values()) == ALL_DONE


def test_a_thread_that_hangs_in_a_library_costs_neither_its_item_nor_the_next_ones(place: Place, faces: Faces) -> None:
    first = place.start_toy(MAGRITTE_PICTURE_SECONDS="1")
    faces.publish(HANGS_ONCE, *[SLOW] * 5)
    assert set(faces.wait().values()) == ALL_DONE
    assert first.wait(SOON) == BROKEN  # to be rid of the thread
    assert '"hung"' in place.output()


LIBFAKETIME = Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketime.so.1")


@pytest.mark.fault(8, "the clock jumps", "libfaketime moves the worker's wall clock by three days, there and back")
def test_a_jump_of_the_clock_changes_nothing(place: Place) -> None:
    if not LIBFAKETIME.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs the Debian package faketime")
    clock = place.root / "clock"
    clock.write_text("+0")
    place.environment["MAGRITTE_STORE"] = f"folder:{place.root / 'data'}"  # an S3 server would refuse such a clock
    place.store = FolderStore(place.root / "data")
    faces = Faces.at(place)
    place.start_toy(
        LD_PRELOAD=str(LIBFAKETIME),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    )
    for number, jump in enumerate(("+0", "+3d", "-3d"), start=1):
        clock.write_text(jump)
        faces.publish(*[SLOW] * 20)
        wait_until(lambda number=number: len(faces.fates()) > 20 * number - 10, "half of the items")
    assert set(faces.wait().values()) == ALL_DONE
    days = {record.stamp.at[:10] for record in faces.records_of(FaceUpscaled)}
    assert len(days) == 3


def test_a_worker_that_finds_no_broker_keeps_trying_until_it_is_told_to_end(place: Place) -> None:
    worker = place.start_toy(MAGRITTE_BUS="amqp://guest:guest@127.0.0.1:1/")
    wait_until(lambda: '"waiting"' in place.output(), "the first complaint")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SOON) == 0
    (line, *_) = [line for line in json_lines(place.output()) if line["event"] == "waiting"]
    assert line["awaits"] == "broker"
    assert "guest:guest" not in place.output()


@pytest.mark.parametrize(
    ("variable", "value", "code", "error"),
    [
        ("MAGRITTE_BUS", "amqp://guest:wrong@127.0.0.1:{port}/{vhost}", 2, "MAGRITTE_BUS"),
        ("MAGRITTE_S3_SECRET_KEY", "wrong", 2, "MAGRITTE_S3_SECRET_KEY"),
        ("MAGRITTE_BUS", "amqp://guest:guest@127.0.0.1:1/", 75, "127.0.0.1"),
        ("MAGRITTE_S3_ENDPOINT", "http://127.0.0.1:1", 75, "127.0.0.1"),
    ],
    ids=["the broker's password", "the store's key", "no broker", "no store"],
)
def test_what_is_wrong_at_the_start_ends_a_stage_with_a_clear_message(
    place: Place, variable: str, value: str, code: int, error: str
) -> None:
    *_, port, vhost = place.environment["MAGRITTE_BUS"].replace("/", ":").split(":")
    environment = {variable: value.format(port=port, vhost=vhost), "MAGRITTE_FAIL_FAST": "1"}
    process = place.start("-m", "services.upscaler", **environment)
    assert process.wait(SOON) == code
    (line,) = [line for line in json_lines(place.output()) if line["event"] == "unusable"]
    assert error in line["error"]
    assert "wrong" not in line["error"]


def memory(process: "subprocess.Popen[bytes]") -> int:
    """Resident memory in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


@pytest.mark.parametrize("stage", ["scraper", "deduper", "face_detector", "upscaler", "normalizer", "tfrecord_packer"])
def test_an_idle_worker_needs_little_memory(place: Place, stage: str) -> None:
    process = place.start("-m", f"services.{stage}")
    wait_until(lambda: '"ready"' in place.output(), f"{stage} to be ready")
    assert memory(process) < 120 * 2**20
