import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from services.face_detector.animeface_detector import tilts
from services.face_detector.detector import Box
from services.face_detector.known_face import PLACE
from services.face_detector.stage import FaceDetector, measures_of
from shared.contract import keys
from shared.contract.environment import FetchingEnvironment
from shared.contract.errors import Interrupted
from shared.contract.messages import FaceDropped, FaceFound, FacesCounted, ImageDropped, ImageKept, Message
from shared.contract.reasons import Reason
from shared.contract.stage import Action, Context
from shared.pictures import Picture, decode, flatten
from shared.recipe.detectors import Cascade, DetectorKind
from shared.recipe.faces import Edge, Expansion, Faces
from shared.recipe.pictures import Monochrome, Pages, Pictures
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runtime.execution import action_of
from shared.store.folder import FolderStore
from tests.freshness import stale

Drawn = Callable[..., Image.Image]
ENTRY = "0123456789abcdef0123"


def recipe(faces: Faces, pictures: Pictures | None = None) -> Recipe:
    source = FolderSource(folder=Path("pictures"))
    return Recipe(name="margot", sources=(source,), faces=faces, pictures=pictures or Pictures())


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@dataclass
class Bench:
    """The stage and a store; pictures go in, messages come out."""

    stage: FaceDetector
    store: FolderStore

    def put(self, data: bytes) -> ImageKept:
        image = hashlib.sha256(data).hexdigest()
        self.store.put_new(keys.original(image), data)
        return ImageKept(run="margot-1", entry=ENTRY, image=image, arrival=1, decisions=1)

    def made(self, data: bytes, recipe_used: Recipe) -> list[Message]:
        return list(self.stage.process(self.put(data), self.stage.settings(recipe_used), Context(self.store)))

    def action(self, recipe_used: Recipe, data: bytes = b"some picture") -> Action:
        action = action_of(self.stage, self.put(data), self.stage.settings(recipe_used))
        assert action is not None
        return action

    def crop(self, found: Message) -> Picture:
        assert isinstance(found, FaceFound)
        picture = decode(self.store.get(keys.crop(found.crop)))
        assert isinstance(picture, Picture)
        return picture


@pytest.fixture(scope="module")
def stage() -> Iterator[FaceDetector]:
    stage = FaceDetector()
    yield stage
    stage.close()


@pytest.fixture
def bench(stage: FaceDetector, tmp_path: Path) -> Bench:
    return Bench(stage, FolderStore(tmp_path / "store"))


@pytest.fixture
def by_cascade(cascade: Cascade) -> Faces:
    return Faces(detector=DetectorKind.CASCADE, cascade=cascade)


def test_the_default_needs_nothing_but_packages(bench: Bench, drawn: Drawn) -> None:
    recipe_used = recipe(Faces())
    bench.stage.setup(FetchingEnvironment(), bench.stage.settings(recipe_used))
    found, counted = bench.made(encoded(drawn()), recipe_used)
    assert isinstance(found, FaceFound)
    assert counted == FacesCounted(run="margot-1", entry=ENTRY, image=found.image, faces=1)


