from pathlib import Path

import pytest

from services.face_detector.declaration import DetectorEnvironment


def test_models_are_cached_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert DetectorEnvironment().cache == Path("/caches/magritte")


@pytest.mark.parametrize("unset", [True, False])
def test_or_else_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, unset: bool) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    if unset:
        monkeypatch.delenv("XDG_CACHE_HOME")
    assert DetectorEnvironment().cache == Path.home() / ".cache" / "magritte"
