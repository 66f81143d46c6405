"""The checks as the stage has them: pictures in, messages and records out."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo.character import HEROINE, Character
from services.face_detector.character.reference import as_crop
from services.face_detector.preview import PreviewFinder
from services.face_detector.stage import FaceDetector
from shared.contract import keys
from shared.contract.environment import FetchingEnvironment
from shared.contract.errors import RunUnusable
from shared.contract.found_faces import Looked
from shared.contract.messages import FaceDropped, FaceFound, FacesCounted, ImageDropped, ImageKept, Message
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.exclude import Exclude
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.runtime.execution import action_of
from shared.store.folder import FolderStore
from tests.services.face_detector.character.drawn import OTHER, drawing, png
from tests.services.face_detector.character.toy_models import brightness_tagger, mean_colour_model

BLUE = {"hair": [HEROINE.hair]}


def recipe(**character: Any) -> Recipe:
    found = {"name": "margot", "sources": [{"folder": "pictures"}], "faces": {"detector": "animeface"}}
    return Recipe.model_validate({**found, "character": character})


@pytest.fixture(scope="module")
def stage() -> Iterator[FaceDetector]:
    stage = FaceDetector()
    yield stage
    stage.close()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder of reference faces: three of the heroine, one of another character."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number, character in enumerate([HEROINE, HEROINE, HEROINE, OTHER]):
        (folder / f"{number}.png").write_bytes(png(drawing(character, seed=10 + number)))
    return folder


def message_of(store: FolderStore, picture: Image.Image) -> ImageKept:
    data = png(picture)
    image = hashlib.sha256(data).hexdigest()
    store.put_new(keys.original(image), data)
    return ImageKept(run="margot-1", entry="0" * 20, image=image, arrival=1, decisions=1)


def made(stage: FaceDetector, store: FolderStore, used: Recipe, character: Character) -> list[Message]:
    message = message_of(store, drawing(character, seed=1))
    return list(stage.process(message, stage.settings(used), Context(store)))


def scores_on_record(store: FolderStore) -> list[tuple[str, dict[str, Any]]]:
    records = ((key, json.loads(store.get(key))) for key in store.list("actions/"))
    return [(key, record["scores"]) for key, record in records if "scores" in record]


def test_a_face_of_the_character_goes_on_and_its_scores_are_on_record(stage: FaceDetector, store: FolderStore) -> None:
    found, counted = made(stage, store, recipe(**BLUE, eyes=[HEROINE.eyes]), HEROINE)
    assert isinstance(found, FaceFound)
    assert isinstance(counted, FacesCounted)
    ((_, scores),) = scores_on_record(store)
    assert scores["hair"] < 5
    assert scores["eyes"] < 16
    assert [scores[name][0] for name in ("hair_colour", "eye_colour")] == ["#", "#"]


def test_a_face_of_other_colours_is_dropped_and_counted(stage: FaceDetector, store: FolderStore) -> None:
    dropped, counted = made(stage, store, recipe(**BLUE), OTHER)
    assert isinstance(dropped, FaceDropped)
    assert (dropped.reason, dropped.stage, dropped.face) == (Reason.OTHER_COLOURS, "face-detector", 0)
    ((_, scores),) = scores_on_record(store)
    seen = f"its hair, mostly {scores['hair_colour']}, differ by {scores['hair']:.1f} from those of the character"
    assert dropped.detail == f"{seen}, at most 18"
    assert isinstance(counted, FacesCounted)
    assert counted.faces == 1


def test_eyes_alone_can_be_what_tells(stage: FaceDetector, store: FolderStore) -> None:
    dropped, _ = made(stage, store, recipe(eyes=["#00a0ff"]), HEROINE)
    assert isinstance(dropped, FaceDropped)
    assert dropped.detail.startswith("its eyes")


def test_another_tolerance_decides_by_what_is_on_record(stage: FaceDetector, store: FolderStore) -> None:
    made(stage, store, recipe(**BLUE), HEROINE)
    ((key, _),) = scores_on_record(store)
    record = json.loads(store.get(key))
    store.put(key, json.dumps(record | {"scores": record["scores"] | {"hair": 50.0}}).encode())
    assert isinstance(made(stage, store, recipe(**BLUE, tolerance=49), HEROINE)[0], FaceDropped)
    assert isinstance(made(stage, store, recipe(**BLUE, tolerance=51), HEROINE)[0], FaceFound)
    assert len(scores_on_record(store)) == 1


def test_other_colours_mean_comparing_again(stage: FaceDetector, store: FolderStore) -> None:
    made(stage, store, recipe(**BLUE), HEROINE)
    made(stage, store, recipe(hair=["#102030"]), HEROINE)
    assert len(scores_on_record(store)) == 2


def test_a_damaged_record_of_scores_is_made_again(stage: FaceDetector, store: FolderStore) -> None:
    made(stage, store, recipe(**BLUE), HEROINE)
    ((key, scores),) = scores_on_record(store)
    store.put(key, b'{"scores": {"hair": 90, "beard": 1}}')
    assert isinstance(made(stage, store, recipe(**BLUE), HEROINE)[0], FaceFound)
    assert scores_on_record(store) == [(key, scores)]


def test_colours_can_be_learnt_from_faces_though_one_of_them_is_of_another(
    stage: FaceDetector, store: FolderStore, faces: Path
) -> None:
    used = deposited(recipe(like=faces), store)
    for path in faces.iterdir():
        path.unlink()
    assert isinstance(made(stage, store, used, HEROINE)[0], FaceFound)
    (dropped, _) = made(stage, store, used, OTHER)
    assert isinstance(dropped, FaceDropped)
    assert dropped.reason is Reason.OTHER_COLOURS


def test_the_colours_of_reference_faces_can_be_left_out(stage: FaceDetector, store: FolderStore, faces: Path) -> None:
    assert stage.settings(recipe(like=faces, colours=False)).character is None
    assert isinstance(made(stage, store, recipe(like=faces, colours=False), OTHER)[0], FaceFound)


def test_where_the_reference_faces_lie_does_not_matter_to_the_action(
    stage: FaceDetector, store: FolderStore, faces: Path
) -> None:
    message = message_of(store, drawing())
    here = recipe(like=faces)
    actions = [action_of(stage, message, stage.settings(used)) for used in (here, deposited(here, store), recipe())]
    assert actions[0] == actions[1]
    assert actions[0] != actions[2]


def test_a_reference_that_is_no_picture_is_named(stage: FaceDetector, store: FolderStore, faces: Path) -> None:
    (faces / "3.png").write_bytes(b"not a picture")
    with pytest.raises(RunUnusable, match=r"character\.like: .*3\.png cannot be used"):
        made(stage, store, recipe(like=faces), HEROINE)


def test_a_reference_that_tells_no_colours_is_refused(stage: FaceDetector, store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "grey").mkdir()
    Image.new("L", (200, 200), 120).save(tmp_path / "grey" / "1.png")
    with pytest.raises(RunUnusable, match=r"character\.like: none of the 1 pictures tells the colours"):
        made(stage, store, recipe(like=tmp_path / "grey"), HEROINE)


def test_a_reference_is_looked_at_before_the_first_picture(stage: FaceDetector, faces: Path) -> None:
    (faces / "3.png").write_bytes(b"not a picture")
    with pytest.raises(RunUnusable, match=r"character\.like: .*3\.png cannot be used"):
        stage.setup(FetchingEnvironment(), stage.settings(recipe(like=faces)))


def test_a_face_that_a_model_sees_as_another_character_is_dropped_with_its_difference(
    stage: FaceDetector, store: FolderStore, faces: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(mean_colour_model())
    wanted = {"like": faces, "colours": False}
    used = deposited(recipe(**wanted, embedding={"model": str(tmp_path / "model.onnx"), "distance": 0.07}), store)
    (tmp_path / "model.onnx").unlink()
    assert isinstance(made(stage, store, used, HEROINE)[0], FaceFound)
    dropped, counted = made(stage, store, used, OTHER)
    assert isinstance(dropped, FaceDropped)
    assert dropped.reason is Reason.OTHER_CHARACTER
    assert isinstance(counted, FacesCounted)
    own, other = sorted(scores["embedding"] for _, scores in scores_on_record(store))
    assert own < 0.07 < other
    assert f"differs by {other:.3f} from the faces in `character.like`, at most 0.07" in dropped.detail
    assert {scores["hair"] for _, scores in scores_on_record(store)} == {None}


def test_another_distance_does_not_mean_computing_embeddings_again(
    stage: FaceDetector, store: FolderStore, faces: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(mean_colour_model())
    for distance, kind in ((0.07, FaceDropped), (1.0, FaceFound)):
        embedding = {"model": str(tmp_path / "model.onnx"), "distance": distance}
        used = recipe(like=faces, colours=False, embedding=embedding)
        assert isinstance(made(stage, store, used, OTHER)[0], kind)
        assert len(scores_on_record(store)) == 1


def test_a_model_that_cannot_be_used_is_named_before_the_first_picture(
    stage: FaceDetector, faces: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    used = recipe(like=faces, embedding={"model": str(tmp_path / "model.onnx")})
    with pytest.raises(RunUnusable, match=r"character\.embedding\.model: it is no ONNX model"):
        stage.setup(FetchingEnvironment(), stage.settings(used))


@pytest.fixture
def tagger(tmp_path: Path) -> dict[str, str]:
    """A tagger that tells `bright`, `dark`, `last` and `always` of a picture, as a recipe names it."""
    (tmp_path / "tagger.onnx").write_bytes(brightness_tagger())
    (tmp_path / "tags.txt").write_text("bright\ndark\nlast\nalways\n")
    return {"model": str(tmp_path / "tagger.onnx"), "tags_file": str(tmp_path / "tags.txt")}


def tagged(wanted: list[str], excluded: list[str], tagger: dict[str, Any]) -> Recipe:
    plain = recipe(tags=wanted, tagger=tagger)
    return plain.model_copy(update={"exclude": Exclude(tags=tuple(excluded))})


@pytest.mark.parametrize(
    ("wanted", "excluded", "reason"),
    [
        (["Bright"], [], None),
        ([], ["dark"], None),
        (["dark", "margot"], [], Reason.MISSING_TAG),
        (["bright"], ["always"], Reason.EXCLUDED_TAG),
    ],
)
def test_the_tags_of_a_tagger_count_like_those_of_a_board(
    stage: FaceDetector,
    store: FolderStore,
    tagger: dict[str, Any],
    wanted: list[str],
    excluded: list[str],
    reason: Reason | None,
) -> None:
    used = deposited(tagged(wanted, excluded, tagger), store)
    for path in tagger.values():
        Path(path).unlink()
    first = made(stage, store, used, HEROINE)[0]
    assert isinstance(first, FaceFound if reason is None else ImageDropped)
    assert (first.drop_reason if isinstance(first, ImageDropped) else None) is reason


def test_the_tags_of_a_picture_are_told_with_the_number_of_its_faces(
    stage: FaceDetector, store: FolderStore, tagger: dict[str, Any]
) -> None:
    *_, counted = made(stage, store, tagged([], [], tagger | {"confidence": 0.85}), HEROINE)
    assert isinstance(counted, FacesCounted)
    assert counted.tags == ("always",)
    *_, without = made(stage, store, recipe(), HEROINE)
    assert "tags" not in without.model_dump_json()


def test_tags_are_on_record_by_the_picture_and_another_confidence_decides_by_them(
    stage: FaceDetector, store: FolderStore, tagger: dict[str, Any]
) -> None:
    made(stage, store, tagged([], [], tagger), HEROINE)
    records = {key: json.loads(store.get(key)) for key in store.list("actions/")}
    ((key, record),) = ((key, record) for key, record in records.items() if "tags" in record)
    assert record["tags"]["always"] == pytest.approx(0.9)
    store.put(key, json.dumps(record | {"tags": {"margot": 0.6}}).encode())
    for confidence, kind in ((0.59, FaceFound), (0.61, ImageDropped)):
        used = tagged(["margot"], [], tagger | {"confidence": confidence})
        assert isinstance(made(stage, store, used, HEROINE)[0], kind)
    assert len(list(store.list("actions/"))) == len(records)


def test_a_picture_without_a_face_is_not_tagged(
    stage: FaceDetector, store: FolderStore, tagger: dict[str, Any]
) -> None:
    ground = png(Image.radial_gradient("L").convert("RGB").resize((300, 300)))
    store.put_new(keys.original(hashlib.sha256(ground).hexdigest()), ground)
    message = ImageKept(
        run="margot-1", entry="0" * 20, image=hashlib.sha256(ground).hexdigest(), arrival=1, decisions=1
    )
    list(stage.process(message, stage.settings(tagged(["margot"], [], tagger)), Context(store)))
    assert not any("tags" in json.loads(store.get(key)) for key in store.list("actions/"))


def test_a_tagger_that_cannot_be_used_is_named_before_the_first_picture(
    stage: FaceDetector, tagger: dict[str, Any]
) -> None:
    Path(tagger["tags_file"]).write_text("\n")
    with pytest.raises(RunUnusable, match=r"character\.tagger\.tags_file: it has no tags"):
        stage.setup(FetchingEnvironment(), stage.settings(tagged([], [], tagger)))


def test_a_reference_without_a_face_is_taken_for_a_crop_with_the_default_margins() -> None:
    assert as_crop((300, 300)) == (50, 90, 200, 200)


def test_the_preview_drops_what_the_stage_would(faces: Path) -> None:
    finder = PreviewFinder([recipe(**BLUE), recipe(like=faces), recipe()], FetchingEnvironment())
    looked = finder.find(lambda: png(drawing(OTHER)))
    finder.close()
    assert isinstance(looked, Looked)
    reasons = [[face.drop.reason if face.drop else None for face in found.faces] for found in looked.found]
    assert reasons == [[Reason.OTHER_COLOURS], [Reason.OTHER_COLOURS], [None]]
