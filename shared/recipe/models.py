"""Models that a recipe calls by name, in place of a path."""

from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationInfo

from shared.models.cache import ModelCache
from shared.models.catalogue import MODELS, NAMED, Purpose
from shared.recipe.section import present


def by_name(named: Any, purpose: Purpose, info: ValidationInfo) -> Any:
    """Return the path of the model that has the name `named`; everything else as it is.

    Only a recipe that is read from a file calls models by name: what is submitted has their digests.
    """
    if info.context is None or not isinstance(named, str) or named not in NAMED:
        return named
    model, cache = NAMED[named], ModelCache.of_this_machine()
    if model.purpose is not purpose:
        raise ValueError(f"{named} is a {model.purpose}; {_names(purpose)}")
    if lack := cache.lack(model):
        raise ValueError(lack)
    return str(cache.usable(model))


def present_model(model: str, purpose: Purpose, info: ValidationInfo) -> str:
    """Return the path of a model that is called by name or path; an address, a digest or an empty text as it is."""
    if not model or model.startswith(("http://", "https://", "sha256:")):
        return model
    named = by_name(model, purpose, info)
    return str(named) if named != model else str(present_or_named(Path(model), purpose, info))


def present_or_named(path: Path, purpose: Purpose, info: ValidationInfo) -> Path:
    """Return `path` as `present` does; where there is no such file, name the models that could be meant."""
    try:
        return present(path, info)
    except ValueError as error:
        if str(path) != path.name or PurePath(path).suffix:
            raise
        raise ValueError(f"{error}; {_names(purpose)}") from error


def _names(purpose: Purpose) -> str:
    names = ", ".join(model.name for model in MODELS if model.purpose is purpose)
    return f"by name there is {names} (`magritte models`)"
