"""Who hears of what a person decides."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.messages import (
    ImageFetched,
    ReviewClosed,
    VerdictGiven,
    decode_stamped,
)
from shared.contract.reasons import Reason
from shared.ledger.verdicts import given
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore
from tests.services.magritte.verdict_runs import ENTRIES, IMAGES, Magritte, done, faces
from tests.shared.ledgers import note, story, tally_of

__all__ = ["faces"]  # a fixture


def test_another_open_run_of_the_character_hears_of_it(
    magritte: Magritte, store: FolderStore, faces: str, recipe: Recipe
) -> None:
    changed = recipe.model_copy(update={"faces": recipe.faces.model_copy(update={"smallest": 30})})
    other = open_run(store, changed).name
    assert other != faces
    note(store, "scraper", ImageFetched(run=other, entry=ENTRIES[2], image=IMAGES[0], source=0))
    done(magritte("verdict", "drop", "a/one.png", "--run", faces))
    assert tally_of(store, other).settlement(ENTRIES[2]).reason == Reason.REJECTED


AS_SOMEBODY_WITHOUT_A_NAME = """
import os, sys
from services.magritte.main import main
from services.magritte.pipeline import load
load("tfrecord-packer")  # whose libraries may lie where only root reads
os.setuid(54321)
sys.argv = ["magritte", "verdict", "drop", "two.png"]
main()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a command as somebody else")
def test_a_user_without_a_name_such_as_a_container_s_is_told_by_number(store: FolderStore, faces: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # the test's own lies where only its user may look
        copied = FolderStore(shutil.copytree(store.root, Path(folder, "data")))
        for path in (Path(folder), copied.root, *copied.root.rglob("*")):
            path.chmod(0o777)
        environment = {"MAGRITTE_STORE": f"folder:{copied.root}", "HOME": folder}
        command = [sys.executable, "-c", AS_SOMEBODY_WITHOUT_A_NAME]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert [verdict.who for _, verdict in given(copied, "anya")] == ["user 54321"]


def test_with_a_broker_the_ledger_s_owner_is_told(
    magritte: Magritte, bus: RabbitMQBus, store: FolderStore, faces: str
) -> None:
    consumer = bus.consume("tfrecord-packer.ledger", 10)
    before = len(story(store, faces))
    done(magritte("verdict", "drop", "two.png"))
    done(magritte("review", "close"))
    found = []
    for _ in range(2):
        delivery = consumer.receive(10)
        assert delivery is not None
        found.append(decode_stamped(delivery.body))
        delivery.ack()
    assert [type(message) for message, _ in found] == [VerdictGiven, ReviewClosed]
    assert {stamp.stage for _, stamp in found} == {"person"}
    assert len(story(store, faces)) == before
