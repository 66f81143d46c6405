from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from services.tfrecord_packer.labelling import Labelled, Place, by_tagger, class_of, labelled
from services.tfrecord_packer.manifest import Member
from shared.contract.errors import Poison
from shared.recipe.labels import Labels, Unlabelled

FOLDERS = Labels(folders=True)
TAGS = Labels(tags=("smile", "frown", "wink"))


def file(origin: str) -> Place:
    return {"source": "folder", "origin": origin, "tags": None}


def post(*tags: str) -> Place:
    return {"source": "danbooru", "origin": "posts/7", "tags": list(tags)}


def label(places: Sequence[Sequence[Place]], labels: Labels) -> Labelled:
    """Members found at one of these places each, by a name that tells which."""
    members = [Member(f"name-{n}", f"{n}" * 64, "ab" * 32, f"{n:020x}", 0) for n in range(len(places))]

    def of(member: Member) -> Iterator[Sequence[Place]]:
        yield places[int(member.name[-1])]

    return labelled(members, of, labels)


def labels_of(found: Labelled) -> dict[str, str | None]:
    return {member.name: member.label for member in found.members}


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("smile/1.png", "smile"),
        ("smile/of 2019/more/1.png", "smile"),
        ("1.png", None),
        ("träume \udce9/1.png", "träume \udce9"),
    ],
)
def test_the_outermost_sub_folder_of_a_source_is_the_class(origin: str, expected: str | None) -> None:
    assert class_of([file(origin)], FOLDERS) == expected


def test_the_path_of_an_address_is_no_folder() -> None:
    assert class_of([{"source": "urls", "origin": "https://a.example/smile/1.png"}], FOLDERS) is None


def test_the_tags_of_a_tagger_tell_a_class_by_tags_alone() -> None:
    assert class_of([by_tagger(("frown", "smile"))], TAGS) == "smile"
    assert class_of([by_tagger(())], TAGS) is None
    assert class_of([by_tagger(("smile",))], FOLDERS) is None


def test_the_first_of_the_recipe_s_tags_that_a_picture_has_is_its_class() -> None:
    assert class_of([post("1girl", "wink", "frown")], TAGS) == "frown"


def test_tags_are_compared_as_they_are_written() -> None:
    assert class_of([post("Smile", "smiley")], TAGS) is None


@pytest.mark.parametrize("place", [file("smile/1.png"), {"source": "folder", "origin": "smile/1.png"}])
def test_a_place_without_tags_has_no_class_by_tags(place: Place) -> None:
    assert class_of([place], TAGS) is None


def test_of_several_places_the_class_that_comes_first_counts() -> None:
    assert class_of([post("wink"), post(), post("smile")], TAGS) == "smile"
    assert class_of([file("smile/1.png"), file("1.png"), file("frown/1.png")], FOLDERS) == "frown"
    assert class_of([file("other/1.png"), file("wink/1.png")], FOLDERS) == "wink"


def test_a_copy_s_place_counts_only_where_the_picture_s_own_tell_nothing() -> None:
    members = [Member(f"name-{n}", f"{n}" * 64, "ab" * 32, f"{n:020x}", 0) for n in range(3)]
    places: list[list[list[Place]]] = [
        [[file("smile/1.png")], [file("frown/1.png")]],
        [[file("1.png")], [file("2.png")], [file("frown/2.png")]],
        [[], []],
    ]
    found = labelled(members, lambda member: places[int(member.name[-1])], FOLDERS)
    assert labels_of(found) == {"name-0": "smile", "name-1": "frown", "name-2": "other"}


def test_folders_are_classes_sorted_by_name_and_what_is_in_none_comes_last() -> None:
    found = label([[file(name)] for name in ("wink/a", "zzz/a", "a", "Wink/b")], FOLDERS)
    assert found.classes == ("Wink", "wink", "zzz", "other")
    assert labels_of(found) == {"name-0": "wink", "name-1": "zzz", "name-2": "other", "name-3": "Wink"}
    assert found.classless == found.without_pictures == ()


def test_a_folder_named_other_is_that_class() -> None:
    found = label([[file("other/a")], [file("b")], [file("wink/c")]], FOLDERS)
    assert found.classes == ("wink", "other")


def test_without_pictures_of_no_class_folders_have_no_class_other() -> None:
    assert label([[file("b/1")], [file("a/1")]], FOLDERS).classes == ("a", "b")


def test_tags_are_classes_in_the_given_order_also_those_without_pictures() -> None:
    found = label([[post("wink")], [post("smile")]], TAGS)
    assert found.classes == ("smile", "frown", "wink", "other")
    assert found.without_pictures == ("frown", "other")


def test_the_best_ranked_class_comes_first() -> None:
    found = label([[post()], [post("wink")], [post("smile")], [post("wink")]], TAGS)
    assert [member.name for member in found.members] == ["name-2", "name-1", "name-3", "name-0"]


@pytest.mark.parametrize("section", [{"folders": True}, {"tags": ("smile", "frown")}])
def test_pictures_of_no_class_are_dropped_if_the_recipe_says_so(section: dict[str, Any]) -> None:
    labels = Labels(**section, unlabelled=Unlabelled.DROP)
    places = [{**file("smile/1"), "tags": ["smile"]}, {**file("frown/1"), "tags": ["frown"]}, file("1")]
    found = label([[place] for place in places], labels)
    assert set(found.classes) == {"smile", "frown"}
    assert found.classless == (f"{2:020x}",)
    assert len(found.members) == 2


@pytest.mark.parametrize(
    ("places", "labels", "text"),
    [
        ([file("a/1"), file("a/2")], FOLDERS, r"labels\.folders: all pictures are of the class a: "),
        ([file("1"), file("2")], FOLDERS, r"labels\.folders: all pictures are of the class other: "),
        ([post(), post("hat")], TAGS, r"labels\.tags: all pictures are of the class other: name tags"),
        ([post("smile"), post("smile", "wink")], TAGS, r"labels\.tags: all pictures are of the class smile: name tags"),
        (
            [file("1")],
            Labels(folders=True, unlabelled=Unlabelled.DROP),
            r"labels\.folders: no picture is of any class: .* leave `labels` out",
        ),
    ],
)
def test_fewer_than_two_classes_are_poison_that_says_what_to_do(places: list[Place], labels: Labels, text: str) -> None:
    with pytest.raises(Poison, match=text):
        label([[place] for place in places], labels)
