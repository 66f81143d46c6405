"""A place to break things in: a virtual host at a real broker, a bucket at a real S3 server, processes of our own."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from services.magritte.main import app
from shared.bus import Bus, Delivery
from shared.contract import keys
from shared.contract.messages import FaceDropped, FaceFound, FaceUpscaled, ItemDied, Message, decode_message
from shared.ledger.journal import Record
from shared.ledger.ledger import Ledger
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.store import Store

REPOSITORY = Path(__file__).parents[2]
COMMAND_SECONDS = 120.0
SOON = 60.0
"""Seconds within which what must happen happens, on any machine."""


def wait_until(condition: Callable[[], object], what: str, seconds: float = SOON) -> None:
    """Return when the condition holds; fail when it does not in time."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"in vain for {seconds} s: {what}"
        time.sleep(0.1)


@dataclass
class Place:
    """Where processes of a test work. `environment` leads them to the broker and the store."""

    root: Path
    environment: dict[str, str]
    bus: Bus
    store: Store
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def vhost(self) -> str:
        """The virtual host at the broker."""
        return self.environment["MAGRITTE_BUS"].rpartition("/")[2]

    @property
    def bucket(self) -> str:
        """The bucket at the S3 server."""
        return self.environment["MAGRITTE_STORE"].removeprefix("s3://")

    def start(self, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
        """A process of our own; what it says is in the file `output`."""
        own = {"TOY_FOLDER": str(self.root), "MAGRITTE_METRICS_PORT": "0"} | self.environment | environment
        with (self.root / "output").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *command], env=os.environ | own, cwd=REPOSITORY, stdout=output, stderr=output
            )
        self.processes.append(process)
        return process

    def start_toy(self, **environment: str) -> "subprocess.Popen[bytes]":
        """A worker of `tests.faults.toy`."""
        return self.start("-m", "tests.faults.toy", **environment)

    def magritte(self, *words: str, expect: int = 0) -> str:
        """What the command line answers; one that hangs says where."""
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "services.magritte", *words],
            env=os.environ | self.environment,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            out, err = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
        assert process.returncode == expect, f"{words}: {out[-2000:]}{err}"
        return out

    def ask(self, *words: str, expect: int = 0) -> str:
        """What a command answers, asked in this process; the fixture has set its environment."""
        done = CliRunner().invoke(app, words)
        assert done.exit_code == expect, f"{words}: {done.output[-2000:]}{done.exception}"
        return done.stdout

    def output(self) -> str:
        """All that the processes have said so far."""
        return (self.root / "output").read_text(errors="replace")

    def end(self) -> None:
        """Kill what still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(SOON)


@dataclass
class Faces:
    """Faces that a toy worker is to copy, one per picture, and what has become of each, as the ledger has it."""

    place: Place
    run: str
    bodies: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def at(cls, place: Place, keeper: bool = True) -> "Faces":
        """Begin a run of faces, with a `keeper` of its ledger at work."""
        (place.root / "pictures").mkdir(exist_ok=True)
        recipe = Recipe(name="toy", sources=(FolderSource(folder=place.root / "pictures"),))
        if keeper:
            place.start("-m", "services.tfrecord_packer")
        return cls(place, open_run(place.store, recipe).name)

    def publish(self, *crops: bytes) -> list[str]:
        """Ask for a copy of each crop; returns the items. Each crop's bytes say how the worker is to behave."""
        items = []
        for crop in crops:
            number = len(self.bodies)
            data = crop + b":%d" % number
            digest = hashlib.sha256(data).hexdigest()
            self.place.store.put_new(keys.crop(digest), data)
            message = FaceFound(
                run=self.run, entry=f"{number:020x}", image=digest, face=0, crop=digest, box=(0, 0, 9, 9), side=9
            )
            self.bodies[str(message.item)] = message.encode()
            self.place.bus.publish(message)
            items.append(str(message.item))
        return items

    def records_of(self, *kinds: type[Message]) -> list[Record]:
        """What the run's journal has of these types of messages."""
        return [each for each in Ledger(self.place.store, self.run).records() if isinstance(each.message, kinds)]

    def fates(self) -> dict[str, str]:
        """The fate of each item as the journal has it: `face-upscaled`, or the error it died of."""
        found = {}
        for record in self.records_of(FaceUpscaled, FaceDropped, ItemDied):
            message, item = record.message, str(record.message.item)
            assert item not in found, f"{item} has two fates: {found[item]} and {message}"
            found[item] = message.kind() if isinstance(message, FaceUpscaled) else message.fact("").reason
        return found

    def wait(self, seconds: float = SOON) -> dict[str, str]:
        """The fates, once every item has one and no message waits for the toy."""
        wait_until(lambda: len(self.fates()) == len(self.bodies), f"fates of all {len(self.bodies)} faces", seconds)
        wait_until(lambda: self.place.bus.depths()["upscaler"].ready == 0, "an empty queue")
        return self.fates()

    def begun(self) -> Counter[str]:
        """How often each item was begun."""
        return Counter((self.place.root / "begun").read_text().split())

    def announced(self) -> Counter[str]:
        """How often each item's copy was announced to the next stage."""
        consumer = self.place.bus.consume("normalizer", prefetch=8)
        found: Counter[str] = Counter()
        for delivery in _all_of(consumer.receive):
            message: Message = decode_message(delivery.body)
            assert isinstance(message, FaceUpscaled)
            found[str(message.item)] += 1
            delivery.ack()
        consumer.close()
        return found


def _all_of(receive: Callable[[float], Delivery | None]) -> Iterator[Delivery]:
    while (delivery := receive(1.0)) is not None:
        yield delivery


def json_lines(text: str) -> list[dict[str, Any]]:
    """The log lines among what processes have said."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]
