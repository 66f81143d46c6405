"""The composition root: the one list of all stages, and the one place that loads them.

A new stage is a folder in `services/` and a line here.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from services.deduper.declaration import FINGERPRINTING, JUDGING
from services.face_detector.declaration import FACE_DETECTOR
from services.normalizer.declaration import NORMALIZER
from services.ranker.declaration import RANKER
from services.scraper.declaration import SCRAPER
from services.tfrecord_packer.declaration import BOOKKEEPING, PACKING
from services.trainer.declaration import TRAINER
from services.upscaler.declaration import UPSCALER
from shared import settings as shared_settings
from shared.contract.declaration import Pipeline
from shared.contract.errors import Unusable
from shared.contract.stage import Stage, python_name
from shared.settings import SECRETS, Settings

PIPELINE = Pipeline(
    (
        SCRAPER,
        FINGERPRINTING,
        JUDGING,
        FACE_DETECTOR,
        UPSCALER,
        NORMALIZER,
        BOOKKEEPING,
        PACKING,
        TRAINER,
        RANKER,
    )
)


def load(container: str) -> tuple[Stage[Any, Any], ...]:
    """Import a container's stages and make one of each. Raises `Unusable` when its extra is not installed."""
    try:
        module = import_module(f"services.{python_name(container)}.stage")
    except ModuleNotFoundError as error:
        raise Unusable(f"{container} needs {error.name}: install magritte[{container}]") from error
    return tuple(make() for make in module.STAGES)


def load_all() -> tuple[Stage[Any, Any], ...]:
    """Import all stages and make one of each, in pipeline order. Raises `Unusable` when an extra is not installed."""
    return tuple(stage for container in PIPELINE.containers for stage in load(container))


def checked_settings(secrets: Path = SECRETS) -> Settings:
    """Return the settings that all containers share; refuse variables that neither they nor a stage declare."""
    return shared_settings.settings(PIPELINE.environments, secrets)
