"""Official variables beside those of our networks: what is used, unused, missing or of another shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from shared.stylegan2.architecture import Architecture, Shapes, discriminator_shapes, generator_shapes
from shared.stylegan2.official.settings import ignored_settings
from shared.stylegan2.official.sizes import architecture_of
from shared.stylegan2.official.snapshot import NAMES, OfficialNetwork, OfficialSnapshot
from shared.stylegan2.weights import Networks, Weights


class VariableStatus(StrEnum):
    """The possible outcomes for a variable."""

    USED = "used"
    ROUNDED = "used, rounded to float32"
    UNUSED = "unused"
    MISSING = "missing"
    MISSHAPEN = "of another shape"
    NOT_FINITE = "not finite"

    @property
    def prevents(self) -> bool:
        """Return whether one such variable is enough to make the networks unusable."""
        return self in (VariableStatus.MISSING, VariableStatus.MISSHAPEN, VariableStatus.NOT_FINITE)


@dataclass(frozen=True)
class Variable:
    """A variable that the file or the architecture has; a shape is None where it has none."""

    network: str
    name: str
    found: tuple[int, ...] | None
    expected: tuple[int, ...] | None
    fate: VariableStatus


@dataclass(frozen=True, eq=False)
class Fitting:
    """A snapshot laid beside our networks: `networks` is None if a variable prevents it."""

    architecture: Architecture
    variables: tuple[Variable, ...]
    ignored_settings: tuple[str, ...]
    networks: Networks | None


def match_variables(snapshot: OfficialSnapshot) -> Fitting:
    """Lay a snapshot's variables beside the networks whose sizes they have.

    Raises BadFile where it is another kind of network altogether.
    """
    architecture = architecture_of(snapshot)
    generator = generator_shapes(architecture)
    expected = {"G": generator, "D": discriminator_shapes(architecture), "Gs": generator}
    variables = tuple(
        variable for name in NAMES for variable in _variables(name, getattr(snapshot, name), expected[name])
    )
    networks = None
    if not any(variable.fate.prevents for variable in variables):
        weights = [_weights(getattr(snapshot, name), expected[name]) for name in NAMES]
        networks = Networks(architecture, *weights)
    return Fitting(architecture, variables, ignored_settings(snapshot), networks)


def _variables(network: str, official: OfficialNetwork, shapes: Shapes) -> Iterator[Variable]:
    names = [*shapes, *(name for name in official.variables if name not in shapes)]
    for name in names:
        value = official.variables.get(name)
        shape = None if value is None else value.shape
        yield Variable(network, name, shape, shapes.get(name), _fate(official, name, shapes))


def _fate(official: OfficialNetwork, name: str, shapes: Shapes) -> VariableStatus:
    if name not in official.variables:
        return VariableStatus.MISSING
    value = official.variables[name]
    if name not in shapes:
        return VariableStatus.UNUSED
    if value.shape != shapes[name]:
        return VariableStatus.MISSHAPEN
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is told
        if not np.isfinite(value.astype(np.float32, copy=False)).all():
            return VariableStatus.NOT_FINITE
    return VariableStatus.ROUNDED if value.dtype.itemsize > 4 else VariableStatus.USED


def _weights(official: OfficialNetwork, shapes: Shapes) -> Weights:
    """Return the variables named in `shapes` in native byte order and C order, copied where the file's are not."""
    return {name: np.require(official.variables[name], np.float32, "C") for name in shapes}
