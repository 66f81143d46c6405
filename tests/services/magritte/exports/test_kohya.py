from pathlib import Path

import pytest

from services.magritte.exports import kohya
from services.magritte.exports.kohya import Captions, caption
from shared.store import FolderStore
from tests.services.magritte.packed_pictures import data_pictures, png


def test_each_picture_has_a_caption_of_the_same_name(store: FolderStore, run: str, tmp_path: Path) -> None:
    pictures = data_pictures(store, run, [5, 4])
    kohya.write(pictures, tmp_path / "out", Captions("anya forger", "anya", 12))
    inner = tmp_path / "out" / "12_anya"
    assert list((tmp_path / "out").iterdir()) == [inner]
    assert sorted(path.name for path in inner.iterdir()) == sorted(
        f"{picture.name}{suffix}" for picture in pictures for suffix in (".png", ".txt")
    )
    of_folder, of_board = ((inner / f"{each.name}.txt").read_text() for each in pictures)
    assert of_folder == "anya forger, smile, hat\n"
    assert of_board == r"anya forger, anya \(spy x family\), blue eyes, o_o, one two, hat" + "\n"
    assert (inner / f"{pictures[0].name}.png").read_bytes() == png(5)


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ([], "anya"),
        (["anya", "smile", "smile"], "anya, smile"),
        (["long_hair", "0_0", ">_<", "^_^", "u_u"], "anya, long hair, 0_0, >_<, ^_^, u_u"),
        (["(o)_(o)"], r"anya, \(o\)_\(o\)"),
        ([r"already_\(escaped\)"], r"anya, already \(escaped\)"),
        (["a,b", ",", " spaced  out "], "anya, a b, spaced out"),
        (["アーニャ・フォージャー"], "anya, アーニャ・フォージャー"),
        (["two\nlines"], "anya, two lines"),
        (["a\x1b[2Jb"], r"anya, a\x1b[2Jb"),
    ],
)
def test_tags_are_written_as_prompts_have_them(tags: list[str], text: str) -> None:
    assert caption("anya", tags) == text
