from dataclasses import replace

import pytest

from services.face_detector.crop import LEVEL, Crop, CropRules, Measures, crops, expanded, placed, placed_turned
from services.face_detector.detector import Box, Face, overlap
from services.face_detector.turning import around
from shared.contract.reasons import Drop, Reason
from shared.recipe.faces import Edge, Expansion, Faces, PictureExpansion, TooMany

BARE = Expansion(left=0, top=0, right=0, bottom=0)


SHARP = Measures(sharpness=lambda box: 1.0, jpeg_quality=lambda box: 100)


def faces(*boxes: tuple[int, int, int, int]) -> list[Face]:
    return [Face(Box(*box), 1.0) for box in boxes]


def reasons(found: list[Crop | Drop] | Drop) -> list[Reason | None]:
    assert not isinstance(found, Drop)
    return [crop.reason if isinstance(crop, Drop) else None for crop in found]


def test_a_crop_reaches_beyond_the_face_by_shares_of_its_sides() -> None:
    by = Expansion(left=0.1, top=0.5, right=0.2, bottom=0.25)
    assert expanded(Box(100, 200, 50, 80), by) == Box(95, 160, 65, 140)


def test_the_crop_that_keeps_a_ponytail_depends_on_where_the_face_lies_in_the_picture() -> None:
    assert expanded(Box(100, 200, 50, 80), PictureExpansion.PONYTAIL) == Box(85, 20, 90, 260)
    assert expanded(Box(0, 0, 50, 80), PictureExpansion.PONYTAIL) == Box(0, 0, 75, 80)


def test_no_expansion_leaves_the_face_itself() -> None:
    assert expanded(Box(3, 5, 7, 11), BARE) == Box(3, 5, 7, 11)


@pytest.mark.parametrize("edge", list(Edge))
def test_a_crop_inside_the_picture_stays_where_it_is(edge: Edge) -> None:
    assert placed(Box(0, 10, 100, 90), (100, 100), edge) == Box(0, 10, 100, 90)


@pytest.mark.parametrize(
    ("crop", "cut", "shifted"),
    [
        (Box(-10, 5, 40, 40), Box(0, 5, 30, 40), Box(0, 5, 40, 40)),
        (Box(5, -10, 40, 40), Box(5, 0, 40, 30), Box(5, 0, 40, 40)),
        (Box(80, 5, 40, 40), Box(80, 5, 20, 40), Box(60, 5, 40, 40)),
        (Box(5, 80, 40, 40), Box(5, 80, 40, 20), Box(5, 60, 40, 40)),
        (Box(-10, 90, 200, 40), Box(0, 90, 100, 10), Box(0, 60, 100, 40)),
    ],
)
def test_a_crop_beyond_the_edge_is_cut_or_shifted_or_dropped(crop: Box, cut: Box, shifted: Box) -> None:
    assert placed(crop, (100, 100), Edge.CUT) == cut
    assert placed(crop, (100, 100), Edge.SHIFT) == shifted
    dropped = placed(crop, (100, 100), Edge.DROP)
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FACE_AT_THE_EDGE


def test_faces_are_numbered_from_left_to_right_whatever_order_they_were_found_in() -> None:
    boxes = [(300, 0, 60, 60), (10, 200, 60, 60), (10, 20, 60, 60)]
    rules = CropRules.of(Faces(expand=BARE))
    expected = [Crop(Box(10, 20, 60, 60)), Crop(Box(10, 200, 60, 60)), Crop(Box(300, 0, 60, 60))]
    assert crops(faces(*boxes), (400, 400), rules, SHARP) == expected
    assert crops(faces(*reversed(boxes)), (400, 400), rules, SHARP) == expected


def test_a_picture_without_a_face_is_dropped() -> None:
    found = crops([], (400, 400), CropRules.of(Faces()), SHARP)
    assert isinstance(found, Drop)
    assert found.reason is Reason.NO_FACE


def test_a_face_that_is_too_small_is_dropped_and_keeps_its_number() -> None:
    found = crops(faces((0, 0, 47, 60), (200, 0, 48, 48)), (400, 400), CropRules.of(Faces(smallest=48)), SHARP)
    assert reasons(found) == [Reason.FACE_TOO_SMALL, None]


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((0, 0, 121, 60), Reason.FACE_TOO_ELONGATED),
        ((0, 0, 60, 121), Reason.FACE_TOO_ELONGATED),
        ((0, 0, 120, 60), None),
        ((0, 211, 60, 60), Reason.FACE_TOO_LOW),
        ((0, 209, 60, 60), None),
    ],
)
def test_a_face_of_an_odd_shape_or_place_is_dropped(box: tuple[int, int, int, int], reason: Reason | None) -> None:
    rules = CropRules.of(Faces(elongation=2, lowest=0.6))
    assert reasons(crops(faces(box), (400, 400), rules, SHARP)) == [reason]