def test_every_face_is_found_numbered_and_counted(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    *found, counted = bench.made(encoded(drawn(heads=2)), recipe(by_cascade))
    assert [(face.face, face.box[0] < 320) for face in found if isinstance(face, FaceFound)] == [(0, True), (1, False)]
    assert isinstance(counted, FacesCounted)
    assert counted.faces == 2


def test_a_face_says_who_has_found_it_and_how_sure_that_is(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    first, second, _ = bench.made(encoded(drawn(heads=2)), recipe(by_cascade))
    windows = by_cascade.cascade.min_neighbors
    for face in (first, second):
        assert isinstance(face, FaceFound)
        assert face.detectors == ("cascade",)
        assert face.confidence is not None
        assert face.confidence > windows
    by_vote, _ = bench.made(encoded(drawn()), recipe(Faces()))
    assert isinstance(by_vote, FaceFound)
    assert {"animeface", "animeface-closer"} & set(by_vote.detectors)


def test_a_crop_is_the_box_of_the_original_pixel_for_pixel(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    image = drawn()
    found = bench.made(encoded(image), recipe(by_cascade))[0]
    assert isinstance(found, FaceFound)
    x, y, width, height = found.box
    assert bench.crop(found).image.tobytes() == image.crop((x, y, x + width, y + height)).tobytes()
    assert found.side == max(width, height)
    assert hashlib.sha256(bench.store.get(keys.crop(found.crop))).hexdigest() == found.crop


def test_transparency_is_kept_in_the_crop(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    image = drawn(ground="#ffffff").convert("RGBA")
    image.paste((255, 255, 255, 0), (0, 0, 320, 60))
    found = bench.made(encoded(image), recipe(by_cascade))[0]
    crop = bench.crop(found).image
    assert crop.mode == "RGBA"
    assert crop.getchannel("A").getextrema() == (0, 255)


def test_the_colour_profile_is_kept_in_the_crop(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = bench.made(encoded(drawn(), icc_profile=profile), recipe(by_cascade))[0]
    assert bench.crop(found).profile == profile


def test_boxes_are_those_of_the_upright_picture(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    lying = encoded(drawn().transpose(Image.Transpose.ROTATE_90), exif=exif)
    upright = bench.made(encoded(drawn()), recipe(by_cascade))[0]
    turned = bench.made(lying, recipe(by_cascade))[0]
    assert isinstance(upright, FaceFound)
    assert isinstance(turned, FaceFound)
    assert turned.box == upright.box


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"smallest": 300}, Reason.FACE_TOO_SMALL),
        ({"lowest": 0.1}, Reason.FACE_TOO_LOW),
        ({"edge": Edge.DROP, "expand": Expansion(top=2)}, Reason.FACE_AT_THE_EDGE),
    ],
)
def test_a_face_that_does_not_go_on_is_told_and_counted(
    bench: Bench, drawn: Drawn, by_cascade: Faces, change: dict[str, Any], reason: Reason
) -> None:
    dropped, counted = bench.made(encoded(drawn()), recipe(by_cascade.model_copy(update=change)))
    assert isinstance(dropped, FaceDropped)
    assert (dropped.face, dropped.stage, dropped.reason) == (0, "face-detector", reason)
    assert isinstance(counted, FacesCounted)


def test_a_crowd_is_dropped(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    recipe_used = recipe(by_cascade.model_copy(update={"at_most": 1}))
    (dropped,) = bench.made(encoded(drawn(heads=2)), recipe_used)
    assert isinstance(dropped, ImageDropped)
    assert dropped.reason is Reason.TOO_MANY_FACES


def test_a_picture_without_faces_is_dropped(bench: Bench, by_cascade: Faces, landscape: Any) -> None:
    picture = encoded(Image.fromarray(landscape))
    (dropped,) = bench.made(picture, recipe(by_cascade, Pictures(monochrome=Monochrome.KEEP)))
    assert isinstance(dropped, ImageDropped)
    assert dropped.reason is Reason.NO_FACE


def test_a_face_that_was_enlarged_is_dropped_as_blurred(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    enlarged = drawn().resize((80, 90), Image.Resampling.LANCZOS).resize((320, 360), Image.Resampling.BICUBIC)
    found = bench.made(encoded(enlarged), recipe(by_cascade))
    assert [message.reason for message in found if isinstance(message, FaceDropped)] == [Reason.FACE_BLURRED]


def test_the_sharpness_of_a_face_at_the_edge_is_that_of_what_the_picture_has_of_it() -> None:
    plain = Image.new("RGB", (100, 100), "white")
    measures = measures_of(plain)
    assert measures.sharpness(Box(-40, -40, 80, 80)) == measures.sharpness(Box(0, 0, 40, 40)) == 1


def test_a_face_that_was_stored_at_a_low_quality_is_dropped_in_whatever_file(
    bench: Bench, drawn: Drawn, by_cascade: Faces
) -> None:
    stored = Image.open(io.BytesIO(encoded(drawn(), "JPEG", quality=30)))
    for least, reasons in ((31, [Reason.FACE_COMPRESSED]), (29, [])):
        found = bench.made(encoded(stored), recipe(by_cascade.model_copy(update={"jpeg_quality": least})))
        assert [message.reason for message in found if isinstance(message, FaceDropped)] == reasons


def test_a_grey_picture_is_dropped_and_its_faces_stay_on_record(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    (dropped,) = bench.made(encoded(drawn().convert("L")), recipe(by_cascade))
    assert isinstance(dropped, ImageDropped)
    assert dropped.reason is Reason.MONOCHROME
    (key,) = bench.store.list("actions/")
    assert json.loads(bench.store.get(key))["candidates"]


def test_a_grey_picture_is_kept_when_the_recipe_says_so(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    recipe_used = recipe(by_cascade, Pictures(monochrome=Monochrome.KEEP))
    assert isinstance(bench.made(encoded(drawn().convert("L")), recipe_used)[0], FaceFound)


def test_the_preset_hand_made_cuts_out_what_the_scripts_of_people_do(
    bench: Bench, drawn: Drawn, cascade: Cascade
) -> None:
    image = drawn().resize((1280, 1440), Image.Resampling.BICUBIC)
    chosen = {"preset": "hand-made", "cascade": cascade.model_dump(include={"model", "sha256"}), "sharpness": 0}
    (found, _) = bench.made(encoded(image), recipe(Faces.model_validate(chosen)))
    grey = cv2.equalizeHist(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2GRAY))
    opencv = cv2.CascadeClassifier(cascade.model).detectMultiScale(grey, 1.05, 5, minSize=(250, 250))
    ((x, y, width, height),) = opencv.tolist()
    by_hand = np.asarray(image)[round(0.1 * y) : y + height, round(0.85 * x) : round(x + 1.5 * width)]
    assert np.array_equal(np.asarray(bench.crop(found).image), by_hand)


UPRIGHT = Faces(upright=True)


@pytest.mark.parametrize("angle", [-40, 20])
def test_the_crop_of_a_tilted_head_is_level(bench: Bench, drawn: Drawn, angle: int) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tilted = drawn().convert("RGBA").rotate(-angle, Image.Resampling.BICUBIC, expand=True, fillcolor="#e8e4f4")
    found, _ = bench.made(encoded(tilted, icc_profile=profile), recipe(UPRIGHT))
    assert isinstance(found, FaceFound)
    assert abs(found.angle - angle) <= 5
    crop = bench.crop(found)
    assert (crop.image.mode, crop.profile) == ("RGBA", profile)
    assert crop.image.size == (found.box[2], found.box[3])
    level = max(tilts(flatten(crop.image), PLACE._replace(x=40, y=70), 0.0), key=abs)
    assert abs(level) <= 8


def test_the_crop_of_a_level_head_is_the_same_with_the_option(bench: Bench, drawn: Drawn) -> None:
    plain, upright = (bench.made(encoded(drawn()), recipe(Faces(upright=upright)))[0] for upright in (False, True))
    assert stale([plain]) == stale([upright])
    assert "angle" not in plain.model_dump(mode="json")


def test_a_record_of_before_angles_were_recorded_is_read(bench: Bench, drawn: Drawn) -> None:
    bench.made(encoded(drawn()), recipe(UPRIGHT))
    (key,) = bench.store.list("actions/")
    record = json.loads(bench.store.get(key))
    assert any("angle" in each for each in record["candidates"])
    record["candidates"] = [{"box": [10, 20, 100, 110], "score": 0.9, "voice": "animeface"}]
    bench.store.put(key, json.dumps(record).encode())
    found = bench.made(encoded(drawn()), recipe(UPRIGHT))[0]
    assert isinstance(found, FaceFound)
    assert found.angle == 0


def test_upright_heads_are_looked_for_again(bench: Bench) -> None:
    plain, upright = bench.action(recipe(Faces())), bench.action(recipe(UPRIGHT))
    assert plain.digest != upright.digest
    assert "upright" not in json.dumps(plain.settings)


def page(drawn: Drawn) -> Image.Image:
    """Return a coloured page of four panels."""
    page = Image.new("RGB", (680, 760), "white")
    for x, y in ((10, 10), (350, 10), (10, 390), (350, 390)):
        page.paste(drawn(), (x, y))
    return page


def test_a_comic_page_is_dropped_and_its_faces_stay_on_record(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    (dropped,) = bench.made(encoded(page(drawn)), recipe(by_cascade, Pictures(pages=Pages.DROP)))
    assert isinstance(dropped, ImageDropped)
    assert dropped.reason is Reason.COMIC_PAGE
    (key,) = bench.store.list("actions/")
    assert json.loads(bench.store.get(key))["candidates"]


def test_a_coloured_comic_page_is_kept_unless_the_recipe_says_otherwise(
    bench: Bench, drawn: Drawn, by_cascade: Faces
) -> None:
    assert isinstance(bench.made(encoded(page(drawn)), recipe(by_cascade))[0], FaceFound)
    kept, dropped = (recipe(by_cascade, Pictures(pages=each)) for each in Pages)
    assert bench.action(kept).digest != bench.action(dropped).digest


def test_what_cannot_be_decoded_is_dropped_for_that_reason(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    data = encoded(drawn())
    (dropped,) = bench.made(data[: len(data) // 2], recipe(by_cascade))
    assert isinstance(dropped, ImageDropped)
    assert dropped.reason is Reason.TRUNCATED


def test_another_margin_does_not_mean_looking_for_faces_again(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    bench.made(encoded(drawn()), recipe(by_cascade))
    (key,) = bench.store.list("actions/")
    record = json.loads(bench.store.get(key))
    record["candidates"] = [{"box": [10, 20, 100, 110], "score": 9.0, "voice": "cascade"}]
    bench.store.put(key, json.dumps(record).encode())
    bare = by_cascade.model_copy(update={"expand": Expansion(left=0, top=0, right=0, bottom=0)})
    found = bench.made(encoded(drawn()), recipe(bare))[0]
    assert isinstance(found, FaceFound)
    assert found.box == (10, 20, 100, 110)


@pytest.mark.parametrize(("stricter", "found"), [(3, FaceFound), (10_000, ImageDropped)])
def test_another_threshold_does_not_mean_looking_for_faces_again(
    bench: Bench, drawn: Drawn, by_cascade: Faces, stricter: int, found: type[Message]
) -> None:
    bench.made(encoded(drawn()), recipe(by_cascade))
    other = by_cascade.cascade.model_copy(update={"min_neighbors": stricter})
    assert isinstance(bench.made(encoded(drawn()), recipe(by_cascade.model_copy(update={"cascade": other})))[0], found)
    assert len(list(bench.store.list("actions/"))) == 1


def test_other_settings_of_the_detector_do(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    bench.made(encoded(drawn()), recipe(by_cascade))
    coarse = by_cascade.cascade.model_copy(update={"scale_factor": 1.1})
    bench.made(encoded(drawn()), recipe(by_cascade.model_copy(update={"cascade": coarse})))
    assert len(list(bench.store.list("actions/"))) == 2


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"candidates": [{"box": [1]}]}', b'{"candidates": 3}'])
def test_a_damaged_record_of_detections_is_made_again(
    bench: Bench, drawn: Drawn, by_cascade: Faces, damage: bytes
) -> None:
    first = bench.made(encoded(drawn()), recipe(by_cascade))
    (key,) = bench.store.list("actions/")
    bench.store.put(key, damage)
    assert bench.made(encoded(drawn()), recipe(by_cascade)) == stale(first)


def test_the_other_detectors_settings_do_not_matter_to_the_action(bench: Bench, by_cascade: Faces) -> None:
    unused = by_cascade.animeface.model_copy(update={"likelihood": 0.9})
    other = by_cascade.model_copy(update={"animeface": unused})
    assert bench.action(recipe(by_cascade)).digest == bench.action(recipe(other)).digest


def test_where_the_cascade_lies_does_not_matter_to_the_action(bench: Bench, by_cascade: Faces, tmp_path: Path) -> None:
    elsewhere = tmp_path / "copy.xml"
    elsewhere.write_bytes(Path(by_cascade.cascade.model).read_bytes())
    moved = by_cascade.model_copy(update={"cascade": Cascade(model=str(elsewhere))})
    assert bench.action(recipe(by_cascade)).digest == bench.action(recipe(moved)).digest


@pytest.mark.parametrize(
    "change", [{"smallest": 50}, {"at_most": 3}, {"edge": Edge.CUT}, {"expand": Expansion(left=0.3)}]
)
def test_every_rule_of_cutting_out_matters_to_the_action(bench: Bench, change: dict[str, Any]) -> None:
    plain = bench.action(recipe(Faces()))
    assert bench.action(recipe(Faces().model_copy(update=change))).digest != plain.digest


def test_the_action_is_json_and_names_the_library(bench: Bench) -> None:
    action = bench.action(recipe(Faces()))
    assert json.loads(json.dumps(action.settings))["detectors"][0]["library"] == "2.0.3"


def test_asked_to_stop_it_does_not_start_looking_for_faces(bench: Bench, drawn: Drawn, by_cascade: Faces) -> None:
    context = Context(bench.store, stopping=lambda: True)
    with pytest.raises(Interrupted):
        list(bench.stage.process(bench.put(encoded(drawn())), bench.stage.settings(recipe(by_cascade)), context))


def test_a_model_whose_digest_is_known_is_not_read_for_the_action(bench: Bench) -> None:
    stored = Faces(detector=DetectorKind.CASCADE, cascade=Cascade(model="sha256:" + "0a" * 32))
    fetched = Faces(detector=DetectorKind.CASCADE, cascade=Cascade(model="http://127.0.0.1:1/a.xml", sha256="0a" * 32))
    assert bench.action(recipe(stored)).settings["detectors"][0]["model"] == "0a" * 32
    assert bench.action(recipe(stored)).digest == bench.action(recipe(fetched)).digest
