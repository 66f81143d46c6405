"""Decides which of the faces that are cut out are the character's, and records the scores that it decides by."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from PIL import Image

from services.face_detector.character.embedding import Embedder
from services.face_detector.character.looks import Look, Reference, Scores, look_of, named_palette, palettes, scores
from services.face_detector.character.models import CharacterModels
from services.face_detector.character.reference import Finder, read_reference, reference_look
from services.face_detector.character.rules import (
    CharacterRules,
    Comparison,
    FaceRules,
    TagRules,
    reference_faces,
    rules_of,
)
from services.face_detector.character.tagger import confident
from services.face_detector.crop import Crop
from services.face_detector.declaration import FACE_DETECTOR
from services.face_detector.detector import Box, Face
from shared.contract.errors import RunUnusable
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Action, Codec, Objects
from shared.models.model_file import Fetching
from shared.recipe.character import Character
from shared.recipe.recipe import Recipe
from shared.recipe.tags import excluded_tag, missing_tag

T = TypeVar("T")

SCORES: Codec[Scores] = Codec(
    write=lambda found: {"scores": asdict(found)}, read=lambda record: Scores(**record["scores"])
)

TAGS: Codec[dict[str, float]] = Codec(
    write=lambda found: {"tags": found},
    read=lambda record: {str(name): float(confidence) for name, confidence in record["tags"].items()},
)


class Memo(Protocol):
    """Returns the recorded value of an action, or computes and records it (`Context.memo`)."""

    def __call__(self, action: Action, compute: Callable[[], T], codec: Codec[T]) -> T: ...


@dataclass(frozen=True)
class Surroundings:
    """The means that the checks are given: how faces are found and remembered, and where files lie.

    `basis` is all that finding faces depends on.
    """

    find: Finder
    memo: Memo
    store: Objects | None
    basis: Mapping[str, Any]


@dataclass(frozen=True)
class SeenPicture:
    """A picture by its digest and its RGB pixels, and the faces that are found in it."""

    image: str
    flat: Image.Image
    faces: Sequence[Face]


@dataclass(frozen=True)
class Judged:
    """The crops of a picture, with a `Drop` for each face that has none, or the picture's, and its tags by a tagger."""

    cut: list[Crop | Drop] | Drop
    tags: tuple[str, ...] = ()


class CharacterChecks:
    """The checks of all recipes in use. May be asked from several threads at once."""

    def __init__(self, fetching: Fetching) -> None:
        self._models = CharacterModels(fetching)
        self._lock = threading.Lock()
        self._looks: dict[str, list[Look]] = {}

    def rules(self, recipe: Recipe) -> CharacterRules | None:
        """Return a recipe's rules; None where it has none."""
        return rules_of(recipe, self._models)

    def prepare(self, rules: CharacterRules) -> None:
        """Load the files that `rules` name from this machine; raises `RunUnusable` when one cannot be used."""
        if rules.tags is not None:
            self._models.tagger(rules.character.tagger, None)
        if rules.faces is not None:
            self._embedder(rules.character, None)
            for named in reference_faces(rules.character):
                read_reference(named, None)

    def judged(
        self, picture: SeenPicture, cut: Sequence[Crop | Drop], rules: CharacterRules, surroundings: Surroundings
    ) -> Judged:
        """Return what is cut out of a picture, with a `Drop` in place of each face that is not the character's.

        `cut` is in the order of the faces' boxes.
        """
        if all(isinstance(each, Drop) for each in cut):
            return Judged(list(cut))
        tags: tuple[str, ...] = ()
        if rules.tags is not None:
            tags = self._tags(picture, rules.tags, rules.character, surroundings)
            if drop := excluded_tag(tags, rules.tags.excluded) or missing_tag(tags, rules.tags.wanted):
                return Judged(drop)
        if rules.faces is None:
            return Judged(list(cut), tags)
        judge = partial(self._drop, picture, rules.faces, rules.character, surroundings)
        faces = zip(sorted(face.box for face in picture.faces), cut, strict=True)
        return Judged([each if isinstance(each, Drop) else judge(face) or each for face, each in faces], tags)

    def _tags(
        self, picture: SeenPicture, rules: TagRules, character: Character, surroundings: Surroundings
    ) -> tuple[str, ...]:
        action = _action({"tagging": rules.tagging.model_dump(mode="json")}, image=picture.image)

        def compute() -> dict[str, float]:
            return self._models.tagger(character.tagger, surroundings.store).tags(picture.flat)

        found = surroundings.memo(action, compute, TAGS)
        return tuple(confident(found, rules.confidence))

    def _drop(
        self, picture: SeenPicture, rules: FaceRules, character: Character, surroundings: Surroundings, face: Box
    ) -> Drop | None:
        comparison = rules.comparison
        basis = {"comparison": comparison.model_dump(mode="json"), **(surroundings.basis if comparison.like else {})}
        action = _action(basis, image=picture.image, face=list(face))

        def compute() -> Scores:
            look = look_of(picture.flat, face, self._embedder(character, surroundings.store))
            return scores(look, self._reference(comparison, character, surroundings))

        return drop_by(surroundings.memo(action, compute, SCORES), rules)

    def _embedder(self, character: Character, store: Objects | None) -> Embedder | None:
        return self._models.embedder(character.embedding, store) if character.embedding.model else None

    def _reference(self, comparison: Comparison, character: Character, surroundings: Surroundings) -> Reference:
        looks = self._reference_looks(comparison, character, surroundings)
        of_colours = looks if comparison.colours else []
        hair = named_palette(comparison.hair) or palettes([look.hair for look in of_colours])
        eyes = named_palette(comparison.eyes) or palettes([look.eyes for look in of_colours])
        return Reference(hair, eyes, [look.vector for look in looks if look.vector is not None])

    def _reference_looks(self, comparison: Comparison, character: Character, surroundings: Surroundings) -> list[Look]:
        key = _action({"reference": comparison.model_dump(mode="json"), **surroundings.basis}).digest
        embedder = self._embedder(character, surroundings.store)
        with self._lock:
            if key not in self._looks:
                pictures = (read_reference(each, surroundings.store) for each in reference_faces(character))
                self._looks[key] = _telling([reference_look(*each, surroundings.find, embedder) for each in pictures])
            return self._looks[key]


def _telling(looks: list[Look]) -> list[Look]:
    """Return the looks of reference faces; raises `RunUnusable` if they tell nothing to compare a face with."""
    if looks and not any(look.hair or look.eyes or look.vector is not None for look in looks):
        lack = f"none of the {len(looks)} pictures tells the colours of hair or eyes"
        raise RunUnusable(f"character.like: {lack}. Give coloured crops of the character's face, one face each")
    return looks


def drop_by(found: Scores, rules: FaceRules) -> Drop | None:
    """Return why a face with these scores is not the character's; None where nothing speaks against it."""
    for part, away, colour in (("hair", found.hair, found.hair_colour), ("eyes", found.eyes, found.eye_colour)):
        if away is not None and away > rules.tolerance:
            seen = f"its {part}, mostly {colour}, differ by {away:.1f} from those of the character"
            return Drop(Reason.OTHER_COLOURS, f"{seen}, at most {rules.tolerance:g}")
    if found.embedding is not None and found.embedding > rules.distance:
        seen = f"by the model it differs by {found.embedding:.3f} from the faces in `character.like`"
        return Drop(Reason.OTHER_CHARACTER, f"{seen}, at most {rules.distance:g}")
    return None


def _action(settings: Mapping[str, Any], **inputs: Any) -> Action:
    return Action(FACE_DETECTOR.name, FACE_DETECTOR.version, settings, inputs)
