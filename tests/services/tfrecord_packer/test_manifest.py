import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from services.tfrecord_packer.manifest import Member, dataset_digest, write_manifest

MEMBERS = [Member(f"name-{n}", f"{n}" * 64, "ab" * 32, "0" * 20, n) for n in range(3)]
WITH_LABELS = [replace(member, label=label) for member, label in zip(MEMBERS, ("wink", "smile", "wink"), strict=True)]


def origins(image: str) -> list[dict[str, Any]]:
    return [{"origin": f"{image[:2]}.png", "name": "träume.png"}]


def manifest(members: Iterable[Member], classes: Sequence[str] = ()) -> bytes:
    stream = io.BytesIO()
    write_manifest(stream, "d" * 64, 64, members, origins, classes)
    return stream.getvalue()


def test_the_manifest_lists_members_in_the_given_order_with_their_origins() -> None:
    found = json.loads(manifest(reversed(MEMBERS)))
    assert (found["digest"], found["format"], found["resolution"]) == ("d" * 64, 1, 64)
    assert [(member["index"], member["name"]) for member in found["members"]] == [
        (0, "name-2"),
        (1, "name-1"),
        (2, "name-0"),
    ]
    assert found["members"][0] == {
        "index": 0,
        "name": "name-2",
        "picture": "2" * 64,
        "image": "ab" * 32,
        "entry": "0" * 20,
        "face": 2,
        "origins": [{"origin": "ab.png", "name": "träume.png"}],
    }


def test_every_member_is_on_a_line_of_its_own() -> None:
    lines = manifest(MEMBERS).decode().splitlines()
    assert [f'"name-{n}"' in line for n, line in enumerate(lines[1:-1])] == [True, True, True]


def test_the_digest_of_a_data_set_depends_on_names_pictures_and_size_alone() -> None:
    digest = dataset_digest(64, MEMBERS)
    elsewhere = [Member(m.name, m.picture, "cd" * 32, "f" * 20, 9) for m in reversed(MEMBERS)]
    assert dataset_digest(64, elsewhere) == digest
    assert dataset_digest(128, MEMBERS) != digest
    assert dataset_digest(64, MEMBERS[1:]) != digest


def test_data_sets_without_classes_keep_the_digest_that_they_had_before_there_were_any() -> None:
    assert dataset_digest(64, MEMBERS) == "6367bbac803096346b9b9d624c420257b7c66910d715fb8bab48ba8bd9d39ceb"


def test_the_digest_depends_on_the_classes_and_their_order_and_on_who_is_of_which() -> None:
    digest = dataset_digest(64, WITH_LABELS, ("smile", "wink"))
    relabelled = [WITH_LABELS[0], replace(WITH_LABELS[1], label="wink"), WITH_LABELS[2]]
    others = [
        dataset_digest(64, MEMBERS),
        dataset_digest(64, WITH_LABELS, ("wink", "smile")),
        dataset_digest(64, WITH_LABELS, ("smile", "wink", "other")),
        dataset_digest(64, relabelled, ("smile", "wink")),
    ]
    assert dataset_digest(64, WITH_LABELS[::-1], ("smile", "wink")) == digest
    assert len({digest, *others}) == 5


def test_the_manifest_names_the_classes_and_each_member_s() -> None:
    found = json.loads(manifest(WITH_LABELS, ("smile", "wink")))
    assert found["classes"] == ["smile", "wink"]
    assert [member["label"] for member in found["members"]] == ["wink", "smile", "wink"]


def test_the_manifest_of_a_data_set_without_classes_says_nothing_of_any() -> None:
    found = manifest(MEMBERS)
    assert b"label" not in found
    assert b"classes" not in found
