from dataclasses import replace

from services.ranker.preview import PreviewSorter
from services.ranker.suspicion import LEAST
from shared.contract.reasons import Drop, Reason
from shared.contract.suspicious_faces import Look, SeenFace, Signal, Suspect
from tests.services.ranker.faces import face, png

SORTER = PreviewSorter()


def look(name: str, stranger: bool = False) -> Look:
    found = SORTER.look(png(face(name, stranger)))
    assert not isinstance(found, Drop)
    return found


OWN = [SeenFace(f"own {number}", look(f"own {number}")) for number in range(20)]
STRANGERS = [SeenFace(f"stranger {number}", look(f"stranger {number}", stranger=True)) for number in range(10)]


def places(suspects: object) -> list[int]:
    assert isinstance(suspects, list)
    return [each.place for each in suspects if isinstance(each, Suspect)]


def test_without_verdicts_it_is_strangeness_that_sorts_and_says_what_is_missing() -> None:
    found = SORTER.sort([*OWN, *STRANGERS[:2]])
    assert found.signal is Signal.STRANGENESS
    assert {20, 21} < set(places(found.suspects)[:5])
    assert (len(found.suspects), found.verdicts.missing, found.verdicts.auc) == (22, (LEAST, LEAST), None)


def test_with_enough_verdicts_of_both_kinds_a_model_sorts_those_without() -> None:
    kept = [replace(each, dropped=False) for each in OWN[:LEAST]]
    dropped = [replace(each, dropped=True, belongs=False) for each in STRANGERS[:LEAST]]
    found = SORTER.sort([*kept, *OWN[LEAST:], *dropped, *STRANGERS[LEAST:]])
    assert (found.signal, found.verdicts.missing, found.verdicts.auc) == (Signal.VERDICTS, (0, 0), 1.0)
    assert set(places(found.suspects)[:2]) == {28, 29}
    assert sorted(places(found.suspects)) == [*range(8, 20), 28, 29]


def test_verdicts_of_one_kind_are_not_enough_nor_several_about_one_picture() -> None:
    dropped = [replace(each, dropped=True) for each in STRANGERS[:LEAST]]
    kept = [replace(each, dropped=False, image="the same") for each in OWN[:LEAST]]
    assert SORTER.sort([*OWN, *dropped]).verdicts.missing == (0, LEAST)
    found = SORTER.sort([*kept, *OWN[LEAST:], *dropped])
    assert (found.signal, found.verdicts.missing) == (Signal.STRANGENESS, (0, LEAST - 1))


def test_what_was_dropped_makes_nothing_look_familiar() -> None:
    stranger = STRANGERS[0]
    dropped, kept = ([replace(stranger, dropped=kind)] * 12 for kind in (True, False))
    scores = [
        next(each.score for each in SORTER.sort([*OWN, stranger, *more]).suspects if each.place == 20)
        for more in ([], dropped, kept)
    ]
    assert scores[0] == scores[1] > scores[2] + 1


def test_all_is_decided_and_nothing_is_left() -> None:
    assert list(SORTER.sort([replace(each, dropped=False) for each in OWN]).suspects) == []
    assert list(SORTER.sort([]).suspects) == []


def test_what_cannot_be_decoded_is_said() -> None:
    found = SORTER.look(png(face("own 1"))[:300])
    assert isinstance(found, Drop)
    assert found.reason is Reason.TRUNCATED
