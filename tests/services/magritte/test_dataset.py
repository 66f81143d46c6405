from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from shared.contract import keys

Magritte = Callable[..., Result]


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"resolution": "big"}', b'{"members": []}', b"\xff"])
def test_a_manifest_that_cannot_be_read_is_a_finding(magritte: Magritte, tmp_path: Path, content: bytes) -> None:
    (tmp_path / keys.MANIFEST).write_bytes(content)
    result = magritte("verify", str(tmp_path))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "It cannot be read" in " ".join(result.stdout.split())
