"""Boxes by hand as a person gives them, and which faces of a run they, and other verdicts, are about."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from services.magritte.run_items import RunItems
from shared.contract.items import Face
from shared.contract.messages import FaceFound, ImageFingerprinted
from shared.contract.person_messages import BY_HAND, HandBox
from shared.ledger.hand_boxes import free_number
from shared.ledger.verdicts import Verdict, Verdicts, given
from shared.store.interface import Store

_BOX = re.compile(r"\s*(-?\d{1,6})[\s,;]+(-?\d{1,6})[\s,;x]+(\d{1,6})[\s,;x]+(\d{1,6})\s*")


def parse_box(text: str) -> HandBox:
    """Return the box that a person has written; raises `ValueError`, with a sentence, for any other text."""
    match = _BOX.fullmatch(text)
    if match is None or "0" in (match[3].lstrip("0") or "0", match[4].lstrip("0") or "0"):
        raise ValueError(f"{text!r} is no box: give left, top, width and height in pixels, such as 120,80,300,300")
    left, top, width, height = map(int, match.groups())
    return left, top, width, height


class RunBoxes:
    """The boxes of a run's faces, and the numbers by which verdicts know these faces."""

    def __init__(self, here: Store, character: str, items: RunItems) -> None:
        self._items = items
        self._log = dict(given(here, character))
        self._standing = Verdicts(character)
        self._standing.read(here)

    def number(self, face: Face) -> int:
        """Return the number by which verdicts know a face of the run: by that about it, if there is one."""
        number, _ = self._items.verdicts_about(face.entry).get(face.number, (0, False))
        verdict = self._log.get(number)
        return face.number if verdict is None or verdict.face is None else verdict.face

    def verdict(self, image: str, face: Face | None, about: Mapping[str, Any]) -> Verdict:
        """Return the verdict that gives the box of a face, or of one that nobody has found, with the rest of `about`.

        Raises `ValueError` for a box that does not lie in the picture.
        """
        self._check(image, about["box"])
        known = [each.face for _, each in self._standing.boxes(image) if each.box == about["box"]]
        if face is None and known:
            raise ValueError(f"this box is given already, as face {known[0]}")
        number = free_number(self._standing.places(image)) if face is None else self.number(face)
        place = self._standing.places(image).get(number) if face is None else self._found.get(face)
        given_box = {**about, "decision": "box", "image": image, "face": number, "instead_of": place}
        return Verdict.model_validate(given_box)

    def _check(self, image: str, box: HandBox) -> None:
        size = self._sizes.get(image)
        if size is None:
            return
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        if not (0 <= x <= size[0] and 0 <= y <= size[1]) or max(box[2:]) > 2 * max(size):
            raise ValueError(f"the box {box} does not lie in the picture, which has {size[0]} x {size[1]} pixels")

    @cached_property
    def _found(self) -> dict[Face, HandBox]:
        """Boxes of the crops that the detectors of the run have given."""
        found = self._items.messages_of(FaceFound)
        return {Face(each.entry, each.face): each.box for each in found if each.revision < BY_HAND}

    @cached_property
    def _sizes(self) -> dict[str, tuple[int, int]]:
        found = self._items.messages_of(ImageFingerprinted)
        return {each.image: (each.width, each.height) for each in found}
