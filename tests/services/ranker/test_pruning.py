from pathlib import Path
from typing import Any

import pytest

from services.ranker.pruning import agreed, prune
from shared.contract.messages import Decision, SnapshotTaken, VerdictGiven
from shared.ledger.verdicts import Verdict, give, give_all, given
from shared.recipe.pruning import Pruning, Worst
from shared.store.folder import FolderStore

DROP = Pruning(worst=Worst.DROP, share=0.2, floor=1)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def row(number: int, rank: int) -> dict[str, Any]:
    return {"name": f"n{number}", "image": f"{number:064x}", "face": 0, "entry": f"{number:020x}", "rank": rank}


ROWS = [row(number, number) for number in range(1, 11)]
EARLIER = {f"n{number}": number for number in range(1, 11)}


def taken(leg: int = 2, run: str = "anya-001") -> SnapshotTaken:
    about = {"run": run, "version": 1, "dataset": "0d" * 32, "training": "0f" * 32, "leg": leg, "number": 1}
    return SnapshotTaken.model_validate({**about, "kimg": 2.0 * leg, "last": False})


def pruned(store: FolderStore, rules: Pruning = DROP, leg: int = 2, rows: list[Any] = ROWS) -> list[VerdictGiven]:
    earlier = {each["name"]: each["rank"] for each in rows}
    return list(prune(taken(leg), rows, earlier, rules, "anya", store))


def dropped(messages: list[VerdictGiven]) -> list[int]:
    assert {message.decision for message in messages} <= {Decision.DROP}
    return [int(message.entry, 16) for message in messages]


def test_the_worst_of_both_rankings_are_agreed_upon_with_the_worst_first() -> None:
    earlier = {**{f"n{number}": number for number in range(1, 7)}, "n8": 7, "n10": 8, "n9": 9, "n7": 10}
    assert [each["name"] for each in agreed(ROWS, earlier, 0.3)] == ["n10", "n9"]
    assert [each["name"] for each in agreed(ROWS, earlier, 0.1)] == []
    assert agreed(ROWS, {}, 0.5) == []


def test_a_picture_that_the_ranking_before_did_not_have_is_not_agreed_upon() -> None:
    assert [each["name"] for each in agreed(ROWS, {"n1": 1, "n9": 2}, 0.5)] == ["n9"]


def test_what_is_agreed_upon_is_dropped_and_the_run_is_told(store: FolderStore) -> None:
    messages = pruned(store)
    assert dropped(messages) == [10, 9]
    first, second = (verdict for _, verdict in given(store, "anya"))
    assert (first.image, first.face, first.who) == (f"{10:064x}", 0, "ranker")
    assert first.why == "rank 10, and 10 in the ranking before"
    assert first.prune == second.prune == "prune by the rankings of anya-001, training 1, snapshot 2"
    assert [message.number for message in messages] == [1, 2]


def test_a_ranking_that_comes_again_gives_the_same_verdicts(store: FolderStore) -> None:
    assert pruned(store) == pruned(store)
    assert len(list(given(store, "anya"))) == 2


def test_nothing_is_dropped_unless_the_recipe_says_so(store: FolderStore) -> None:
    assert pruned(store, Pruning()) == []
    assert list(given(store, "anya")) == []


@pytest.mark.parametrize(("floor", "expected"), [(8, [10, 9]), (9, [10]), (10, []), (99, [])])
def test_so_many_pictures_are_left_in_any_case(store: FolderStore, floor: int, expected: list[int]) -> None:
    assert dropped(pruned(store, DROP.model_copy(update={"floor": floor}))) == expected


def test_a_run_has_so_many_rounds(store: FolderStore) -> None:
    rules = DROP.model_copy(update={"rounds": 2})
    rounds = [dropped(pruned(store, rules, leg, ROWS[: 10 - 2 * leg])) for leg in (0, 1, 2)]
    assert rounds == [[10, 9], [8, 7], []]
    assert dropped(list(prune(taken(run="anya-002"), ROWS[:5], EARLIER, rules, "anya", store))) == []
    few = {f"n{number}": number for number in range(1, 6)}
    assert dropped(list(prune(taken(run="anya-002"), ROWS[:5], few, rules, "anya", store))) == [5]


def test_what_anybody_has_kept_stays(store: FolderStore) -> None:
    keep = Verdict(image=f"{10:064x}", face=0, decision=Decision.KEEP, who="ann", prune="undo of prune of May")
    give(store, "anya", keep)
    assert dropped(pruned(store)) == [9]


def test_what_was_dropped_since_the_ranked_set_was_packed_is_not_dropped_again_and_counts_for_the_floor(
    store: FolderStore,
) -> None:
    """A training that is given up has its last snapshot ranked when its data set has been pruned already."""
    both = [
        Verdict(image=f"{9:064x}", face=0, decision=decision, who="ann") for decision in (Decision.KEEP, Decision.DROP)
    ]
    give_all(store, "anya", [*both, Verdict(image=f"{8:064x}", decision=Decision.DROP, who="ann")])
    rules = DROP.model_copy(update={"share": 0.4})
    assert dropped(pruned(store, rules.model_copy(update={"floor": 7}))) == [10]
    assert dropped(pruned(store, rules, leg=3)) == [7]


def test_a_prune_of_nothing_is_no_round(store: FolderStore) -> None:
    rules = DROP.model_copy(update={"rounds": 1})
    assert pruned(store, rules.model_copy(update={"floor": 99}), leg=1) == []
    assert dropped(pruned(store, rules, leg=2)) == [10, 9]
