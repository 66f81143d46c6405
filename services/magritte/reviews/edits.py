"""Finds the edited pictures of a review in their originals, and makes verdicts of what a person asks for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.magritte import screen
from services.magritte.pipeline import checked_settings, edit_finder
from services.magritte.reviews.boxes import RunBoxes
from services.magritte.reviews.changes import MakeVerdict, Wish
from services.magritte.reviews.folder import Export, ExportedFace
from services.magritte.run_items import RunItems
from services.magritte.side_by_side import side_by_side
from shared.contract import keys
from shared.contract.edited_faces import EditedFace, EditFinder, Shown, Unusable
from shared.contract.errors import NotFound
from shared.ledger.verdicts import Verdict
from shared.store.interface import Store


def find_edits(here: Store, export: Export, edited: Mapping[str, Path]) -> dict[str, Shown | Unusable | None]:
    """Return the part of its original that each edited picture shows, by face. Raises `Unusable` without OpenCV."""
    if not edited:
        return {}
    finder, faces = edit_finder(), [face for face in export.faces if face.face in edited]

    def find(face: ExportedFace) -> Shown | Unusable | None:
        return _found(here, finder, face, edited[face.face])

    threads = checked_settings().threads
    looked_at = side_by_side(find, screen.track(faces, "looking for what was edited"), threads)
    return {face.face: shown for face, shown in looked_at}


def _found(here: Store, finder: EditFinder, face: ExportedFace, path: Path) -> Shown | Unusable | None:
    if face.box is None:
        return Unusable("was exported without its place in the original")
    try:
        original, exported = here.get(keys.original(face.image)), here.get(keys.normalized(face.picture))
    except NotFound as error:
        return Unusable(f"cannot be compared any more ({error})")
    return finder.find(EditedFace(original, exported, path.read_bytes(), face.box, face.angle))


def verdict_maker(here: Store, export: Export, items: RunItems, who: str) -> MakeVerdict:
    """Return what makes the verdicts of an import."""
    boxes = RunBoxes(here, export.character, items)

    def make(face: ExportedFace, wish: Wish) -> Verdict:
        about: dict[str, Any] = {"who": who, "why": wish.why, "export": export.id}
        if wish.shown is not None:
            where = {"box": wish.shown.box, "angle": wish.shown.angle}
            return boxes.verdict(face.image, face.item, about | where)
        return Verdict.model_validate({**about, "image": face.image, "face": face.number, "decision": wish.decision})

    return make
