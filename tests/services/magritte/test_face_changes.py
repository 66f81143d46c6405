from dataclasses import replace

from services.magritte.face_changes import compared, overlap, totals
from shared.contract.found_faces import CutFace, FoundFaces
from shared.contract.reasons import Drop, Reason

TOO_SMALL = Drop(Reason.FACE_TOO_SMALL, "9 x 9 pixels")


def face(x: int, crop: int = 0, side: int = 100) -> CutFace:
    """A face at x, whose crop begins `crop` pixels to the left of it."""
    return CutFace((x, 0, side, 100), 1.0, (x - crop, 0, side + crop, 100))


def found(*faces: CutFace, drop: Drop | None = None) -> FoundFaces:
    return FoundFaces((1000, 1000), (), faces, drop)


def test_faces_are_gained_lost_moved_or_the_same() -> None:
    first = found(face(0), face(200), face(400))
    second = found(face(10), face(200), face(600))
    changes = compared(first, second)
    assert changes.gained == (face(600),)
    assert changes.lost == (face(400),)
    assert changes.moved == ((face(0), face(10)),)
    assert changes.same == ((face(200), face(200)),)
    assert changes.count == 3
    assert totals([changes, changes]) == {"gained": 2, "lost": 2, "moved": 2, "same": 2}


def test_another_margin_moves_a_crop() -> None:
    assert compared(found(face(50)), found(face(50, crop=20))).moved == ((face(50), face(50, crop=20)),)


def test_another_angle_moves_a_crop() -> None:
    turned = replace(face(50), angle=12.0)
    assert compared(found(face(50)), found(turned)).moved == ((face(50), turned),)


def test_a_face_is_the_same_from_an_overlap_of_three_tenths() -> None:
    assert (overlap((0, 0, 100, 100), (53, 0, 100, 100)) > 0.3) is True
    assert len(compared(found(face(0)), found(face(53))).moved) == 1
    assert len(compared(found(face(0)), found(face(55))).moved) == 0


def test_each_face_is_paired_once_with_that_which_it_overlaps_most() -> None:
    changes = compared(found(face(0), face(30)), found(face(28)))
    assert changes.moved == ((face(30), face(28)),)
    assert changes.lost == (face(0),)


def test_what_is_not_cut_out_does_not_count() -> None:
    small = CutFace((0, 0, 9, 9), 1.0, None, TOO_SMALL)
    assert compared(found(small), found(face(0))).gained == (face(0),)
    dropped = found(face(0), drop=Drop(Reason.MONOCHROME, "it is black and white"))
    assert compared(found(face(0)), dropped).lost == (face(0),)


def test_pictures_are_sorted_by_what_changes_most() -> None:
    gained = compared(found(), found(face(0)))
    far, near = (compared(found(face(0)), found(face(by))) for by in (40, 4))
    assert sorted([near, gained, far], key=lambda each: each.rank) == [gained, far, near]
