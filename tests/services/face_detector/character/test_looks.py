import pytest

from demo.character import HEROINE, Eyes
from services.face_detector.character.colours import Colour, lab_of_name
from services.face_detector.character.looks import Look, Reference, look_of, named_palette, palettes, scores
from tests.services.face_detector.character.drawn import FACE, OTHER, drawing


def painted(*parts: tuple[str, float]) -> list[Colour]:
    return [Colour.of(lab_of_name(name), share) for name, share in parts]


def test_the_same_character_is_near_to_colours_that_are_named_and_another_far() -> None:
    reference = Reference(named_palette([HEROINE.hair]), named_palette([HEROINE.eyes]))
    own, other = (scores(look_of(drawing(each, seed=1), FACE), reference) for each in (HEROINE, OTHER))
    assert own.hair is not None
    assert other.hair is not None
    assert own.eyes is not None
    assert other.eyes is not None
    assert max(own.hair, own.eyes) < 18 < min(other.hair, other.eyes)
    assert own.hair_colour == HEROINE.hair


def test_of_colours_that_are_named_any_will_do() -> None:
    reference = Reference(named_palette(["#000000", HEROINE.hair]), [])
    found = scores(look_of(drawing(), FACE), reference)
    assert found.hair == pytest.approx(0, abs=3)
    assert found.eyes is None


def test_a_head_in_black_and_white_has_no_scores_of_colours() -> None:
    reference = Reference(named_palette(["#00ff00"]), named_palette(["#00ff00"]))
    found = scores(look_of(drawing().convert("L").convert("RGB"), FACE), reference)
    assert (found.hair, found.eyes) == (None, None)


def test_closed_eyes_have_no_score() -> None:
    reference = Reference([], named_palette(["#00ff00"]))
    found = scores(look_of(drawing(eyes=Eyes.HAPPY), FACE), reference)
    assert (found.eyes, found.eye_colour) == (None, "")


def test_against_several_faces_the_median_counts_so_that_an_odd_one_does_no_harm() -> None:
    faces = [painted(("#3f8fd2", 1)), painted(("#3f8fd2", 1)), painted(("#ff0000", 1))]
    reference = Reference(palettes(faces), [])
    own, odd = (scores(Look(painted((name, 1)), []), reference).hair for name in ("#3f8fd2", "#ff0000"))
    assert own == pytest.approx(0)
    assert odd is not None
    assert odd > 30


def test_a_reference_face_stands_for_the_colours_that_make_up_much_of_it() -> None:
    (palette,) = palettes([painted(("#3f8fd2", 0.2), ("#ff0000", 0.7), ("#00ff00", 0.1)), []])
    assert [Colour.of(lab, 1).name for lab in palette] == ["#3f8fd2", "#ff0000"]
