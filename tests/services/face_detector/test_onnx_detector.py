"""The detector of ONNX models, with models that the tests make themselves (`yolo_models`)."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from services.face_detector.choice import Detectors, searches
from services.face_detector.detector import Box, Candidate, Voice, overlap
from services.face_detector.known_face import PLACE, lenient
from services.face_detector.onnx_detector import OnnxDetector
from services.face_detector.yolo import Letterbox
from shared.contract import keys
from shared.contract.errors import RecipeError, RunUnusable
from shared.recipe.detectors import DetectorKind, Onnx
from shared.recipe.faces import Faces
from shared.store.folder import FolderStore
from tests.services.face_detector.yolo_models import SKIN, Yolo

WIDE, TALL, SMALL = (1280, 500), (300, 900), (90, 70)
NAMES = {"names": "{0: 'person', 1: 'face'}"}
KINDS = {
    "YOLOv8": Yolo(),
    "YOLOv5": Yolo(layout="v5"),
    "without overlaps": Yolo(layout="end2end", metadata={"end2end": "True"}),
    "half precision": Yolo(dtype=TensorProto.FLOAT16),
    "YOLOv5 in half precision": Yolo(layout="v5", dtype=TensorProto.FLOAT16),
    "any sides": Yolo(sides=("height", "width")),
    "sides that differ": Yolo(sides=(384, 640)),
    "key points and masks": Yolo(masks=True, keypoints=15, metadata={"names": "{0: 'face'}"}),
    "several classes": Yolo(confidences=(0.1, 0.9), metadata=NAMES),
    "several classes of YOLOv5": Yolo(layout="v5", confidences=(0.1, 0.9), metadata={"names": "['person', 'face']"}),
}


def with_area(size: tuple[int, int], area: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A dark picture with a white area."""
    picture = Image.new("RGB", size, "#303060")
    picture.paste((255, 255, 255), (area[0], area[1], area[0] + area[2], area[1] + area[3]))
    return np.asarray(picture)


def found(yolo: Yolo, rgb: NDArray[np.uint8], **settings: Any) -> list[Candidate]:
    return OnnxDetector(yolo.data, Onnx(**settings)).detect(rgb)


@pytest.mark.parametrize(
    ("size", "area"), [(WIDE, (200, 100, 160, 180)), (TALL, (20, 700, 100, 120)), (SMALL, (40, 10, 30, 40))]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_face_is_found_once_in_pixels_of_the_picture_that_was_given(
    kind: str, size: tuple[int, int], area: tuple[int, int, int, int]
) -> None:
    (face,) = found(KINDS[kind], with_area(size, area))
    assert (face.voice, face.score) == (Voice.ONNX, pytest.approx(0.9, abs=1e-3))
    assert np.abs(np.subtract(face.box, area)).max() <= 2 * max(1, max(size) / 384)  # a pixel of the input at each edge


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_without_the_colour_has_no_face_not_even_in_the_grey_beside_it(kind: str) -> None:
    assert found(KINDS[kind], np.full((40, 300, 3), 20, np.uint8)) == []


def test_a_face_at_the_edge_does_not_leave_the_picture() -> None:
    (face,) = found(Yolo(), with_area((333, 777), (0, 0, 333, 200)))
    assert face.box == face.box.within(333, 777)


def test_a_model_for_any_sides_is_given_those_of_the_recipe() -> None:
    yolo, fine = Yolo(sides=("height", "width")), with_area((1280, 1280), (640, 640, 3, 3))
    assert len(found(yolo, fine, side=1280)) == 1
    assert found(yolo, fine, side=64) == []


def test_only_the_classes_that_the_recipe_names_count() -> None:
    yolo, picture = Yolo(confidences=(0.9, 0.3), metadata=NAMES), with_area(WIDE, (200, 100, 160, 180))
    scores = [found(yolo, picture, classes=classes)[0].score for classes in ((), ("person",), ("face",), (1,))]
    assert scores == pytest.approx([0.9, 0.9, 0.3, 0.3])
    alone = Yolo(layout="end2end", confidences=(0.9, 0.3), metadata={"end2end": "True", **NAMES})
    assert found(alone, picture, classes=("face",)) == []


@pytest.mark.parametrize(("wanted", "known"), [("faces", "person, face"), (2, "person, face")])
def test_a_class_that_the_model_does_not_have_is_named_with_those_that_it_has(wanted: str | int, known: str) -> None:
    with pytest.raises(RunUnusable, match=f"no class {wanted}, which `classes` names: its classes are {known}"):
        OnnxDetector(Yolo(confidences=(0.9, 0.3), metadata=NAMES).data, Onnx(classes=(wanted,)))


def test_a_letterbox_has_the_picture_in_its_middle_and_grey_beside_it() -> None:
    picture = Letterbox((200, 100), (64, 64)).picture(np.full((100, 200, 3), 255, np.uint8))
    assert picture.shape == (64, 64, 3)
    assert {tuple(row) for row in picture[[0, 15, 48, 63]].reshape(-1, 3)} == {(114, 114, 114)}
    assert (picture[16:48] == 255).all()


def other(taken: list[Any], given: list[Any], dtype: int = TensorProto.FLOAT) -> bytes:
    """A model that gives its input in another shape."""
    ports = [helper.make_tensor_value_info(name, dtype, dims) for name, dims in (("a", taken), ("b", given))]
    shape = helper.make_tensor("shape", TensorProto.INT64, [len(given)], given)
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["a", "shape"], ["b"])], "other", ports[:1], ports[1:], [shape]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (b"no model", "faces.onnx.model: it is no ONNX model"),
        (other([1, 64, 64, 3], [1, 3, 4096]), "it takes a: float32 [1, 64, 64, 3]; expected is one picture as float32"),
        (other([2, 3, 64, 64], [1, 6, 4096]), "it takes a: float32 [2, 3, 64, 64]; expected"),
        (other([1, 3, 64, 64], [1, 3, 4096], TensorProto.UINT8), "it takes a: uint8 [1, 3, 64, 64]; expected"),
        (other([1, 3, 64, 64], [1, 3, 4096]), "it gives [1, 3, 4096]; expected is one of YOLOv8 and later: [1, 4 s"),
        (other([1, 3, 64, 64], [3, 4096]), "it gives [3, 4096], where one output of three dimensions for one picture"),
        (other([1, 3, 64, 64], [2, 1536, 4]), "it gives [2, 1536, 4], where one output"),
        (Yolo(keypoints=3).data, "its scores are not between 0 and 1, as if it gave other things"),
        (Yolo(metadata=NAMES).data, "it gives [1, 5, 63] and names 2 classes; expected"),
        (Yolo(metadata={"names": "face ("}).data, "the names of its classes cannot be read"),
    ],
)
def test_another_model_is_refused_with_what_it_takes_and_gives(model: bytes, reason: str) -> None:
    with pytest.raises(RunUnusable, match=re.escape(reason)):
        OnnxDetector(model, Onnx())


