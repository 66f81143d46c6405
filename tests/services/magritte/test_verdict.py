import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.errors import NotFound
from shared.contract.messages import (
    FaceNormalized,
    FacesCounted,
    ImageFetched,
    ImageKept,
    ReviewClosed,
    VerdictGiven,
    decode_stamped,
)
from shared.contract.reasons import Reason
from shared.ledger.verdicts import given
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run, read_state
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, note, story, tally_of

Magritte = Callable[..., Result]
ENTRIES = [f"{number:020x}" for number in range(3)]
IMAGES = ["0b" * 32, "0c" * 32, "0b" * 32]
NAMES = ["a/one.png", "a/two.png", "b/one.png"]


@pytest.fixture
def faces(store: FolderStore, run: str) -> str:
    """A run of three pictures of one face each, two of which are the same."""
    found = {entry: {"origin": name, "image": image} for entry, name, image in zip(ENTRIES, NAMES, IMAGES, strict=True)}
    for number, (entry, image) in enumerate(zip(ENTRIES, IMAGES, strict=True)):
        about = {"run": run, "entry": entry, "image": image}
        note(
            store,
            "some-stage",
            ImageFetched.model_validate(about | {"source": 0}),
            ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1}),
            FacesCounted.model_validate(about | {"faces": 1}),
            FaceNormalized.model_validate(about | {"face": 0, "picture": image}),
        )
    note(store, "scraper", list_entries(store, run, found))
    return run


def done(result: Result) -> str:
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_a_picture_is_dropped_in_all_places_where_it_was_found(
    magritte: Magritte, store: FolderStore, faces: str
) -> None:
    assert "verdict 1: drop a/one.png" in done(magritte("verdict", "drop", "a/one.png", "--why", "not her"))
    tally = tally_of(store, faces)
    assert [tally.settlement(entry).reason for entry in ENTRIES] == [Reason.REJECTED, "", Reason.REJECTED]
    ((number, verdict),) = given(store, "anya")
    assert (number, verdict.image, verdict.face, verdict.why) == (1, IMAGES[0], None, "not her")
    assert read_state(store, faces).faces == 1


def test_another_open_run_of_the_character_hears_of_it(
    magritte: Magritte, store: FolderStore, faces: str, recipe: Recipe
) -> None:
    changed = recipe.model_copy(update={"faces": recipe.faces.model_copy(update={"smallest": 30})})
    other = open_run(store, changed).name
    assert other != faces
    note(store, "scraper", ImageFetched(run=other, entry=ENTRIES[2], image=IMAGES[0], source=0))
    done(magritte("verdict", "drop", "a/one.png", "--run", faces))
    assert tally_of(store, other).settlement(ENTRIES[2]).reason == Reason.REJECTED


def test_one_face_is_dropped_and_kept_again(magritte: Magritte, store: FolderStore, faces: str) -> None:
    done(magritte("verdict", "drop", f"{ENTRIES[1]}.0"))
    assert tally_of(store, faces).settlement(ENTRIES[1]).reason == Reason.REJECTED
    done(magritte("verdict", "keep", f"{ENTRIES[1]}.0"))
    assert tally_of(store, faces).settlement(ENTRIES[1]).reason == ""
    assert {record["teller"] for record in story(store, faces) if record["type"] == "verdict-given"} == {"person"}


def test_a_face_that_the_picture_does_not_have_is_refused(magritte: Magritte, store: FolderStore, faces: str) -> None:
    error = magritte("verdict", "drop", f"{ENTRIES[1]}.7").exception
    assert isinstance(error, NotFound)
    assert f"{ENTRIES[1]} of run {faces} has no face 7" in str(error)
    assert list(given(store, "anya")) == []


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


def test_words_that_mean_several_pictures_or_none_decide_nothing(
    magritte: Magritte, store: FolderStore, faces: str
) -> None:
    for words, count in (("png", 2), ("nowhere", 0)):
        error = magritte("verdict", "drop", words).exception
        assert isinstance(error, NotFound)
        assert f"{count} pictures of run {faces} are meant by {words}" in str(error)
    assert list(given(store, "anya")) == []


def test_verdicts_are_listed_with_who_has_given_them_and_why(magritte: Magritte, faces: str) -> None:
    assert "there are no verdicts" in done(magritte("verdict", "list"))
    done(magritte("verdict", "drop", "two.png", "--why", "[/b] \x1b"))
    shown = done(magritte("verdict", "list"))
    assert "[/b] \\x1b" in shown
    (found,) = json.loads(done(magritte("verdict", "list", "--json")))
    assert (found["number"], found["decision"], found["image"]) == (1, "drop", IMAGES[1])


def test_with_a_broker_the_ledger_s_owner_is_told(
    magritte: Magritte, bus: RabbitMQBus, store: FolderStore, faces: str
) -> None:
    consumer = bus.consume("tfrecord-packer.ledger", 10)
    before = len(story(store, faces))
    done(magritte("verdict", "drop", "two.png"))
    done(magritte("verdict", "close"))
    found = []
    for _ in range(2):
        delivery = consumer.receive(10)
        assert delivery is not None
        found.append(decode_stamped(delivery.body))
        delivery.ack()
    assert [type(message) for message, _ in found] == [VerdictGiven, ReviewClosed]
    assert {stamp.stage for _, stamp in found} == {"person"}
    assert len(story(store, faces)) == before
