import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from shared.models.cache import ModelCache
from shared.models.catalogue import NAMED, Model

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "caches" / "models")


@pytest.fixture
def model() -> Model:
    """A cascade whose digest is known."""
    return replace(NAMED["lbpcascade_animeface"], sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


@pytest.fixture
def unknown(model: Model) -> Model:
    """A cascade whose digest nobody states."""
    return replace(model, sha256="")
