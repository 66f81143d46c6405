import pytest

from services.magritte.reviews.boxes import RunBoxes, parse_box
from services.magritte.run_items import RunItems
from shared.contract.items import Face
from shared.contract.messages import Decision, FaceFound, ImageFingerprinted, VerdictGiven
from shared.contract.person_messages import NEW_FACES
from shared.ledger.verdicts import Verdict, give
from shared.store import FolderStore
from tests.services.magritte.verdict_runs import ENTRIES, IMAGES, Magritte, done, faces
from tests.shared.ledgers import note, story, tally_of

__all__ = ["faces"]  # a fixture

ABOUT = {"box": (10, 20, 30, 40), "angle": 5.0, "who": "me", "why": ""}


@pytest.mark.parametrize("text", ["10,20,30,40", "10 20 30 40", " 10, 20; 30x40 "])
def test_a_box_is_read_as_people_write_it(text: str) -> None:
    assert parse_box(text) == (10, 20, 30, 40)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "1,2,0,4", "1,2,3,-4", "a,b,c,d", "1,2,3,4.5"])
def test_what_is_no_box_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is no box: give left, top, width and height in pixels, such as 120,80"):
        parse_box(text)


def boxes(store: FolderStore, run: str) -> RunBoxes:
    return RunBoxes(store, "anya", RunItems(store, run, lambda _: None))


def cut(store: FolderStore, run: str) -> None:
    """Note where the face of the second picture was cut out of it."""
    about = {"run": run, "entry": ENTRIES[1], "face": 0, "image": IMAGES[1]}
    note(store, "face-detector", FaceFound.model_validate(about | {"crop": "0" * 64, "box": (1, 2, 9, 9), "side": 9}))


def test_a_box_replaces_the_crop_that_the_run_has_cut_out(store: FolderStore, faces: str) -> None:
    cut(store, faces)
    verdict = boxes(store, faces).verdict(IMAGES[1], Face(ENTRIES[1], 0), ABOUT)
    assert (verdict.face, verdict.box, verdict.angle, verdict.instead_of) == (0, (10, 20, 30, 40), 5.0, (1, 2, 9, 9))


def test_faces_that_nobody_has_found_get_numbers_of_their_own(store: FolderStore, faces: str) -> None:
    for number, box in enumerate([(1, 2, 9, 9), (2, 2, 9, 9)], NEW_FACES):
        verdict = boxes(store, faces).verdict(IMAGES[1], None, {**ABOUT, "box": box})
        assert (verdict.face, verdict.instead_of) == (number, None)
        give(store, "anya", verdict)


def test_a_box_that_nobody_has_found_a_face_in_is_given_once(store: FolderStore, faces: str) -> None:
    give(store, "anya", boxes(store, faces).verdict(IMAGES[1], None, ABOUT))
    with pytest.raises(ValueError, match=f"this box is given already, as face {NEW_FACES}"):
        boxes(store, faces).verdict(IMAGES[1], None, ABOUT)


def test_a_face_is_known_by_the_number_of_the_verdict_about_it(store: FolderStore, faces: str) -> None:
    verdict = Verdict(image=IMAGES[1], face=4, decision=Decision.BOX, box=(1, 2, 9, 9), who="me")
    number = give(store, "anya", verdict)
    note(store, "person", verdict.given(faces, ENTRIES[1], number, 0))
    assert boxes(store, faces).number(Face(ENTRIES[1], 0)) == 4
    assert boxes(store, faces).number(Face(ENTRIES[0], 0)) == 0


def test_a_box_beside_the_picture_is_refused(magritte: Magritte, store: FolderStore, faces: str) -> None:
    hashes = dict.fromkeys(("phash", "mirrored_phash"), "0" * 16)
    size = {"width": 200, "height": 100, "score": 0, "lossless": True}
    about = {"run": faces, "entry": ENTRIES[1], "image": IMAGES[1]}
    note(store, "deduper", ImageFingerprinted.model_validate(about | hashes | size))
    refused = magritte("verdict", "box", f"{ENTRIES[1]}.0", "190,10,60,60")
    assert (refused.exit_code, "200 x 100" in " ".join(refused.stderr.split())) == (2, True)
    assert "verdict 1: box" in done(magritte("verdict", "box", f"{ENTRIES[1]}.0", "150,10,60,60"))


def test_the_command_gives_a_box_and_keep_takes_it_back(magritte: Magritte, store: FolderStore, faces: str) -> None:
    cut(store, faces)
    face = f"{ENTRIES[1]}.0"
    assert f"verdict 1: box {face}" in done(magritte("verdict", "box", face, "10,20,30,40", "--angle", "-7.5"))
    told = [record for record in story(store, faces) if record["type"] == VerdictGiven.kind()]
    assert [(each["box"], each["angle"], each["decision"]) for each in told] == [([10, 20, 30, 40], -7.5, "box")]
    assert tally_of(store, faces).verdicts_about(ENTRIES[1]) == {0: (1, True)}
    done(magritte("verdict", "keep", face))
    assert tally_of(store, faces).verdicts_about(ENTRIES[1]) == {0: (2, False)}


def test_the_command_adds_a_face_to_a_picture(magritte: Magritte, store: FolderStore, faces: str) -> None:
    assert f"box {ENTRIES[1]}.{NEW_FACES}" in done(magritte("verdict", "box", "two.png", "10,20,30,40"))
    assert tally_of(store, faces).verdicts_about(ENTRIES[1]) == {NEW_FACES: (1, True)}
    assert "verdict 2: drop" in done(magritte("verdict", "drop", f"{ENTRIES[1]}.{NEW_FACES}"))
    assert tally_of(store, faces).verdicts_about(ENTRIES[1]) == {NEW_FACES: (2, False)}
