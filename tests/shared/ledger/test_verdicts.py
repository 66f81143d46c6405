from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import Unreadable
from shared.contract.messages import Decision
from shared.ledger.verdicts import MOST_AT_ONCE, Verdict, Verdicts, check_whole, give, give_all, given
from shared.store import FolderStore

IMAGE, OTHER = "0b" * 32, "0c" * 32


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def verdict(decision: Decision = Decision.DROP, image: str = IMAGE, face: int | None = None) -> Verdict:
    return Verdict(image=image, face=face, decision=decision, who="me", why="not her")


def test_verdicts_are_numbered_from_one_and_read_in_order(store: FolderStore) -> None:
    both = [verdict(), verdict(Decision.KEEP)]
    assert [give(store, "anya", each) for each in both] == [1, 2]
    assert list(given(store, "anya")) == [(1, both[0]), (2, both[1])]
    assert list(given(store, "anya", after=1)) == [(2, both[1])]
    assert list(given(store, "bea")) == []


def test_of_two_verdicts_about_one_thing_the_later_stands(store: FolderStore) -> None:
    standing = Verdicts("anya")
    for decision in (Decision.DROP, Decision.KEEP):
        number = give(store, "anya", verdict(decision))
        standing.read(store)
        assert standing.about(IMAGE, None) == (number, list(given(store, "anya"))[-1][1])
    give(store, "anya", verdict(face=1))
    standing.read(store)
    assert standing.about(IMAGE, 0) is None
    assert standing.about(OTHER, None) is None
    assert standing.about(IMAGE, 1) is not None


def test_of_several_at_once_each_gets_a_number_of_its_own(store: FolderStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda _: give(store, "anya", verdict()), range(16)))
    assert sorted(numbers) == list(range(1, 17))


def test_many_at_once_lie_in_few_objects_and_are_read_in_order_between_single_ones(store: FolderStore) -> None:
    many = [verdict(image=f"{number:064x}") for number in range(MOST_AT_ONCE + 5)]
    give(store, "anya", verdict())
    assert give_all(store, "anya", many) == list(range(2, MOST_AT_ONCE + 7))
    assert give(store, "anya", verdict(image=OTHER)) == MOST_AT_ONCE + 7
    assert len(list(store.list(keys.verdict("anya")))) == 4
    assert [each.image for _, each in given(store, "anya")] == [IMAGE, *(each.image for each in many), OTHER]
    check_whole(store, "anya")
    store.delete(keys.verdict("anya", 2))
    with pytest.raises(Unreadable, match=r"verdicts/anya/00000002\.json is missing"):
        check_whole(store, "anya")


def test_several_who_give_many_at_once_lose_none(store: FolderStore) -> None:
    with ThreadPoolExecutor(4) as threads:
        given_by = lambda who: give_all(  # noqa: E731
            store, "anya", [Verdict(image=IMAGE, decision=Decision.DROP, who=who) for _ in range(3)]
        )
        numbers = list(threads.map(given_by, "abcdefgh"))
    assert sorted(number for each in numbers for number in each) == list(range(1, 25))
    written = {number: verdict.who for number, verdict in given(store, "anya")}
    assert [{written[number] for number in each} for each in numbers] == [{who} for who in "abcdefgh"]


def test_files_beside_the_verdicts_are_passed_over(store: FolderStore) -> None:
    give(store, "anya", verdict())
    (store.root / keys.verdict("anya") / "X (conflicted copy).json").write_bytes(b"")
    assert give(store, "anya", verdict()) == 2


def test_a_damaged_verdict_is_named_with_what_to_do(store: FolderStore) -> None:
    give(store, "anya", verdict())
    store.put(keys.verdict("anya", 1), b"")
    with pytest.raises(Unreadable, match=r"verdicts/anya/00000001.json is empty.*Mend it, or delete it"):
        Verdicts("anya").read(store)


def test_a_gap_in_the_log_is_named(store: FolderStore) -> None:
    for number in range(3):
        give(store, "anya", Verdict(image=f"{number:064x}", decision=Decision.DROP, who="anya"))
    check_whole(store, "anya")
    store.delete(keys.verdict("anya", 1))
    with pytest.raises(Unreadable, match=r"verdicts/anya/00000001\.json is missing"):
        check_whole(store, "anya")
