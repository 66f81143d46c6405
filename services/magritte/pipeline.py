"""The composition root: the one list of all stages, and the one place that loads them.

A new stage is a folder in `services/` and a line here.
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from services.deduper.declaration import COMPARING, FINGERPRINTING, JUDGING
from services.face_detector.declaration import FACE_DETECTOR
from services.normalizer.declaration import NORMALIZER
from services.ranker.declaration import RANKER
from services.scraper.declaration import SCRAPER
from services.tfrecord_packer.declaration import BOOKKEEPING, PACKING
from services.trainer.declaration import TRAINER
from services.upscaler.declaration import UPSCALER
from shared import settings as shared_settings
from shared.contract.compared_pictures import PictureComparer
from shared.contract.declaration import Pipeline
from shared.contract.edited_faces import EditFinder
from shared.contract.environment import DanbooruEnvironment
from shared.contract.errors import Unusable
from shared.contract.found_faces import FaceFinder
from shared.contract.objects import Objects
from shared.contract.picture_ranking import PictureRanker
from shared.contract.preview import SourcePreview, TagCount
from shared.contract.stage import Stage, python_name
from shared.contract.suspicious_faces import FaceSorter
from shared.recipe.danbooru import DanbooruSource
from shared.recipe.duplicates import Duplicates
from shared.recipe.recipe import Recipe
from shared.settings import SECRETS, Settings

PIPELINE = Pipeline(
    (
        SCRAPER,
        FINGERPRINTING,
        JUDGING,
        COMPARING,
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
    return tuple(make() for make in _module(container, "stage").STAGES)


def load_all() -> tuple[Stage[Any, Any], ...]:
    """Import all stages and make one of each, in pipeline order. Raises `Unusable` when an extra is not installed."""
    return tuple(stage for container in PIPELINE.containers for stage in load(container))


def previews(recipe: Recipe, source: int, pages: int | None, secrets: Path = SECRETS) -> Iterator[SourcePreview]:
    """Go through the listing of a source as the scraper does, and yield its preview after each of `pages`.

    Raises `Unusable` when the scraper's extra is not installed.
    """
    environment = shared_settings.read_declared(SCRAPER, secrets)
    found: Iterator[SourcePreview] = _module(SCRAPER.name, "preview").previews(recipe, source, environment, pages)
    return found


def face_finder(recipes: Sequence[Recipe], secrets: Path = SECRETS) -> FaceFinder:
    """Return what finds faces by each of `recipes`; to be closed. Raises `Unusable` without the detector's extra."""
    environment = shared_settings.read_declared(FACE_DETECTOR, secrets)
    found: FaceFinder = _module(FACE_DETECTOR.name, "preview").PreviewFinder(recipes, environment)
    return found


def picture_comparer(settings: Duplicates, store: Objects) -> PictureComparer:
    """Return what compares originals in `store`. Raises `Unusable` when the deduper's extra is not installed."""
    found: PictureComparer = _module(JUDGING.name, "preview").PreviewComparer(settings, store)
    return found


def face_sorter() -> FaceSorter:
    """Return what sorts faces by how suspicious they are. Raises `Unusable` without the ranker's extra."""
    found: FaceSorter = _module(RANKER.name, "preview").PreviewSorter()
    return found


def picture_ranker() -> PictureRanker:
    """Return what ranks the pictures of data sets. Raises `Unusable` without the ranker's extra."""
    found: PictureRanker = _module(RANKER.name, "preview").PreviewRanker()
    return found


def edit_finder() -> EditFinder:
    """Return what finds edited pictures in their originals. Raises `Unusable` without the detector's extra."""
    found: EditFinder = _module(FACE_DETECTOR.name, "edited_picture").PictureFinder()
    return found


def danbooru_account(secrets: Path = SECRETS) -> DanbooruEnvironment:
    """Return the account at a Danbooru that the scraper of this process would ask with, if there is one."""
    return shared_settings.read_variables(DanbooruEnvironment, secrets)


def tag_counts(section: DanbooruSource, secrets: Path = SECRETS) -> Iterator[TagCount]:
    """Ask a Danbooru how many posts each tag of a section has. Raises `Unusable` without the scraper's extra."""
    environment = shared_settings.read_declared(SCRAPER, secrets)
    found: Iterator[TagCount] = _module(SCRAPER.name, "tag_counts").tag_counts(section, environment)
    return found


def _module(container: str, name: str) -> ModuleType:
    try:
        return import_module(f"services.{python_name(container)}.{name}")
    except ModuleNotFoundError as error:
        raise Unusable(f"{container} needs {error.name}: install magritte[{container}]") from error


def checked_settings(secrets: Path = SECRETS) -> Settings:
    """Return the settings that all containers share; refuse variables that neither they nor a stage declare."""
    return shared_settings.settings(PIPELINE.environments, secrets)
