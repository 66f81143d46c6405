from PIL import ImageOps

from services.deduper.candidates import Candidates, Near
from tests.services.deduper.conftest import Arrived, Drawing


def test_copies_are_worth_looking_at(drawing: Drawing, arrived: Arrived) -> None:
    candidates = Candidates()
    for seed in range(12):
        candidates.add(arrived(drawing(seed)))
    half, cropped = drawing(3).resize((200, 250)), drawing(5).crop((32, 40, 368, 460))
    assert 3 in candidates.add(arrived(half, quality=80)).straight
    assert 5 in candidates.add(arrived(cropped, quality=80)).straight


def test_mirror_images_are_told_apart_from_copies(drawing: Drawing, arrived: Arrived) -> None:
    candidates = Candidates()
    assert candidates.add(arrived(drawing(0))) == Near([], [])
    assert candidates.add(arrived(ImageOps.mirror(drawing(0)))).mirrored == [0]


def test_what_was_written_down_goes_on_as_before(drawing: Drawing, arrived: Arrived) -> None:
    candidates, again = Candidates(), Candidates()
    for seed in range(6):
        candidates.add(arrived(drawing(seed)))
    again.restore(candidates.state())
    copy = arrived(drawing(4).resize((300, 375)))
    assert again.add(copy) == candidates.add(copy)


def test_a_fingerprint_of_before_words_is_found_by_its_hash(drawing: Drawing, arrived: Arrived) -> None:
    candidates, old = Candidates(), arrived(drawing(0)).model_copy(update={"words": ""})
    candidates.add(old)
    assert candidates.add(arrived(drawing(0))).straight == [0]
