"""What the runtime costs on real servers: a stage that only copies, against a bare loop with the same requests.

Both take messages from a queue of RabbitMQ and, for each, look for an action record (there is none), read an object,
create another, write the record, publish a confirmed message to the next stage and one to the ledger, and acknowledge.
The bare loop calls pika and minio directly and does nothing else; each of its threads has connections of its own. The
ledger's owner is not at work. Rounds alternate; medians.
"""

import argparse
import hashlib
import io
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from uuid import uuid4

import pika
import urllib3
from minio import Minio
from minio.error import S3Error

from benchmarks.servers import servers, settings_of
from services.magritte.pipeline import PIPELINE
from services.tfrecord_packer.declaration import BOOKKEEPING
from services.upscaler.declaration import UPSCALER
from shared.bus import open_bus
from shared.contract import keys
from shared.contract.messages import FaceFound, FaceUpscaled, Message
from shared.contract.stage import Context, Stage
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.runtime import logs
from shared.runtime.resources import Resources
from shared.runtime.retry import RetryLadder
from shared.runtime.worker import Worker
from shared.runtime.worker_threads import WorkerThreads
from shared.settings import LogFormat, Settings
from shared.store import Store, open_store

TARGET = 0.6


class Copier(Stage[FaceFound, None]):
    """FaceFound in, FaceUpscaled out, with a copy of the crop."""

    declaration = UPSCALER

    def inputs(self, message: FaceFound, settings: None) -> Mapping[str, str]:
        return {"crop": message.crop, "run": message.run}

    def process(self, message: FaceFound, settings: None, context: Context) -> Iterable[Message]:
        crop = context.store.get(keys.crop(message.crop))
        copied = hashlib.sha256(crop + message.run.encode()).hexdigest()
        context.store.put_new(keys.crop(copied), crop)
        about = {"run": message.run, "entry": message.entry, "image": message.image, "face": message.face}
        return [FaceUpscaled.model_validate(about | {"crop": copied, "factor": 1})]


def main() -> None:
    """Print items per second of both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--bytes", type=int, default=50_000, help="size of the object")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {"bare loop": [], "magritte": []}
    logs.set_up(LogFormat.PRETTY, "warning")
    with servers() as environment:
        settings = settings_of(environment)
        store = open_store(settings)
        store.prepare()
        for number in range(options.rounds):
            run = _run(store, number)
            for name, work in (("bare loop", bare), ("magritte", ours)):
                _publish(store, settings, run, os.urandom(options.bytes), options.items)
                seconds[name].append(work(store, settings, options.items, options.threads))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"copying {options.items} objects of {options.bytes} bytes, {options.threads} threads, real servers:")
    for name, median in medians.items():
        print(f"  {name:>10} {options.items / median:7.1f} items/s")
    print(f"  ratio {medians['bare loop'] / medians['magritte']:.2f} (target: at least {TARGET})")


def ours(store: Store, settings: Settings, items: int, threads: int) -> float:
    """Return the seconds that a worker takes for `items` messages."""
    bus = open_bus(settings.bus, PIPELINE.queues, settings.retry_pauses, "benchmark")
    bus.connect(30)
    worker = Worker(Copier(), bus, store, RetryLadder(settings.retry_pauses), Resources(threads))
    started = time.perf_counter()
    pool = WorkerThreads(worker, bus, threads)
    pool.start()
    while sum(worker.outcomes.values()) < items:
        time.sleep(0.002)
    taken = time.perf_counter() - started
    bus.drain()
    worker.drain()
    pool.join()
    bus.close()
    assert dict(worker.outcomes) == {"done": items}
    return taken


def bare(store: Store, settings: Settings, items: int, threads: int) -> float:
    """Return the seconds that threads of pika and minio take for `items` messages."""
    left, lock = [items], threading.Lock()

    def more() -> bool:
        with lock:
            left[0] -= 1
            return left[0] >= 0

    workers = [threading.Thread(target=_bare_thread, args=(settings, more)) for _ in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - started


def _bare_thread(settings: Settings, more: Callable[[], bool]) -> None:
    s3 = _S3(settings)
    with pika.BlockingConnection(pika.URLParameters(settings.bus)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_qos(prefetch_count=1)
        messages = channel.consume("upscaler")
        while more():
            method, _, body = next(messages)
            _copy(s3, FaceFound.model_validate_json(body).crop)
            kept = pika.BasicProperties(delivery_mode=2)
            for queue in ("normalizer", BOOKKEEPING.queue):
                channel.basic_publish("magritte.work", queue, body, kept, mandatory=True)
            channel.basic_ack(method.delivery_tag)
        channel.cancel()


def _copy(s3: "_S3", crop: str) -> None:
    name = uuid4().hex
    with suppress(S3Error):
        s3.get(f"bare/{name}.json")
    s3.create(f"bare/{name}", s3.get(keys.crop(crop)))
    s3.put(f"bare/{name}.json", b"{}" * 200)


class _S3:
    """Three requests, as the SDK's documentation has them; connections are kept."""

    def __init__(self, settings: Settings) -> None:
        self._pool = urllib3.PoolManager()
        self._bucket = settings.store.removeprefix("s3://")
        address = settings.s3_endpoint.removeprefix("http://")
        key, secret = (each.get_secret_value() for each in (settings.s3_access_key, settings.s3_secret_key))
        self._client = Minio(address, key, secret, secure=False, region=settings.s3_region, http_client=self._pool)

    def get(self, key: str) -> bytes:
        response = self._client.get_object(self._bucket, key)
        data: bytes = response.read()
        response.close()
        response.release_conn()
        return data

    def put(self, key: str, data: bytes) -> None:
        self._client.put_object(self._bucket, key, io.BytesIO(data), len(data))

    def create(self, key: str, data: bytes) -> None:
        url = self._client.get_presigned_url("PUT", self._bucket, key)
        assert self._pool.request("PUT", url, body=data, headers={"If-None-Match": "*"}).status == 200


def _run(store: Store, number: int) -> str:
    recipe = Recipe(name=f"copying-{number}", sources=(FolderSource(folder="."),))
    return open_run(store, recipe).name


def _publish(store: Store, settings: Settings, run: str, data: bytes, items: int) -> None:
    crop = hashlib.sha256(data).hexdigest()
    store.put(keys.crop(crop), data)
    bus = open_bus(settings.bus, PIPELINE.queues, settings.retry_pauses, "benchmark")
    bus.connect(30)
    for number in range(items):
        digest = hashlib.sha256(data + number.to_bytes(4, "big")).hexdigest()
        store.put(keys.crop(digest), data)
        found = FaceFound(run=run, entry=f"{number:020x}", image=crop, face=0, crop=digest, box=(0, 0, 9, 9), side=9)
        bus.send("upscaler", found.encode())
    bus.close()


if __name__ == "__main__":
    main()