@pytest.mark.parametrize(("least", "reason"), [(0.3, Reason.FACE_BLURRED), (0.2, None), (0, None)])
def test_a_face_that_is_less_sharp_is_dropped(least: float, reason: Reason | None) -> None:
    rules = CropRules.of(Faces(sharpness=least))
    assert reasons(crops(faces((0, 0, 60, 60)), (400, 400), rules, SHARP._replace(sharpness=lambda box: 0.25))) == [
        reason
    ]


@pytest.mark.parametrize(("least", "reason"), [(41, Reason.FACE_COMPRESSED), (40, None), (0, None)])
def test_a_face_that_was_stored_at_a_lower_quality_is_dropped(least: int, reason: Reason | None) -> None:
    rules = CropRules.of(Faces(jpeg_quality=least))
    found = crops(faces((0, 0, 60, 60)), (400, 400), rules, SHARP._replace(jpeg_quality=lambda box: 40))
    assert reasons(found) == [reason]


def test_what_does_not_matter_is_not_measured() -> None:
    def unexpected(box: Box) -> int:
        raise AssertionError

    rules = CropRules.of(Faces(sharpness=0))
    assert reasons(crops(faces((0, 0, 60, 60)), (400, 400), rules, Measures(unexpected, unexpected))) == [None]


CROWD = faces((0, 0, 50, 50), (100, 0, 70, 70), (200, 0, 60, 60))


def test_a_picture_with_too_many_faces_is_dropped() -> None:
    found = crops(CROWD, (400, 400), CropRules.of(Faces(at_most=2)), SHARP)
    assert isinstance(found, Drop)
    assert found.reason is Reason.TOO_MANY_FACES


def test_the_largest_of_too_many_faces_can_be_kept() -> None:
    rules = CropRules.of(Faces(at_most=2, too_many=TooMany.KEEP_LARGEST))
    assert reasons(crops(CROWD, (400, 400), rules, SHARP)) == [Reason.TOO_MANY_FACES, None, None]


def test_faces_that_are_too_small_do_not_make_a_crowd() -> None:
    assert reasons(crops(CROWD, (400, 400), CropRules.of(Faces(at_most=2, smallest=60)), SHARP)) == [
        Reason.FACE_TOO_SMALL,
        None,
        None,
    ]


def test_a_face_at_the_edge_does_not_take_the_others_along() -> None:
    found = crops(faces((0, 100, 60, 60), (200, 100, 60, 60)), (400, 400), CropRules.of(Faces(edge=Edge.DROP)), SHARP)
    assert reasons(found) == [Reason.FACE_AT_THE_EDGE, None]


@pytest.mark.parametrize(
    ("other", "expected"),
    [(Box(0, 0, 10, 10), 1.0), (Box(5, 0, 10, 10), 1 / 3), (Box(10, 0, 10, 10), 0.0), (Box(0, 0, 0, 0), 0.0)],
)
def test_overlap_is_intersection_over_union(other: Box, expected: float) -> None:
    assert overlap(Box(0, 0, 10, 10), other) == pytest.approx(expected)


TILTED = Face(Box(150, 150, 60, 60), 1.0, angle=30)


def test_a_tilted_head_has_a_turned_crop_with_the_same_margins() -> None:
    margins = Expansion(left=0, right=0, top=1, bottom=0)
    (crop,) = crops([TILTED], (400, 400), CropRules.of(Faces(expand=margins)), SHARP)
    assert crop == Crop(Box(165, 94, 60, 120), 30)  # what was above the face is now above and to the right


@pytest.mark.parametrize(("angle", "turned"), [(LEVEL, 0), (-LEVEL, 0), (LEVEL + 0.1, LEVEL + 0.1)])
def test_a_head_that_is_hardly_tilted_is_cut_out_pixel_for_pixel(angle: float, turned: float) -> None:
    (crop,) = crops([replace(TILTED, angle=angle)], (400, 400), CropRules.of(Faces(expand=BARE)), SHARP)
    assert crop == Crop(TILTED.box, turned)


def test_a_turned_crop_is_shifted_until_all_its_corners_are_inside() -> None:
    for box in (Box(-5, 100, 60, 60), Box(350, 350, 60, 60), Box(100, -20, 60, 60)):
        placed_there = placed_turned(Crop(box, 45), (400, 400), Edge.SHIFT)
        assert isinstance(placed_there, Crop)
        inside = around(placed_there.box, 45)
        assert inside == inside.within(400, 400)
    assert placed_turned(Crop(Box(-5, 100, 60, 60), 45), (400, 400), Edge.SHIFT) == Crop(Box(13, 100, 60, 60), 45)


def test_a_turned_crop_that_is_larger_than_the_picture_stays_where_it_is() -> None:
    large = Crop(Box(10, 10, 390, 300), 45)
    assert placed_turned(large, (400, 400), Edge.SHIFT) == large


def test_a_turned_crop_is_never_cut_but_dropped_by_the_rule() -> None:
    crop = Crop(Box(-5, 100, 60, 60), 45)
    assert placed_turned(crop, (400, 400), Edge.CUT) == crop
    dropped = placed_turned(crop, (400, 400), Edge.DROP)
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FACE_AT_THE_EDGE
