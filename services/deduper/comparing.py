"""The deduper's second pass: the stage that compares the faces of a run once its pictures are settled."""

from collections.abc import Iterator
from typing import Any

from services.deduper.declaration import COMPARING
from services.deduper.face_index import FaceIndex, ReadyFace, by_digest, face_eyes
from services.deduper.judging import Rules
from services.deduper.pair_verdicts import PairVerdicts
from shared.contract import keys
from shared.contract.errors import Interrupted, NotFound
from shared.contract.items import Face
from shared.contract.messages import (
    FaceFound,
    FaceKept,
    FaceNormalized,
    FacesCompared,
    FacesDue,
    FaceSuperseded,
    Message,
)
from shared.contract.objects import Objects
from shared.contract.stage import Context, Stage
from shared.ledger.ledger import Ledger
from shared.ledger.tally import Tally
from shared.recipe.recipe import Recipe

_TEXTS = tuple(f'"{kind.kind()}"' for kind in (FaceFound, FaceNormalized))


class Comparing(Stage[FacesDue, Rules]):
    """`FacesDue` in; `FaceSuperseded` and `FaceKept` of all faces that have copies, and `FacesCompared` out.

    What looking has shown is kept in the store, so that a later pass looks at new faces alone.
    """

    declaration = COMPARING

    def settings(self, recipe: Recipe) -> Rules:
        return Rules(recipe.name, recipe.duplicates)

    def process(self, message: FacesDue, settings: Rules, context: Context) -> Iterator[Message]:
        ledger = Ledger(context.store, message.run)
        book = ledger.book()
        tally = book.tally
        faces = by_digest(ready_faces(ledger, tally))
        index = _compared(message.run, faces, settings, context)
        about: dict[str, Any] = {"run": message.run, "changes": book.progress.face_pass(tally)}
        superseded = 0
        waiting = tally.duplicates()
        for decision in index.decisions():
            face = faces.get(decision.image)
            if face is None:
                continue
            waiting.discard((face.item.entry, face.item.number))
            if decision.by is None:
                yield FaceKept(**about, **_identity(face))
            else:
                superseded += 1
                by = faces[decision.by].picture
                yield FaceSuperseded(**about, **_identity(face), by=by, reason=decision.reason)
        for face in faces.values():
            if (face.item.entry, face.item.number) in waiting:
                yield FaceKept(**about, **_identity(face))
        yield FacesCompared(**about, superseded=superseded)


def ready_faces(ledger: Ledger, tally: Tally) -> list[ReadyFace]:
    """Read the faces of a run that belong into its data set unless better copies of them are found."""
    wanted = {Face(entry, number): revision for entry, number, revision in tally.candidates()}
    crops: dict[tuple[Face, int], str] = {}
    pictures: dict[Face, FaceNormalized] = {}
    for record in ledger.records(*_TEXTS):
        message = record.message
        if isinstance(message, FaceFound):
            crops[Face(message.entry, message.face), message.revision] = message.crop
        elif isinstance(message, FaceNormalized):
            face = Face(message.entry, message.face)
            if wanted.get(face) == message.revision:
                pictures.setdefault(face, message)
    in_order = sorted(pictures.items(), key=lambda found: (found[0].entry, found[0].number))
    with_crops = ((face, each, crops.get((face, each.revision))) for face, each in in_order)
    return [ReadyFace(face, each.image, crop, each.picture) for face, each, crop in with_crops if crop]


def _compared(run: str, faces: dict[str, ReadyFace], settings: Rules, context: Context) -> FaceIndex:
    """Return the index of these faces, which lies in the store then."""
    verdicts = PairVerdicts(settings.character)
    verdicts.read(context.store)
    eyes = face_eyes(settings.duplicates, faces, verdicts, context.store)
    apart = verdicts.apart({face.image for face in faces.values()})
    index = FaceIndex(settings.duplicates, apart, _found(run, context.store))
    for face in index.missing(faces.values()):
        if context.stopping():
            context.store.put(keys.face_index(run), index.state())
            raise Interrupted(f"while the faces of run {run} were compared")
        index.add(face, context.store, eyes)
    index.settle(faces.values())
    context.store.put(keys.face_index(run), index.state())
    return index


def _found(run: str, store: Objects) -> bytes | None:
    try:
        return store.get(keys.face_index(run))
    except NotFound:
        return None


def _identity(face: ReadyFace) -> dict[str, Any]:
    return {"entry": face.item.entry, "face": face.item.number, "picture": face.picture}
