import hashlib
from pathlib import Path

import pytest

from services.deduper.fingerprinting import DecodingLimits, Fingerprinting
from shared.contract import keys
from shared.contract.messages import (
    ImageDropped,
    ImageFetched,
    ImageFingerprinted,
    rebuild,
)
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.recipe import Recipe
from shared.runtime.execution import action_of
from shared.store import FolderStore
from tests.services.deduper.conftest import Drawing, Encoded

LIMITS = DecodingLimits(100_000_000, 80_000_000)


def _recipe(**sections: object) -> Recipe:
    return Recipe.model_validate({"name": "anya", "sources": [{"folder": "."}], **sections})


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(FolderStore(tmp_path))


def _fetched(data: bytes, context: Context, **identity: object) -> ImageFetched:
    image = hashlib.sha256(data).hexdigest()
    context.store.put_new(keys.original(image), data)
    return ImageFetched.model_validate({"run": "run-001", "entry": "a" * 20, "image": image, "source": 0} | identity)


def test_a_fetched_picture_is_fingerprinted(drawing: Drawing, encoded: Encoded, context: Context) -> None:
    message = _fetched(encoded(drawing(0)), context, score=3)
    [found] = Fingerprinting().process(message, LIMITS, context)
    assert isinstance(found, ImageFingerprinted)
    assert (found.entry, found.image, found.score) == (message.entry, message.image, 3)
    assert (found.width, found.height, found.lossless) == (400, 500, True)


def test_a_picture_that_cannot_be_decoded_is_dropped(drawing: Drawing, encoded: Encoded, context: Context) -> None:
    data = encoded(drawing(0), 90)
    [dropped] = Fingerprinting().process(_fetched(data[:2000], context), LIMITS, context)
    assert isinstance(dropped, ImageDropped)
    assert (dropped.stage, dropped.reason) == ("deduper", Reason.TRUNCATED)


def test_a_fingerprint_is_remembered_for_the_image_whatever_the_run_and_the_score(
    drawing: Drawing, encoded: Encoded, context: Context
) -> None:
    one = _fetched(encoded(drawing(0)), context, score=3)
    other = _fetched(encoded(drawing(0)), context, run="run-002", entry="b" * 20, score=5)
    stage = Fingerprinting()
    action, [found] = action_of(stage, one, stage.settings(_recipe())), stage.process(one, LIMITS, context)
    again = action_of(stage, other, stage.settings(_recipe(faces={"at_most": 1}, duplicates={"strictness": 30})))
    assert action is not None
    assert again is not None
    assert action.digest == again.digest
    assert [rebuild(found.finding(), other)] == stage.process(other, LIMITS, context)
