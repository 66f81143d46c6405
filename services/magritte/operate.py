"""Commands for runs whose stages are processes of their own, and for holding stages and runs of either kind."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from services.magritte import screen
from services.magritte.connection import broker, found_run, has_broker, own_folders, store
from services.magritte.inspect import AsJson, RunName
from services.magritte.run import RetryFailed
from services.magritte.stage import StageName
from shared.bus.lanes import in_lanes
from shared.contract.errors import Transient
from shared.contract.messages import RunRequested, Stamp, now
from shared.recipe.file import read_recipe
from shared.recipe.files import deposited
from shared.runs import controls
from shared.runs.registry import is_finished, open_run, try_again
from shared.runs.resumption import outstanding

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def setup(
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for store and broker to answer.")] = 120,
) -> None:
    """Make the store's bucket and the broker's queues where they are missing, and prove that both let us in.

    For once after they have been started, before the stages are.
    """
    give_up = time.monotonic() + wait
    while True:
        try:
            store().prepare()
            with broker():
                screen.say("store and broker are ready")
                return
        except Transient as error:
            if time.monotonic() > give_up:
                raise
            screen.say(f"waiting: {error}", err=True)
            time.sleep(2.0)


def submit(
    path: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
    as_json: AsJson = False,
    dry_run: DryRun = False,
    retry_failed: RetryFailed = False,
) -> None:
    """Ask the stages that are at work on the broker for a run of a recipe, and print the run's name.

    An unfinished run of the same recipe goes on. Folders are those that the scraper sees; files that the recipe names
    (lists of addresses, the cascade, the network to start from) are put into the store.
    """
    recipe = read_recipe(path, own_folders(path))
    here = store()
    here.prepare()
    with broker() as bus:
        if dry_run:
            screen.say(f"{path}: {recipe.name}, fine; store and broker answer")
            return
        run = open_run(here, deposited(recipe, here), retry_failed)
        if run.remark:
            screen.remark(f"warning: {run.remark}")
        try_again(here, run.name)
        requests = (RunRequested(run=run.name, source=source) for source in range(len(recipe.sources)))
        for request, bulk in in_lanes(requests):
            bus.publish(request, Stamp(bulk=bulk))
    verb = "goes on with" if run.resumed else "begins"
    screen.say(json.dumps({"run": run.name, "resumed": run.resumed}) if as_json else f"{verb} {run.name}")


def resume(run: RunName = "", as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Publish again whatever is not settled in a run, from the store alone.

    For after a broker has lost its queues, and for a cancelled run. What is still under way is not harmed by it. A run
    of `magritte run` goes on by `magritte run`.
    """
    here, name = found_run(run)
    finished = is_finished(here, name)
    published: Counter[str] = Counter()
    if not finished and dry_run:
        published = Counter(message.kind() for _, message in outstanding(here, name))
    elif not finished:
        try_again(here, name)
        with broker() as bus:
            for (stage, message), bulk in in_lanes(outstanding(here, name)):
                bus.publish(message, Stamp(stage=stage, at=now(), bulk=bulk))
                published[message.kind()] += 1
    if as_json:
        screen.say(json.dumps({"run": name, "finished": finished, "published": dict(published)}))
        return
    what = ", ".join(f"{count} {kind}" for kind, count in published.items())
    verb = "would publish" if dry_run else "published"
    screen.say(f"{name} is finished: nothing to do" if finished else f"{name}: {verb} {what}")


def cancel(run: RunName = "") -> None:
    """Let nothing more be done for a run. What has been made stays; `resume` or `run` takes it up again."""
    here, name = found_run(run)
    if is_finished(here, name):
        screen.say(f"{name} is finished: nothing to cancel")
        return
    controls.cancel(here, name)
    again = f"magritte resume {name}" if has_broker() else "magritte run RECIPE"
    screen.say(f"{name} is cancelled; `{again}` takes it up again")


def pause(stage: StageName) -> None:
    """Let every process of a stage finish what it is at and take nothing more; its messages wait."""
    controls.pause(store(), stage)
    screen.say(f"{stage} is paused; `magritte continue {stage}` lets it go on")


def unpause(stage: StageName) -> None:
    """Let a paused stage take work again."""
    controls.unpause(store(), stage)
    screen.say(f"{stage} goes on")
