"""Opens the network that a person means: of a run, one of its snapshots or the newest, or of a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from shared.contract.errors import NotFound, Poison
from shared.runs import trainings
from shared.runs.registry import read_state
from shared.runs.results import legs, results
from shared.store.interface import Store

if TYPE_CHECKING:
    from shared.stylegan2.weights import Networks

_SUFFIXES = (".npz", ".safetensors", ".pkl")
"""Of files that hold networks: what is called so and is not there is no name of a run."""


@dataclass(frozen=True)
class OpenedNetwork:
    """A network, its name for a person, and the store and run that it is of; these are None for a file."""

    networks: "Networks"
    name: str
    store: Store | None = None
    run: str | None = None


def open_network(what: str, snapshot: int | None, out: Path, option: str = "--out") -> OpenedNetwork:
    """Open the network of a run or file, once it is sure that `out`, given by `option`, is no source of the run.

    Raises NotFound where there is none, BadParameter for a snapshot of a file, Poison for a file that is no network.
    """
    from shared.stylegan2 import network_file
    from shared.stylegan2.errors import StyleGAN2Error

    if Path(what).is_file():
        if snapshot is not None:
            raise typer.BadParameter("only a run has snapshots", param_hint="--snapshot")
        try:
            return OpenedNetwork(network_file.load(Path(what).read_bytes()), what)
        except StyleGAN2Error as error:
            raise Poison(f"{what} is no network: {error}") from error
    if what.endswith(_SUFFIXES):
        raise NotFound(f"there is no file {what}")
    here, run = found_run(what)
    check_destination(here, run, out, option)
    found = _snapshot(here, run, snapshot)
    networks = network_file.load(here.get(found.key(trainings.NETWORK)))
    return OpenedNetwork(networks, f"run {run}, snapshot {found.leg}", here, run)


def _snapshot(here: Store, run: str, number: int | None) -> trainings.Snapshot:
    newest = results(here, run, read_state(here, run)).snapshot
    if newest is None:
        raise NotFound(f"run {run} has no network yet")
    if number is None:
        return newest
    known = {each.leg: each for each in legs(here, newest) if each.training == newest.training}
    if number not in known:
        raise NotFound(f"run {run} has no snapshot {number}, but {', '.join(map(str, known))}")
    return known[number]
