"""`magritte stage`: the stages of one container as a process of their own."""

from typing import Annotated

import typer

from services.magritte.pipeline import PIPELINE, load
from shared.runtime.stage_process import main

NAMES = list(PIPELINE.containers)


def known_stage(name: str) -> str:
    """Return `name`; refuse one that the pipeline does not have."""
    if name not in NAMES:
        raise typer.BadParameter(f"{name!r} is no stage; there are {', '.join(NAMES)}")
    return name


StageName = Annotated[str, typer.Argument(metavar="STAGE", help=f"One of {', '.join(NAMES)}.", callback=known_stage)]


def stage(name: StageName) -> None:
    """Work on a stage's queue until told to end, as its container does (`python -m services.STAGE`).

    Broker and store come from MAGRITTE_BUS and MAGRITTE_STORE; it waits for both unless MAGRITTE_FAIL_FAST is set.
    SIGTERM and Ctrl-C finish what is at hand. /healthz, /readyz and /metrics are on MAGRITTE_METRICS_PORT (9464).
    """
    main(name, PIPELINE, load)
