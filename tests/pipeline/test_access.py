"""The table of `deploy.access` is complete, and nothing in it is too much: whole runs, watched at the store."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.access import PROBES, StoreRights, store_rights
from services.magritte.pipeline import PIPELINE, load_all
from shared.bus import MemoryBus
from shared.contract import keys, patterns
from shared.contract.messages import RunRequested
from shared.contract.patterns import open_ended
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.runtime.owner_worker import worker_class
from shared.runtime.resources import Resources
from shared.runtime.retry import IN_PROCESS
from shared.runtime.worker_threads import WorkerThreads
from shared.store import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Networks
from tests.pipeline.conftest import Workplace
from tests.services.normalizer.matte_models import red_model
from tests.services.trainer.conftest import eagerly

TOY = {
    "kimg": 0.012,
    "leg_kimg": 0.004,
    "minibatch": 4,
    "fmap_base": 128,
    "fmap_max": 8,
    "latent_size": 8,
    "mapping_layers": 1,
}
"""Three legs of one step, so that the first checkpoint is removed."""

_WITHOUT_RECORDS = ("upscaler", "trainer")
"""The upscaler enlarges nothing here, and what the trainer does depends on more than the message."""

UNSEEN = {
    *(("upscaler", does, "crops/*/*") for does in ("reads", "writes")),  # it hands on what it was given
    ("upscaler", "reads", patterns.ORIGINALS),  # and needs no strength of noise reduction
    *((name, "reads", "controls/*") for name in PIPELINE.containers),  # nothing was paused or cancelled
    *((name, does, PROBES) for name in PIPELINE.containers for does in ("writes", "deletes")),  # S3's alone
    ("tfrecord-packer", "writes", "runs/*/events/tfrecord-packer/*"),  # no class of a recipe had no picture
    *(("ranker", does, patterns.VERDICTS) for does in ("reads", "writes")),  # no recipe let it drop the worst
    *(("deduper", does, patterns.INDEXES) for does in ("reads", "writes", "deletes")),  # of 2000 arrivals
    *(("scraper", does, patterns.ANSWERS) for does in ("reads", "writes")),  # no board was asked
    ("deduper", "reads", patterns.CHECKPOINTS),  # nor of 1000 facts
    *(("ranker", does, patterns.VERDICTS) for does in ("reads", "writes")),  # nothing was pruned
    *(("tfrecord-packer", "reads", each) for each in (patterns.VERSIONS, patterns.RUN_TRAININGS)),  # no second data set
    *(("tfrecord-packer", does, patterns.CHECKPOINTS) for does in ("reads", "writes", "deletes")),  # of 1000 facts
    *(
        (name, does, open_ended(keys.suspect("*", stage.queue, "*")))  # no worker vanished
        for name, stages in PIPELINE.containers.items()
        for stage in stages
        for does in ("reads", "writes")
    ),
    *((name, does, f"actions/{name}/*/*") for name in _WITHOUT_RECORDS for does in ("reads", "writes")),
}
"""What these runs had no need of."""

MODEL = Path(__file__).resolve().parents[3] / "shared" / "data" / "lbpcascade_animeface.xml"

Seen = defaultdict[str, set[tuple[str, str]]]


class Observed(FolderStore):
    """A store that notes what is done with it."""

    def __init__(self, folder: Path, seen: set[tuple[str, str]]) -> None:
        super().__init__(folder)
        self._seen = seen

    def get(self, key: str) -> bytes:
        self._seen.add(("reads", key))
        return super().get(key)

    def exists(self, key: str) -> bool:
        self._seen.add(("reads", key))
        return super().exists(key)

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        self._seen.add(("reads", key))
        with super().file(key) as path:
            yield path

    def put(self, key: str, data: bytes) -> None:
        self._seen.add(("writes", key))
        super().put(key, data)

    def put_new(self, key: str, data: bytes) -> bool:
        self._seen.add(("writes", key))
        return super().put_new(key, data)

    def put_file(self, key: str, path: Path) -> None:
        self._seen.add(("writes", key))
        super().put_file(key, path)

    def delete(self, key: str) -> None:
        self._seen.add(("deletes", key))
        super().delete(key)


def work(place: Workplace, seen: Seen, **sections: Any) -> None:
    """A run with all stages, among whose messages some are told twice and some make no sense."""
    folder = place.root / "data"
    recipe = Recipe.model_validate(
        {"name": "anya", "sources": [{"folder": place.pictures}], "normalized": {"size": 8}, "training": TOY}
        | {"upscaling": {"enabled": False}}
        | sections
    )
    run = open_run(FolderStore(folder), deposited(recipe, FolderStore(folder)))
    bus = MemoryBus(PIPELINE.queues, 64)
    workers = [
        worker_class(stage)(stage, bus, Observed(folder, seen[stage.name]), IN_PROCESS, Resources(2))
        for stage in load_all()
    ]
    pools = [WorkerThreads(worker, bus, 2) for worker in workers]
    for pool in pools:
        pool.start()
    for queue in PIPELINE.queues:
        bus.send(queue.name, b"no message")
    for _ in range(2):
        for source in range(len(recipe.sources)):
            bus.publish(RunRequested(run=run.name, source=source))
        while not bus.is_idle():
            bus.wait(0.2)
    bus.drain()
    for worker, pool in zip(workers, pools, strict=True):
        worker.drain()
        pool.join()
        worker.stage.close()
    assert [worker.broken for worker in workers] == [None] * len(workers)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, drawings: list[bytes]) -> Seen:
    """What each stage has done in three runs: the second has other limits and the same pictures, the third names files.

    The cascade is of the reference shelf; where that is absent, none is named.
    """
    place, seen = Workplace(tmp_path_factory.mktemp("watched")), Seen(set)
    place.pictures.mkdir()
    for number, drawing in enumerate([*drawings, drawings[0]]):
        (place.pictures / f"{number}.png").write_bytes(drawing)
    with eagerly():
        work(place, seen)
        work(place, seen, pictures={"smallest": 70})
        work(place, seen, **_naming_files(place))
    return seen


def _naming_files(place: Workplace) -> dict[str, Any]:
    """Return a recipe's sections that name a list of addresses, a cascade, a network and a model for backgrounds.

    They ask for altered copies, too.
    """
    addresses, network, matte = (place.root / name for name in ("list.txt", "network.npz", "matte.onnx"))
    matte.write_bytes(red_model(320))
    addresses.write_text("http://127.0.0.1:1/a.png\n")
    architecture = Architecture(8, fmap_base=64, fmap_max=8, z_size=8, w_size=8, mapping_fmaps=8, mapping_layers=1)
    network.write_bytes(network_file.dump(Networks.fresh(architecture, 1)))
    faces = {"detector": "cascade", "cascade": {"model": str(MODEL)}} if MODEL.is_file() else {}
    return {
        "sources": [{"folder": place.pictures}, {"urls": addresses, "pause": 0}],
        "faces": faces,
        "training": TOY | {"start_from": network},
        "background": {"model": str(matte), "mean": (0, 0, 0), "deviation": (1, 1, 1), "without_figure": "keep"},
        "augmented": {"copies": 1},
    }


@pytest.mark.parametrize("stage", PIPELINE.containers)
def test_a_stage_does_nothing_in_the_store_that_it_has_no_right_to(seen: Seen, stage: str) -> None:
    rights = store_rights(PIPELINE.containers[stage])
    assert seen[stage]
    assert [(does, key) for does, key in sorted(seen[stage]) if not rights.allow(does, key)] == []


def test_a_stage_has_no_right_that_it_does_not_need(seen: Seen) -> None:
    unused = {
        (name, does, pattern)
        for name, stages in PIPELINE.containers.items()
        for does, patterns in vars(store_rights(stages)).items()
        for pattern in patterns
        if not any(done == does and StoreRights((pattern,), ()).allow("reads", key) for done, key in seen[name])
    }
    assert unused == UNSEEN | (set() if MODEL.is_file() else {("face-detector", "reads", keys.file("*"))})
