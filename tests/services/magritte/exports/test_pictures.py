import json
from dataclasses import replace

import pytest

from services.magritte.exports.pictures import DataPictures, tags_by_kind
from shared.contract import keys
from shared.contract.errors import Poison
from shared.store import FolderStore
from tests.services.magritte.packed_pictures import BY_BOARD, data_pictures, pack


def test_what_is_known_of_a_picture_names_no_place_on_a_machine(store: FolderStore, run: str) -> None:
    of_folder, of_board = data_pictures(store, run, [1, 2])
    assert of_folder.about["source"] == "folder"
    assert (of_folder.about["address"], of_folder.about["tags"]) == (None, ["smile", "hat"])
    assert of_board.about["address"] == "https://b.example/posts/7"
    assert of_board.about["licence"] == "unknown"
    assert of_board.about["artists"] == ["sasaki"]
    assert "/home" not in json.dumps([of_folder.about, of_board.about])


def test_an_address_with_a_password_in_it_is_left_out(store: FolderStore, run: str) -> None:
    (picture,) = data_pictures(store, run, [1])
    for address, shown in (("https://me:secret@a.example/1", None), ("https://a.example/1", "https://a.example/1")):
        member = {**picture.member, "origins": [{"source": "urls", "url": address}]}
        assert replace(picture, member=member).about["address"] == shown


def test_tags_have_the_kinds_of_their_board() -> None:
    found = tags_by_kind([BY_BOARD, {"tags": ["smile", "smile"]}], ["hat"])
    assert {kind: set(tags) for kind, tags in found.items()} == {
        "general": {"blue_eyes", "o_o", "one,_two"},
        "character": {"anya_(spy_x_family)"},
        "artist": {"sasaki_(pen)"},
        "unknown": {"smile"},
        "tagger": {"hat"},
    }


def test_pictures_that_are_gone_or_damaged_are_named_and_the_others_given(store: FolderStore, run: str) -> None:
    members = pack(store, run, 1, [1, 2, 3])
    store.delete(keys.normalized(members[0].picture))
    store.put(keys.normalized(members[1].picture), b"\x89PNG cut short")
    manifest = json.loads(store.get(keys.dataset("01" * 32, keys.MANIFEST)))
    pictures = DataPictures(store, manifest, {}, threads=1)
    assert [picture.index for picture in pictures] == [2]
    assert [sentence.partition(":")[0] for sentence in pictures.missing] == [members[0].name, members[1].name]
    assert ["not in the store" in pictures.missing[0], "is damaged" in pictures.missing[1]] == [True, True]


def test_a_name_that_is_no_file_s_is_refused(store: FolderStore, run: str) -> None:
    pack(store, run, 1, [1])
    manifest = json.loads(store.get(keys.dataset("01" * 32, keys.MANIFEST)))
    manifest["members"][0]["name"] = "../../a"
    with pytest.raises(Poison, match="name"):
        list(DataPictures(store, manifest, {}, threads=1))


def test_an_altered_copy_names_the_picture_that_it_is_made_of(store: FolderStore, run: str) -> None:
    (picture,) = data_pictures(store, run, [1])
    assert picture.about["derived_from"] is None
    member = {**picture.member, "derived": {"from": "another-000", "by": "mirrored"}}
    assert replace(picture, member=member).about["derived_from"] == "another-000"
