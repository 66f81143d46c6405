from collections.abc import Collection
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deduper.grouping import Grouping
from shared.contract.reasons import Reason

Likenesses = dict[frozenset[int], Reason]

KINDS = st.sampled_from([Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE, Reason.MIRRORED_DUPLICATE])
"""Pictures are named by their rank here: 0 is the best."""


@st.composite
def likenesses(draw: st.DrawFn) -> tuple[int, Likenesses]:
    count = draw(st.integers(1, 12))
    pictures = st.integers(0, count - 1)
    pairs = draw(st.sets(st.frozensets(pictures, min_size=2, max_size=2), max_size=30) if count > 1 else st.just(set()))
    return count, {pair: draw(KINDS) for pair in sorted(pairs, key=sorted)}


def _batch(count: int, alike: Likenesses, out: Collection[int] = ()) -> dict[int, tuple[int, Reason | None]]:
    """The rule itself, by picture: keeper and reason. Pictures that are `out` keep nothing but exact copies away."""
    decisions: dict[int, tuple[int, Reason | None]] = {}
    for picture in range(count):
        kept = (other for other in range(picture) if decisions[other][0] == other)
        kinds = ((other, alike.get(frozenset((picture, other)))) for other in kept)
        counting = (other for other, kind in kinds if kind and (other not in out or kind is Reason.EXACT_DUPLICATE))
        keeper = next(counting, picture)
        decisions[picture] = keeper, alike.get(frozenset((picture, keeper)))
    return decisions


def _one_by_one(order: list[int], alike: Likenesses) -> tuple[dict[int, tuple[int, Reason | None]], list[int]]:
    """What the last word on each picture is, told by the changes alone; and how many decisions each arrival made."""

    def neighbours(number: int) -> dict[int, Reason]:
        pairs = ((other, frozenset((order[number], order[other]))) for other in range(arrived))
        return {other: alike[pair] for other, pair in pairs if pair in alike}

    groups, last_decisions, counts = Grouping(neighbours), {}, []
    for arrived, picture in enumerate(order, start=1):
        changed = groups.add((picture,))
        assert arrived - 1 in changed
        for number, reason in changed.items():
            keeper = groups.keeper[number]
            assert keeper is not None
            last_decisions[order[number]] = order[keeper], reason
        counts.append(len(changed))
    return last_decisions, counts


@settings(deadline=None, max_examples=400)
@given(likenesses(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_decisions(given_: tuple[int, Likenesses], random: Random) -> None:
    count, alike = given_
    order = list(range(count))
    random.shuffle(order)
    assert _one_by_one(order, alike)[0] == _batch(count, alike)


@settings(deadline=None, max_examples=400)
@given(likenesses(), st.randoms(use_true_random=False))
def test_pictures_may_fall_out_and_come_back_at_any_time(given_: tuple[int, Likenesses], random: Random) -> None:
    count, alike = given_
    order = random.sample(range(count), count)

    def neighbours(number: int) -> dict[int, Reason]:
        pairs = ((other, frozenset((order[number], order[other]))) for other in range(len(groups.keeper)))
        return {other: alike[pair] for other, pair in pairs if pair in alike}

    groups, out, last = Grouping(neighbours), set[int](), dict[int, tuple[int, Reason | None]]()
    events = [*[(picture, None) for picture in order], *[(random.randrange(count), bool(n % 3)) for n in range(count)]]
    arrived = list[int]()
    for picture, is_out in events:
        if is_out is None:
            arrived.append(picture)
            changed = groups.add((picture,))
        else:
            (out.add if is_out else out.discard)(picture)
            changed = groups.settle(arrived.index(picture), is_out)
        last |= {order[number]: (order[groups.keeper[number] or 0], reason) for number, reason in changed.items()}
    assert last == _batch(count, alike, out)


def test_the_next_best_copy_is_kept_when_the_best_falls_out() -> None:
    near = Reason.NEAR_DUPLICATE
    groups = Grouping(lambda number: {other: near for other in range(len(groups.keeper)) if other != number})
    for picture in range(3):
        groups.add((picture,))
    assert groups.settle(0, True) == {1: None, 2: near}
    assert groups.keeper == [0, 1, 1]
    assert groups.settle(0, False) == {1: near, 2: near}
    assert groups.keeper == [0, 0, 0]


def test_an_exact_copy_does_not_come_back_for_what_has_fallen_out() -> None:
    groups = Grouping(lambda number: {1 - number: Reason.EXACT_DUPLICATE} if len(groups.keeper) == 2 else {})
    groups.add((0,))
    groups.add((1,))
    assert groups.settle(0, True) == {}


def test_a_better_copy_supersedes_the_earlier_one() -> None:
    decisions, counts = _one_by_one([1, 0], {frozenset((0, 1)): Reason.NEAR_DUPLICATE})
    assert decisions == {0: (0, None), 1: (0, Reason.NEAR_DUPLICATE)}
    assert counts == [1, 2]


def test_a_worse_copy_that_arrives_later_is_superseded_at_once() -> None:
    decisions, counts = _one_by_one([0, 1], {frozenset((0, 1)): Reason.EXACT_DUPLICATE})
    assert decisions == {0: (0, None), 1: (0, Reason.EXACT_DUPLICATE)}
    assert counts == [1, 1]


def test_copies_are_not_chained() -> None:
    chain = {frozenset((0, 2)): Reason.NEAR_DUPLICATE, frozenset((1, 2)): Reason.NEAR_DUPLICATE}
    assert _one_by_one([2, 1, 0], chain)[0] == {0: (0, None), 1: (1, None), 2: (0, Reason.NEAR_DUPLICATE)}


def test_a_picture_revives_when_what_superseded_it_is_superseded_itself() -> None:
    chain = {frozenset((0, 1)): Reason.NEAR_DUPLICATE, frozenset((1, 2)): Reason.NEAR_DUPLICATE}
    decisions, counts = _one_by_one([2, 1, 0], chain)
    assert decisions == {0: (0, None), 1: (0, Reason.NEAR_DUPLICATE), 2: (2, None)}
    assert counts == [1, 2, 3]
