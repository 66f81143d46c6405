"""`magritte run`: everything in one process."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.magritte import screen
from services.magritte.connection import own_folders
from services.magritte.kept_results import KeptResults, results_folder
from services.magritte.models import say_what_a_cascade_adds
from services.magritte.pipeline import checked_settings, danbooru_account, load_all
from services.magritte.progress import ProgressDisplay
from services.magritte.report import print_report
from shared.contract.errors import TRY_AGAIN
from shared.contract.reasons import NO_PICTURE, Reason
from shared.ledger.fates import Fate
from shared.ledger.listing import read_pages
from shared.ledger.verdicts import check_whole
from shared.recipe.file import read_recipe
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import Run, open_run, read_state, try_again
from shared.runtime import logs
from shared.runtime.health import Health, HealthServer
from shared.runtime.resources import Resources
from shared.runtime.single_process import Options, SingleProcess, StageProgress
from shared.settings import LogFormat
from shared.store import Store, open_store

STOPPED = 130

RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="Begin a new run that asks again, at once, for addresses that failed or did not answer with a picture. "
        "Otherwise those are asked again by later runs after 10 minutes, a day and a week. Opt-outs stay.",
    ),
]

ResultsFolder = Annotated[
    Path | None,
    typer.Option(
        "--results",
        file_okay=False,
        help="Folder that gets one folder per run, kept up to date. Default: results, beside the recipe.",
        show_default=False,
    ),
]


def run(
    path: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the recipe and the detectors.")] = False,
    retry_failed: RetryFailed = False,
    results: ResultsFolder = None,
    no_results: Annotated[bool, typer.Option("--no-results", help="Keep no such folder.")] = False,
) -> None:
    """Take a recipe's pictures through the whole chain, on this machine, without any server.

    Go on where an interrupted run of the same recipe stopped. Ctrl-C finishes what is at hand and stops;
    a second Ctrl-C stops at once. Nothing is lost either way.

    After each snapshot and at the end, the folder of results is as `magritte fetch` would write it.
    """
    environment = checked_settings()
    logs.set_up(environment.log or LogFormat.PRETTY, environment.log_level or "warning")
    recipe, stages = read_recipe(path, own_folders(path), danbooru_account()), load_all()
    folder = results_folder(recipe, path, results, not no_results)
    store = open_store(environment)
    store.prepare()
    check_whole(store, recipe.name)
    this_run = _opened(store, recipe, dry_run, retry_failed)
    with ProgressDisplay(this_run) as progress:
        options = Options(Resources(environment.threads, environment.picture_seconds))
        process = SingleProcess(this_run, store, stages, options, progress.print_event)
        process.set_up(recipe)
        if dry_run:
            screen.say(f"{path}: {recipe.name}, fine; the stages' self-tests passed")
            return
        try_again(store, this_run.name)
        kept = KeptResults(store, this_run.name, folder)
        with _stopping_on_signals(process), _health_served(environment.metrics_port or 0) as health:
            finished = _work(process, progress, health, kept)
    if finished:
        _say_what_failed(store, this_run, path)
    else:
        _say_how_to_go_on(process, path)


def _work(process: SingleProcess, progress: ProgressDisplay, health: Health, kept: KeptResults) -> bool:
    """Work, and print a report at the end, also at that by an error; return whether the run is finished."""

    def watch(stages: list[StageProgress]) -> None:
        health.tick()
        progress.show(stages)
        kept.look()

    try:
        return process.run(watch)
    finally:
        progress.close()
        print_report(kept.store, kept.run)
        kept.finish()


def _opened(store: Store, recipe: Recipe, dry_run: bool, retry_failed: bool) -> Run:
    """Return the run to work on; where it begins, say what its recipe could have beside."""
    run = Run(recipe.name, recipe) if dry_run else open_run(store, deposited(recipe, store), retry_failed)
    if not run.resumed:
        say_what_a_cascade_adds(recipe)
    return run


def _say_how_to_go_on(process: SingleProcess, path: Path) -> None:
    """End with the exit code of what was stopped."""
    screen.say(f"stopped; `magritte run {path}` goes on", err=True)
    if process.gave_up:
        _leave(STOPPED)
    raise typer.Exit(STOPPED)


def _say_what_failed(store: Store, run: Run, path: Path) -> None:
    """End with exit code 1 if pictures of a finished run are dead, and with 75 if some could not be fetched."""
    settled = read_state(store, run.name).settlements
    dead = sum(count for each, count in settled.items() if each.fate is Fate.DEAD)
    missing = sum(count for each, count in settled.items() if each.reason == Reason.FETCH_FAILED)
    others = _answers_without_picture(store, run) if any(each.reason in NO_PICTURE for each in settled) else 0
    if dead:
        screen.say(
            f"{dead} of the pictures could not be processed: `magritte dead list --run {run.name}` says why", err=True
        )
    if missing:
        screen.say(f"{missing} pictures could not be fetched: `magritte run {path}` asks again", err=True)
    if others:
        again = f"`magritte run --retry-failed {path}` asks again at once, other runs after a while"
        screen.say(f"{others} addresses answered with something else than a whole picture: {again}", err=True)
    if dead or missing or others:
        raise typer.Exit(1 if dead else TRY_AGAIN)


def _answers_without_picture(store: Store, run: Run) -> int:
    """Count the addresses that have answered with something else than a picture; files of folders have not failed."""
    sources = (number for number, source in enumerate(run.recipe.sources) if not isinstance(source, FolderSource))
    pages = (page for source in sources for page in read_pages(store, run.name, source))
    return sum(entry.get("reason") in NO_PICTURE for page in pages for entry in page.entries.values())


def _leave(code: int) -> None:
    """End the process without the interpreter's own end, in which threads at work in a library would abort it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def _stopping_on_signals(process: SingleProcess) -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        process.stop()
        for again in (signal.SIGINT, signal.SIGTERM):
            signal.signal(again, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _health_served(port: int) -> Iterator[Health]:
    health = Health(ready=True)
    if not port:
        yield health
        return
    health.tick()
    server = HealthServer(health, port)
    try:
        yield health
    finally:
        server.close()
