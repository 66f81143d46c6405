import pytest

from shared.contract.reasons import Reason
from shared.recipe.tags import comparable_tag, excluded_tag, missing_tag

TAGS = ("solo", "Anya_(spy_x_family)", "青髪")


@pytest.mark.parametrize("tag", ["anya_(spy_x_family)", "Anya (Spy x Family) ", "青髪"])
def test_a_tag_is_found_in_whatever_case_and_with_spaces_or_underscores(tag: str) -> None:
    assert missing_tag(TAGS, ["yor", tag]) is None
    drop = excluded_tag(TAGS, ["yor", tag])
    assert drop is not None
    assert drop.reason is Reason.EXCLUDED_TAG
    assert comparable_tag(drop.detail.split("the tag ")[1].split(",")[0]) == comparable_tag(tag)


def test_no_tag_that_is_wanted_is_a_reason_and_says_which_were() -> None:
    drop = missing_tag(TAGS, [f"name_{number}" for number in range(7)])
    assert drop is not None
    assert drop.reason is Reason.MISSING_TAG
    assert drop.detail == "has none of the tags name_0, name_1, name_2, name_3, name_4 and 2 more of `character.tags`"


def test_without_tags_to_look_for_nothing_speaks_against_a_picture() -> None:
    assert missing_tag([], []) is None
    assert excluded_tag(TAGS, []) is None
    assert excluded_tag([], ["comic"]) is None
