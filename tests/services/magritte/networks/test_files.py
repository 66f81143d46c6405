import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.magritte.networks.files import DrawnFiles


def test_files_are_named_in_json_once_and_in_the_order_in_which_they_were_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = DrawnFiles(tmp_path / "drawn", "network.npz")
    files.write_png("b.png", np.full((2, 2, 3), 7, np.uint8))
    files.add("a.npz")
    files.add("b.png")
    files.say("two files", True, {"steps": 3})
    expected = {"network": "network.npz", "folder": str(tmp_path / "drawn"), "files": ["b.png", "a.npz"], "steps": 3}
    assert json.loads(capsys.readouterr().out) == expected
    with Image.open(tmp_path / "drawn" / "b.png") as picture:
        assert picture.getpixel((1, 1)) == (7, 7, 7)


def test_a_sentence_says_where_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    DrawnFiles(tmp_path, "run anya-001, snapshot 2").say("nothing", False)
    assert capsys.readouterr().out == f"nothing in {tmp_path} (run anya-001, snapshot 2)\n"
