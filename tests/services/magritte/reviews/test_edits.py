import io
from pathlib import Path
from random import Random

from PIL import Image

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from services.magritte.reviews.changes import Wish
from services.magritte.reviews.edits import find_edits, verdict_maker
from services.magritte.reviews.folder import Export
from services.magritte.run_items import RunItems
from shared.contract import keys
from shared.contract.edited_faces import Shown, Unusable
from shared.contract.messages import Decision
from shared.store import FolderStore
from tests.services.magritte.reviews.exports import FILES, export

BOX = (60, 40, 200, 200)


def placed(store: FolderStore, folder: Path) -> tuple[Export, dict[str, Path]]:
    """An export of which the first face has an original and a place, and cropped pictures of the first two."""
    random, face = Random("edits"), export().faces[0].model_copy(update={"box": BOX})
    original = draw(HEROINE, any_pose(random), random, (360, 450))
    file = io.BytesIO()
    picture = Image.open(io.BytesIO(original)).convert("RGB").crop((60, 40, 260, 240))
    picture.save(file, "PNG")
    store.put(keys.original(face.image), original)
    store.put(keys.normalized(face.picture), file.getvalue())
    for name in FILES[:2]:
        picture.crop((20, 20, 180, 180)).save(folder / name)
    faces = (face, *export().faces[1:])
    return export().model_copy(update={"faces": faces}), {f.face: folder / f.file for f in faces[:2]}


def test_edited_pictures_are_found_by_their_originals_and_places(store: FolderStore, tmp_path: Path) -> None:
    written, edited = placed(store, tmp_path)
    found = find_edits(store, written, edited)
    shown, without = found[written.faces[0].face], found[written.faces[1].face]
    assert isinstance(shown, Shown)
    assert all(abs(one - other) <= 1 for one, other in zip(shown.box, (80, 60, 160, 160), strict=True))
    assert without == Unusable("was exported without its place in the original")
    assert find_edits(store, written, {}) == {}


def test_an_original_that_the_store_has_no_more_is_named(store: FolderStore, tmp_path: Path) -> None:
    written, edited = placed(store, tmp_path)
    store.delete(keys.original(written.faces[0].image))
    shown = find_edits(store, written, edited)[written.faces[0].face]
    assert isinstance(shown, Unusable)
    assert shown.why.startswith("cannot be compared any more")


def test_verdicts_carry_their_export_and_who_has_given_them(store: FolderStore, run: str) -> None:
    make = verdict_maker(store, export(), RunItems(store, run, lambda _: None), "me")
    face = export().faces[1]
    dropped = make(face, Wish(Decision.DROP, "deleted", "not her"))
    assert (dropped.subject, dropped.export, dropped.who, dropped.why) == (face.subject, "e", "me", "not her")
    boxed = make(face, Wish(Decision.BOX, "edited", shown=Shown((1, 2, 30, 30), 5.0)))
    assert (boxed.decision, boxed.box, boxed.angle, boxed.export) == (Decision.BOX, (1, 2, 30, 30), 5.0, "e")
