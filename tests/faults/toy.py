"""A stage process that can be told to misbehave: the upscaler's place in the pipeline, with another stage in it.

With TOY_STAGE=ledger it is the owner of the ledger instead.

`python -m tests.faults.toy`: crops are copied; what a crop's bytes say is done meanwhile. The file named by TOY_LOG
gets a line for every time that an item is begun. With TOY_FUSE the process kills itself at that effect (artifacts,
records, messages), before or after it, as a power failure would.
"""

import hashlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from services.magritte.pipeline import PIPELINE, checked_settings
from services.tfrecord_packer.bookkeeping import Bookkeeping
from services.upscaler.declaration import UPSCALER
from shared.bus import open_bus
from shared.contract import keys
from shared.contract.errors import Interrupted, Poison
from shared.contract.messages import FaceFound, FaceUpscaled, Message
from shared.contract.stage import Context, Stage
from shared.runtime import logs
from shared.runtime.health import Health
from shared.runtime.stage_process import ShutdownSignal, StageProcess
from shared.settings import LogFormat
from shared.store import Store, open_store

SLOW, DIES, HANGS_ONCE, LONG, BROKEN, FAILS_UNTIL_MENDED = (
    b"slow",
    b"dies",
    b"hangs once",
    b"long",
    b"broken",
    b"fails until mended",
)


class Copier(Stage[FaceFound, None]):
    """FaceFound in, FaceUpscaled out, with a copy of the crop."""

    declaration = UPSCALER

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def inputs(self, message: FaceFound, checked_settings: None) -> Mapping[str, str]:
        return {"toy": "copier", "crop": message.crop, "item": str(message.item)}

    def process(self, message: FaceFound, checked_settings: None, context: Context) -> Iterable[Message]:
        with (self._folder / "begun").open("a") as file:
            file.write(f"{message.item}\n")
        crop = context.store.get(keys.crop(message.crop))
        self._behave(crop, context)
        copied = hashlib.sha256(crop + b" copied").hexdigest()
        context.store.put_new(keys.crop(copied), crop + b" copied")
        about = {"run": message.run, "entry": message.entry, "image": message.image, "face": message.face}
        return [FaceUpscaled.model_validate(about | {"crop": copied, "factor": 1})]

    def _behave(self, crop: bytes, context: Context) -> None:
        what = crop.partition(b":")[0]
        if what == SLOW:
            threading.Event().wait(0.05)  # under libfaketime time.sleep fails
        elif what == DIES:
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == HANGS_ONCE and self._first_time():
            time.sleep(600)
        elif what == LONG and self._first_time():
            _long_work(context)
        elif what == BROKEN:
            raise Poison("it is broken")
        elif what == FAILS_UNTIL_MENDED and not (self._folder / "mended").exists():
            raise RuntimeError("not mended yet")

    def _first_time(self) -> bool:
        try:
            (self._folder / "hung").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def _long_work(context: Context) -> None:
    for _ in range(100):
        if context.stopping():
            raise Interrupted
        time.sleep(0.1)


class Fuse:
    """Kills the process at its n-th effect, counted from 0 and twice each: before it and after it."""

    def __init__(self, left: int | None) -> None:
        self._left = left

    def around(self, effect: Callable[..., Any]) -> Callable[..., Any]:
        def burning(*arguments: Any) -> Any:
            self._burn()
            answer = effect(*arguments)
            self._burn()
            return answer

        return burning

    def _burn(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._left is not None:
            self._left -= 1


def mortal(store: Store, bus: Any, fuse: Fuse) -> None:
    """Let every put and every publish burn the fuse."""
    for owner, names in ((store, ("put", "put_new", "put_file")), (bus, ("publish",))):
        for name in names:
            setattr(owner, name, fuse.around(getattr(owner, name)))


def _stage() -> Stage[Any, Any]:
    if os.environ.get("TOY_STAGE") == "ledger":
        return Bookkeeping()
    return Copier(Path(os.environ["TOY_FOLDER"]))


def main() -> None:
    """Run the toy as `shared.runtime.stage_process.serve` runs a stage."""
    environment = checked_settings()
    logs.set_up(LogFormat.JSON, "info")
    store, bus = open_store(environment), open_bus(environment.bus, PIPELINE.queues, environment.retry_pauses, "toy")
    left = os.environ.get("TOY_FUSE")
    ending = ShutdownSignal()
    process = StageProcess([_stage()], bus, store, environment, Health())
    code = 0
    if process.begin(ending):
        mortal(store, bus, Fuse(None if left is None else int(left)))
        code = process.run(ending)
    bus.close()
    sys.exit(code)


if __name__ == "__main__":
    main()