def test_threads_do_not_disturb_each_other() -> None:
    detector = OnnxDetector(Yolo().data, Onnx())
    pictures = [with_area(WIDE, (20 * number, 100, 160, 180)) for number in range(12)]
    alone = [detector.detect(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(detector.detect, pictures)) == alone


@pytest.fixture
def skin(tmp_path: Path) -> Onnx:
    """A model that finds the known face by its colour."""
    (tmp_path / "skin.onnx").write_bytes(Yolo(colour=SKIN).data)
    return Onnx(model=str(tmp_path / "skin.onnx"))


def test_a_model_that_finds_the_known_face_is_used(detectors: Detectors, skin: Onnx) -> None:
    known = Image.open(Path("services/face_detector/known_face.png")).convert("RGB")
    (face,) = detectors.of((skin,)).detect(np.asarray(known))
    assert overlap(face.box, PLACE) >= 0.3


def test_a_submitted_model_is_read_from_the_store(detectors: Detectors, skin: Onnx, tmp_path: Path) -> None:
    store, data = FolderStore(tmp_path / "store"), Path(skin.model).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    store.put(keys.file(digest), data)
    assert isinstance(detectors.of((Onnx(model=f"sha256:{digest}"),), store), OnnxDetector)


def test_a_model_that_does_not_find_the_known_face_is_refused(detectors: Detectors, tmp_path: Path) -> None:
    (tmp_path / "black.onnx").write_bytes(Yolo(colour=((-1, -1, -1), 0.5)).data)
    with pytest.raises(RunUnusable, match=r"plain drawing; .*black\.onnx may have been trained on something else"):
        detectors.of((Onnx(model=str(tmp_path / "black.onnx")),))


def test_a_model_is_not_refused_for_a_size_at_which_it_misses_the_known_face() -> None:
    assert lenient(Onnx(side=64)).model_dump()["side"] == 640


def test_the_detector_without_a_model_is_an_error_of_the_recipe(detectors: Detectors) -> None:
    with pytest.raises(RecipeError, match=r"faces\.onnx\.model"):
        detectors.of((Onnx(),))


def test_a_model_takes_part_in_the_vote_as_soon_as_the_recipe_names_one(detectors: Detectors, skin: Onnx) -> None:
    with_model, without = searches(Faces(onnx=skin)), searches(Faces())
    assert with_model == (*without, Onnx(model=skin.model))
    known = np.asarray(Image.open(Path("services/face_detector/known_face.png")).convert("RGB"))
    assert Voice.ONNX in {each.voice for each in detectors.of(with_model).detect(known)}


def test_candidates_depend_on_the_model_and_its_size_but_not_on_where_it_lies(skin: Onnx, tmp_path: Path) -> None:
    def identity(onnx: Onnx) -> dict[str, Any]:
        (found,) = Detectors().identity(searches(Faces(detector=DetectorKind.ONNX, onnx=onnx)))
        return found

    plain = identity(skin)
    (tmp_path / "copy.onnx").write_bytes(Path(skin.model).read_bytes())
    assert identity(skin.model_copy(update={"model": str(tmp_path / "copy.onnx"), "confidence": 0.7})) == plain
    for change in ({"side": 320}, {"classes": (0,)}):
        assert identity(skin.model_copy(update=change)) != plain
    (tmp_path / "copy.onnx").write_bytes(Yolo().data)
    assert identity(skin.model_copy(update={"model": str(tmp_path / "copy.onnx")})) != plain
    assert (plain["detector"], set(plain)) == ("onnx", {"detector", "model", "library", "side", "classes"})


def test_boxes_of_the_letterbox_are_scaled_to_the_picture() -> None:
    assert Letterbox((200, 100), (100, 100)).box(np.array([10, 35, 20, 30], np.float32)) == Box(20, 20, 40, 60)
