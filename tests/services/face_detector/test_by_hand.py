"""Boxes by hand: cut out as they are given, whatever the settings say of faces."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.face_detector.stage import FaceDetector
from shared.contract import keys
from shared.contract.messages import FaceBoxed, FaceDropped, FaceFound, Message
from shared.contract.person_messages import BY_HAND
from shared.contract.reasons import Reason
from shared.contract.stage import Action, Context
from shared.pictures import Picture, decode
from shared.recipe.faces import Faces
from shared.runtime.execution import action_of
from shared.store.folder import FolderStore
from tests.services.face_detector.test_stage import ENTRY, encoded, recipe

SIZE = (240, 160)


def drawn() -> Image.Image:
    """A smooth picture, so that resampling changes little."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    return Image.fromarray(np.stack([x, y * 1.5, (x + y) / 2], axis=-1).astype(np.uint8))


@pytest.fixture(scope="module")
def stage() -> Iterator[FaceDetector]:
    stage = FaceDetector()
    yield stage
    stage.close()


class Bench:
    """The stage and a store with a picture."""

    def __init__(self, stage: FaceDetector, store: FolderStore) -> None:
        self.stage, self.store = stage, store
        data = encoded(drawn())
        self.image = hashlib.sha256(data).hexdigest()
        store.put(keys.original(self.image), data)

    def asked(self, box: tuple[int, int, int, int], angle: float = 0.0) -> FaceBoxed:
        return FaceBoxed(
            run="margot-1", entry=ENTRY, image=self.image, face=3, box=box, angle=angle, revision=BY_HAND + 2
        )

    def made(self, box: tuple[int, int, int, int], angle: float = 0.0) -> Message:
        message = self.asked(box, angle)
        settings = self.stage.narrowed(self.stage.settings(recipe(Faces())), message)
        (made,) = self.stage.process(message, settings, Context(self.store))
        return made

    def crop(self, box: tuple[int, int, int, int], angle: float = 0.0) -> np.ndarray:
        found = self.made(box, angle)
        assert isinstance(found, FaceFound)
        assert (found.face, found.box, found.angle, found.side) == (3, box, angle, max(box[2:]))
        picture = decode(self.store.get(keys.crop(found.crop)))
        assert isinstance(picture, Picture)
        return np.asarray(picture.image, np.int16)

    def action(self, faces: Faces, box: tuple[int, int, int, int], angle: float = 0.0) -> Action:
        message = self.asked(box, angle)
        settings = self.stage.narrowed(self.stage.settings(recipe(faces)), message)
        action = action_of(self.stage, message, settings)
        assert action is not None
        return action


@pytest.fixture
def bench(stage: FaceDetector, tmp_path: Path) -> Bench:
    return Bench(stage, FolderStore(tmp_path / "store"))


def test_a_straight_box_is_cut_pixel_for_pixel(bench: Bench) -> None:
    assert np.array_equal(bench.crop((20, 30, 50, 40)), np.asarray(drawn(), np.int16)[30:70, 20:70])


def test_a_turned_box_is_set_upright(bench: Bench) -> None:
    turned = drawn().rotate(12, Image.Resampling.BICUBIC, center=(120, 80))  # the content turns counterclockwise
    wanted = np.asarray(turned.crop((90, 60, 150, 100)), np.int16)
    assert np.abs(bench.crop((90, 60, 60, 40), 12.0) - wanted).max() <= 3


def test_beyond_the_picture_a_box_shows_its_mirror_image(bench: Bench) -> None:
    crop, whole = bench.crop((-10, 30, 50, 40)), np.asarray(drawn(), np.int16)
    assert np.array_equal(crop[:, 10:], whole[30:70, :40])
    assert np.array_equal(crop[:, :10], whole[30:70, 10:0:-1])


@pytest.mark.parametrize("box", [(300, 10, 20, 20), (0, 0, 600, 20), (-100, 0, 50, 50)])
def test_a_box_that_does_not_lie_in_the_picture_leaves_the_face_out(
    bench: Bench, box: tuple[int, int, int, int]
) -> None:
    made = bench.made(box)
    assert isinstance(made, FaceDropped)
    assert (made.face, made.reason) == (3, Reason.FACE_AT_THE_EDGE)
    assert "240 x 160" in made.detail


def test_the_action_knows_the_box_and_nothing_of_how_faces_are_found(bench: Bench) -> None:
    box = (20, 30, 50, 40)
    plain = bench.action(Faces(), box)
    assert bench.action(Faces(smallest=200), box).digest == plain.digest
    others = {bench.action(Faces(), (20, 30, 50, 41)).digest, bench.action(Faces(), box, 5.0).digest}
    assert len(others | {plain.digest}) == 3
