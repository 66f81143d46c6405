from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import keys
from shared.contract.errors import Poison

DIGEST = "0123456789abcdef" * 4
OBJECTS = {
    "original": keys.original(DIGEST),
    "crop": keys.crop(DIGEST),
    "normalized": keys.normalized(DIGEST),
    "action": keys.action("face-detector", DIGEST),
    "recipe": keys.recipe("anya-001"),
    "listing": keys.listing("anya-001", 0),
    "arrival": keys.arrival("anya-001", 0),
    "journal": keys.journal("anya-001", 1),
    "checkpoint": keys.checkpoint("anya-001", 1),
    "state": keys.state("anya-001"),
    "verdict": keys.verdict("anya", 1),
    "dataset_version": keys.dataset_version("anya-001", 1),
    "event": keys.event("anya-001", "face-detector", "threads-not-kept"),
    "dataset": keys.dataset(DIGEST, "anya-r06.tfrecords"),
    "leg": keys.leg(DIGEST, 3, "network-0123456789ab.npz"),
}
PREFIXES = {
    keys.recipe(): "recipe",
    keys.arrival("anya-001"): "arrival",
    keys.journal("anya-001"): "journal",
    keys.checkpoint("anya-001"): "checkpoint",
    keys.verdict("anya"): "verdict",
    keys.dataset_version("anya-001"): "dataset_version",
    keys.event("anya-001"): "event",
    keys.event("anya-001", "face-detector"): "event",
    keys.dataset(DIGEST): "dataset",
    keys.leg(DIGEST, 3): "leg",
    keys.training(DIGEST): "leg",
}


@pytest.mark.parametrize("key", OBJECTS.values(), ids=OBJECTS)
def test_every_key_that_is_built_is_a_key(key: str) -> None:
    assert keys.checked(key) == key


def test_no_two_kinds_of_objects_share_a_place() -> None:
    assert len(set(OBJECTS.values())) == len(OBJECTS)
    for key in OBJECTS.values():
        assert not any(other.startswith(f"{key}/") for other in OBJECTS.values())


@pytest.mark.parametrize(("prefix", "kind"), PREFIXES.items(), ids=str)
def test_a_prefix_is_the_beginning_of_its_objects_keys(prefix: str, kind: str) -> None:
    assert prefix.endswith("/")
    assert OBJECTS[kind].startswith(prefix)


def test_numbers_in_keys_sort_as_numbers_do() -> None:
    numbers = (0, 9, 10, 99, 100, 1000)
    for built in (
        [keys.arrival("anya-001", number) for number in numbers],
        [keys.journal("anya-001", number) for number in numbers],
        [keys.checkpoint("anya-001", number) for number in numbers],
        [keys.dataset_version("anya-001", number) for number in numbers],
        [keys.leg(DIGEST, number, "done.json") for number in numbers],
    ):
        assert built == sorted(built)


def test_the_first_arrival_is_an_object_and_not_the_prefix() -> None:
    assert keys.arrival("anya-001", 0) == "runs/anya-001/arrivals/00000000.jsonl"


def test_a_key_of_an_earlier_version_s_trail_tells_item_and_label() -> None:
    item, label = "0a" * 10 + ".3", "normalizer.face-normalized.none.0.0"
    assert keys.parse_trail(f"{keys.trail('anya-001')}{item}/{label}.json") == (item, label)


def test_a_leg_key_tells_number_and_file() -> None:
    assert keys.parse_leg(keys.leg(DIGEST, 12, "done.json")) == (12, "done.json")


def test_other_keys_tell_what_they_are_of() -> None:
    assert keys.parse_recipe(keys.recipe("anya-001")) == "anya-001"
    assert keys.parse_control(keys.paused("face-detector")) == ("paused", "face-detector")
    assert keys.parse_control(keys.cancelled("anya-001")) == ("cancelled", "anya-001")
    assert keys.parse_dataset_version(keys.dataset_version("anya-001", 12)) == 12
    assert keys.parse_checkpoint(keys.checkpoint("anya-001", 12)) == 12
    assert keys.parse_event(keys.event("anya-001", "face-detector", "looked")) == ("face-detector", "looked")


@pytest.mark.parametrize(
    "parse",
    [
        keys.parse_recipe,
        keys.parse_control,
        keys.parse_trail,
        keys.parse_dataset_version,
        keys.parse_checkpoint,
        keys.parse_event,
    ],
)
@pytest.mark.parametrize(
    "key", ["", "recipes/anya-001 (copy).json", "runs/a-001/trail/run/a.json", "controls/x/y.json"]
)
def test_a_key_of_another_kind_is_poison(parse: Callable[[str], object], key: str) -> None:
    with pytest.raises(Poison, match="not an object key of its kind"):
        parse(key)


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/..", "a..b", "A", "a b", "a\n", "a\0", "é", ".a", "-a"]
)
def test_anything_else_is_poison(key: str) -> None:
    with pytest.raises(Poison, match="not an object key"):
        keys.checked(key)


def test_an_error_shows_only_the_beginning_of_a_long_key() -> None:
    with pytest.raises(Poison) as refused:
        keys.checked("a" * 100_000)
    assert len(str(refused.value)) < 200


@given(st.text(alphabet="a0./-_@A \n\\é"))
def test_a_key_never_leads_out_of_the_store(text: str) -> None:
    try:
        keys.checked(text)
    except Poison:
        return
    assert text.isascii()
    assert text.isprintable()
    assert text == text.lower()
    assert all(part.strip(".") for part in text.split("/"))
