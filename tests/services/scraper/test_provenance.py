import pytest

from services.scraper.provenance import provenance
from services.scraper.sources import Fetched, Item
from shared.pictures import PictureInfo, inspect
from tests.services.scraper.conftest import Picture


@pytest.mark.parametrize(
    ("name", "notes"),
    [("a.png", []), ("A.PNG", []), ("a", []), ("a.jpg", ["wrong-extension"]), ("a.txt", ["wrong-extension"])],
)
def test_a_wrong_extension_is_noted(picture: Picture, name: str, notes: list[str]) -> None:
    fetched = Fetched(picture(), {"name": name})
    info = inspect(fetched.data)
    assert isinstance(info, PictureInfo)
    assert provenance("folder", Item(name, name), fetched, info)["notes"] == notes


def test_what_a_source_does_not_know_is_null(picture: Picture) -> None:
    fetched = Fetched(picture(), {"name": "a.png"})
    info = inspect(fetched.data)
    assert isinstance(info, PictureInfo)
    assert provenance("folder", Item("sub/a.png", "/somewhere/sub/a.png", score=3), fetched, info) == {
        "artist": None,
        "bytes": len(fetched.data),
        "fetched": None,
        "format": "png",
        "media_type": None,
        "modified": None,
        "name": "a.png",
        "notes": [],
        "origin": "sub/a.png",
        "place": "/somewhere/sub/a.png",
        "score": 3,
        "size": [100, 120],
        "source": "folder",
        "tags": None,
        "url": None,
    }
