import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from shared.contract import keys
from shared.stylegan2.example import encode_picture
from shared.stylegan2.tfrecords import frame

Magritte = Callable[..., Result]


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"resolution": "big"}', b'{"members": []}', b"\xff"])
def test_a_manifest_that_cannot_be_read_is_a_finding(magritte: Magritte, tmp_path: Path, content: bytes) -> None:
    (tmp_path / keys.MANIFEST).write_bytes(content)
    result = magritte("verify", str(tmp_path))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "It cannot be read" in " ".join(result.stdout.split())


def test_it_says_how_many_pictures_are_altered_copies(magritte: Magritte, tmp_path: Path) -> None:
    record = frame(encode_picture(np.zeros((3, 4, 4), np.uint8)))
    (tmp_path / "toy-r02.tfrecords").write_bytes(record * 3)
    copies = [{"name": f"a-{number:02d}", "derived": {"from": "a", "by": "mirror"}} for number in (1, 2)]
    manifest = {"resolution": 4, "members": [{"name": "a"}, *copies]}
    (tmp_path / keys.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    said = " ".join(magritte("verify", str(tmp_path)).stdout.split())
    assert "3 pictures (2 of them altered copies) of 4 px" in said
    assert json.loads(magritte("verify", str(tmp_path), "--json").stdout)["derived"] == 2
