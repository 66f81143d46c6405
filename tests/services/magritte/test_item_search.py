import unicodedata

import pytest

from services.magritte.item_search import Found, ListedEntry, Words, search

IMAGE = "0b1c2d" + "0" * 58
OTHER = "0b1c2e" + "0" * 58


def file(entry: str, origin: str, image: str = "") -> ListedEntry:
    return ListedEntry(entry, origin, "/home/Ann Mie/pictures", image)


FILES = (
    file("a", "IMG_1.JPG", IMAGE),
    file("b", "of 2019/Face B 日本.JPG", OTHER),
    file("c", "of 2019/smile 😀.png"),
    file("d", unicodedata.normalize("NFD", "café.png")),
    file("e", "img_10.jpg"),
    ListedEntry("f", "https://user:secret@a.example/p/%E6%97%A5.png?size=2#top"),
    ListedEntry("g", "https://a.example/q/IMG_1.JPG?token=x"),
    file("h", "caf\udce9.png"),
    file("i", "[bold].png"),
)


def found(text: str, *paths: str) -> Found:
    return search(Words(text, paths), FILES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IMG_1.JPG", ["a", "g"]),
        ("img_1.jpg", ["a", "g"]),
        ("Face B 日本.JPG", ["b"]),
        ("of 2019/Face B 日本.JPG", ["b"]),
        ("./of 2019/../of 2019/Face B 日本.JPG", ["b"]),
        ("pictures/of 2019/Face B 日本.JPG", ["b"]),
        ("/home/Ann Mie/pictures/of 2019/Face B 日本.JPG", ["b"]),
        ("smile 😀.png", ["c"]),
        ("café.png", ["d"]),
        (unicodedata.normalize("NFD", "CAFÉ.png"), ["d"]),
        ("caf\udce9.png", ["h"]),
        ("[bold].png", ["i"]),
        ("https://user:secret@a.example/p/%E6%97%A5.png?size=2#top", ["f"]),
        ("https://a.example/p/%E6%97%A5.png?size=2", ["f"]),
        ("https://a.example/p/日.png", ["f"]),
        ("HTTPS://A.example/p/日.png#here", ["f"]),
        ("日.png", ["f"]),
        (IMAGE, ["a"]),
        (IMAGE.upper(), ["a"]),
    ],
)
def test_what_a_person_sees_names_an_entry(text: str, expected: list[str]) -> None:
    assert found(text).exact == expected


def test_a_path_is_taken_from_the_folder_that_the_person_is_in() -> None:
    assert found("../2/IMG_1.JPG", "/home/Ann Mie/pictures/IMG_1.JPG").exact == ["a"]
    assert found("../2/IMG_1.JPG", "/elsewhere/2/IMG_1.JPG").best == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("img_1", ["a", "e", "g"]),
        ("日本", ["b"]),
        ("2019/", ["b", "c"]),
        ("token=x", ["g"]),
        ("0b1c2d", ["a"]),
        ("0B1C2", []),
        ("0b1c2d1", []),
        ("../../x", []),
        ("e", ["b", "c", "f", "g"]),
        ("nowhere.png", []),
    ],
)
def test_a_part_of_a_name_or_the_beginning_of_a_digest_finds_all_that_have_it(text: str, expected: list[str]) -> None:
    assert found(text) == Found([], expected)


def test_what_is_named_wins_over_what_contains_the_words() -> None:
    both = search(Words("1.png"), [file("a", "11.png"), file("b", "1.png")])
    assert both == Found(["b"], ["a"])
    assert both.best == ["b"]
