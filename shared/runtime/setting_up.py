"""How stages are set up: each gets the variables that it has declared."""

from typing import Any

from shared.contract.stage import Stage
from shared.settings import read


def set_up(stage: Stage[Any, Any], settings: Any = None) -> None:
    """Set a stage up for the first run's settings, if known. Raises `SettingsError`, and what the stage raises."""
    kind = stage.declaration.environment
    stage.setup(None if kind is None else read(kind), settings)
