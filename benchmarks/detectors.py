"""How much two face-detector processes do against one, each with a single compute thread, on real servers.

Drawn pictures lie in an S3 server, their messages in a queue of RabbitMQ. The clock runs from the moment all workers
are ready to the last answer. Broker and store run on the same cores.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from benchmarks.servers import servers, settings_of
from demo.character import any_character, any_pose
from demo.drawing import draw
from services.magritte.pipeline import PIPELINE
from services.tfrecord_packer.declaration import BOOKKEEPING
from shared.bus import open_bus
from shared.contract import keys
from shared.contract.messages import FacesCounted, ImageDropped, ImageKept, decode_message
from shared.recipe.detectors import Cascade, DetectorKind
from shared.recipe.faces import Faces
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.runtime import logs
from shared.settings import LogFormat, Settings
from shared.store import Store, open_store

TARGET = 1.7
_REPOSITORY = Path(__file__).parents[1]


def main() -> None:
    """Print seconds and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cascade", default="", help="model file for the cascade detector; default: a vote")
    options = parser.parse_args()
    faces = Faces(detector=DetectorKind.CASCADE, cascade=Cascade(model=options.cascade)) if options.cascade else Faces()
    pictures = [_drawing(number) for number in range(options.pictures)]
    seconds: dict[int, list[float]] = {1: [], 2: []}
    logs.set_up(LogFormat.PRETTY, "warning")
    with servers() as environment:
        store = open_store(settings_of(environment))
        store.prepare()
        for number in range(options.rounds):
            for workers in seconds:
                # A name of its own per round would not do: what has been detected once is remembered.
                salted = [picture + f"{number} {workers}".encode() for picture in pictures]
                seconds[workers].append(_measure(store, environment, faces, salted, workers))
    one, two = (statistics.median(times) for times in seconds.values())
    print(f"face-detector ({faces.detector.value}), {options.pictures} pictures, one compute thread per process:")
    print(f"  one process {one:6.2f} s, two processes {two:6.2f} s, ratio {one / two:.2f} (target: at least {TARGET})")


def _measure(store: Store, environment: dict[str, str], faces: Faces, pictures: list[bytes], workers: int) -> float:
    own = {"MAGRITTE_THREADS": "1", "MAGRITTE_METRICS_PORT": "0", "MAGRITTE_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "services.face_detector"]
    processes = [subprocess.Popen(command, cwd=_REPOSITORY, env=os.environ | environment | own) for _ in range(workers)]
    try:
        settings = settings_of(environment)
        _warm_up(store, settings, faces, workers)
        run = _publish(store, settings, faces, pictures)
        started = time.perf_counter()
        _wait(settings, run, len(pictures))
        return time.perf_counter() - started
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def _warm_up(store: Store, settings: Settings, faces: Faces, workers: int) -> None:
    """Return when every worker has proven its detector and looked at some pictures."""
    pictures = [_drawing(1000 + number) + os.urandom(8) for number in range(6 * workers)]
    _wait(settings, _publish(store, settings, faces, pictures), len(pictures))


def _publish(store: Store, settings: Settings, faces: Faces, pictures: list[bytes]) -> str:
    recipe = Recipe(name=f"bench-{os.urandom(4).hex()}", sources=(FolderSource(folder="."),), faces=faces)
    run = open_run(store, recipe).name
    bus = open_bus(settings.bus, PIPELINE.queues, settings.retry_pauses, "benchmark")
    bus.connect(30)
    for number, picture in enumerate(pictures):
        image = hashlib.sha256(picture).hexdigest()
        store.put(keys.original(image), picture)
        kept = ImageKept(run=run, entry=f"{number:020x}", image=image, arrival=number + 1, decisions=1)
        bus.send("face-detector", kept.encode())
    bus.close()
    return run


def _wait(settings: Settings, run: str, pictures: int) -> None:
    """Return when the ledger's queue has had an answer about every picture."""
    bus = open_bus(settings.bus, PIPELINE.queues, settings.retry_pauses, "answers")
    bus.connect(30)
    answers, done = bus.consume(BOOKKEEPING.queue, prefetch=100), set[str]()
    while len(done) < pictures:
        delivery = answers.receive(0.1)
        if delivery is not None:
            message = decode_message(delivery.body)
            if isinstance(message, FacesCounted | ImageDropped) and message.run == run:
                done.add(message.entry)
            delivery.ack()
    bus.close()


def _drawing(number: int) -> bytes:
    random = Random(f"detectors {number}")
    return draw(any_character(random), any_pose(random), random, (800, 1000))


if __name__ == "__main__":
    main()
