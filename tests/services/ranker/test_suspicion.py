import numpy as np
import pytest

from services.ranker.looks import Looks, decoded, encoded
from services.ranker.suspicion import FEATURES, LEAST, Verdict, suspicion
from tests.services.ranker.faces import face


def drawn(own: int, strangers: int) -> Looks:
    pictures = [face(f"own {number}") for number in range(own)]
    return decoded(
        map(encoded, [*pictures, *(face(f"stranger {number}", stranger=True) for number in range(strangers))])
    )


def test_the_rest_is_sorted_by_verdicts_about_a_few() -> None:
    looks = drawn(24, 12)
    verdicts = [Verdict(place, f"{place}", place >= 24) for place in (*range(LEAST), *range(24, 24 + LEAST))]
    found = suspicion(looks, verdicts)
    assert found.logits[24 + LEAST :].min() > found.logits[LEAST:24].max()
    assert found.logits[24 + LEAST :].min() > 0 > found.logits[LEAST:24].max()
    assert found.auc == 1.0


def test_the_score_is_the_sum_of_its_parts() -> None:
    looks = drawn(12, 8)
    found = suspicion(looks, [Verdict(place, f"{place}", place >= 12) for place in range(20)])
    assert found.parts.shape == (20, len(FEATURES))
    assert np.allclose(found.parts.sum(axis=1) + found.bias, found.logits)


def test_verdicts_at_random_have_an_auc_near_chance() -> None:
    dropped = np.random.default_rng(3).permutation(np.arange(40) % 2 == 0)
    found = suspicion(drawn(40, 0), [Verdict(place, f"{place}", bool(each)) for place, each in enumerate(dropped)])
    assert 0.2 < found.auc < 0.75


def test_faces_of_one_original_do_not_vouch_for_one_another() -> None:
    """The same face three times in each original, which was dropped at random: only a copy can tell."""
    dropped = np.random.default_rng(3).permutation(np.arange(16) % 2 == 0)
    looks = decoded(encoded(face(f"own {number // 3}")) for number in range(48))
    apart = [Verdict(place, f"{place}", bool(dropped[place // 3])) for place in range(48)]
    together = [Verdict(place, f"{place // 3}", bool(dropped[place // 3])) for place in range(48)]
    assert suspicion(looks, apart).auc > 0.95
    assert suspicion(looks, together).auc < 0.8


@pytest.mark.parametrize("repeat", range(2))
def test_the_same_verdicts_give_the_same_scores(repeat: int) -> None:
    verdicts = [Verdict(place, f"{place}", place >= 12) for place in range(20)]
    first, second = (suspicion(drawn(12, 8), verdicts) for _ in range(2))
    assert np.array_equal(first.logits, second.logits)
    assert first.auc == second.auc
