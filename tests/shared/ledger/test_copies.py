from shared.contract.messages import FaceKept, FaceNormalized, FaceSuperseded, ImageKept, ImageSuperseded, Message
from shared.contract.reasons import Reason
from shared.ledger.copies import Copy, copies_behind

RUN = "anya-001"


def entry(number: int) -> str:
    return f"{number:020x}"


def image(number: int) -> str:
    return f"{number:064x}"


def kept(number: int, arrival: int = 1) -> ImageKept:
    about = {"run": RUN, "entry": entry(number), "image": image(number)}
    return ImageKept.model_validate({**about, "arrival": arrival, "decisions": 1})


def superseded(number: int, by: int, arrival: int = 1) -> ImageSuperseded:
    about = {"run": RUN, "entry": entry(number), "image": image(number), "by": image(by)}
    reason = Reason.NEAR_DUPLICATE
    return ImageSuperseded.model_validate({**about, "arrival": arrival, "decisions": 1, "reason": reason})


def normalized(number: int, picture: int, face: int = 0) -> FaceNormalized:
    about = {"run": RUN, "entry": entry(number), "image": image(number), "face": face, "picture": image(picture)}
    return FaceNormalized.model_validate(about)


def compared(number: int, by: int | None, changes: int = 1) -> Message:
    about = {"run": RUN, "entry": entry(number), "face": 0, "picture": image(70 + number), "changes": changes}
    if by is None:
        return FaceKept.model_validate(about)
    return FaceSuperseded.model_validate({**about, "by": image(by), "reason": Reason.NEAR_DUPLICATE})


def test_copies_of_a_picture_leave_with_it() -> None:
    messages = [kept(1), superseded(2, 1), superseded(3, 1), kept(4), superseded(5, 4)]
    found = copies_behind(messages, [(image(1), 0)], [(image(1), 0), (image(4), 0)])
    assert found == [Copy(entry(2), image(2), None), Copy(entry(3), image(3), None)]


def test_copies_stay_behind_a_picture_of_which_another_face_stays() -> None:
    messages = [kept(1), superseded(2, 1)]
    assert copies_behind(messages, [(image(1), 0)], [(image(1), 0), (image(1), 1)]) == []


def test_the_last_decision_about_a_picture_counts() -> None:
    messages = [
        superseded(2, 1, arrival=2),
        kept(2, arrival=3),
        superseded(3, 4, arrival=4),
        superseded(3, 1, arrival=5),
    ]
    assert copies_behind(messages, [(image(1), 0)], [(image(1), 0)]) == [Copy(entry(3), image(3), None)]


def test_the_same_file_somewhere_else_goes_with_the_face_anyway() -> None:
    again = superseded(2, 1).model_copy(update={"image": image(1)})
    assert copies_behind([kept(1), again], [(image(1), 0)], [(image(1), 0)]) == []


def test_copies_of_a_face_in_other_pictures_leave_with_it() -> None:
    messages = [kept(1), kept(2), kept(3), normalized(1, picture=11), compared(2, by=11), compared(3, by=11)]
    members = [(image(1), 0)]
    assert copies_behind([*messages, compared(3, by=None, changes=2)], members, members) == [
        Copy(entry(2), image(2), 0)
    ]
