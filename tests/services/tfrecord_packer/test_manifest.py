import json
from typing import Any

from services.tfrecord_packer.manifest import Member, dataset_digest, manifest

MEMBERS = [Member(f"name-{n}", f"{n}" * 64, "ab" * 32, "0" * 20, n) for n in range(3)]


def origins(member: Member) -> list[dict[str, Any]]:
    return [{"origin": f"{member.face}.png", "name": "träume.png"}]


def test_the_manifest_lists_members_in_the_given_order_with_their_origins() -> None:
    found = json.loads(manifest("d" * 64, 64, reversed(MEMBERS), origins))
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
        "origins": [{"origin": "2.png", "name": "träume.png"}],
    }


def test_every_member_is_on_a_line_of_its_own() -> None:
    lines = manifest("d" * 64, 64, MEMBERS, origins).decode().splitlines()
    assert [f'"name-{n}"' in line for n, line in enumerate(lines[1:-1])] == [True, True, True]


def test_the_digest_of_a_data_set_depends_on_names_pictures_and_size_alone() -> None:
    digest = dataset_digest(64, MEMBERS)
    elsewhere = [Member(m.name, m.picture, "cd" * 32, "f" * 20, 9) for m in reversed(MEMBERS)]
    assert dataset_digest(64, elsewhere) == digest
    assert dataset_digest(128, MEMBERS) != digest
    assert dataset_digest(64, MEMBERS[1:]) != digest
