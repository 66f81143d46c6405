"""The data card that is handed on: that of the packer, with the versions of the data set and the verdicts about it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from services.magritte.run_items import RunItems
from services.magritte.run_versions import Version, versions
from services.magritte.screen import remark
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.ledger.records import read_dataset_version
from shared.ledger.state import DatasetState
from shared.ledger.verdicts import Verdict, given
from shared.runs.registry import run_recipe
from shared.store.interface import Store


def card(here: Store, run: str, dataset: DatasetState) -> str:
    """Return the card of a version of a run's data set as Markdown.

    It has no names of files or of whoever has decided something: of verdicts it has only the numbers.
    """
    character = run_recipe(here, run).name
    verdicts = dict(given(here, character))
    followed = read_dataset_version(here, keys.dataset_version(run, dataset.version)).verdicts
    found = versions(here, run, RunItems(here, run, remark), verdicts)
    return "\n".join([
        _of_packer(here, dataset, character),
        *_versions(each for each in found if each.number <= dataset.version),
        *_verdicts(verdicts[number] for number in followed if number in verdicts),
    ])  # fmt: skip


def _of_packer(here: Store, dataset: DatasetState, character: str) -> str:
    try:
        return here.get(keys.dataset(dataset.digest, keys.DATA_CARD)).decode()
    except NotFound:
        return f"# Data card: {character}\n\nThe data set was packed before there were data cards.\n"


def _versions(found: Iterable[Version]) -> Iterator[str]:
    yield from ("## Versions", "", "| version | after | faces | joined | left | data set |")
    yield "| --- | --- | --- | --- | --- | --- |"
    for each in found:
        cells = (each.number, each.parent or "", each.faces or "gone", each.joined, len(each.left), f"`{each.digest}`")
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""


def _verdicts(followed: Iterable[Verdict]) -> Iterator[str]:
    counts = Counter((str(each.decision), _kind(each)) for each in followed)
    yield from ("## Verdicts", "")
    if counts:
        yield from ("What people have decided about pictures of this version:", "", "| verdict | about | number |")
        yield "| --- | --- | --- |"
        yield from (f"| {decision} | {kind} | {count} |" for (decision, kind), count in sorted(counts.items()))
    else:
        yield "No person has decided anything about pictures of this version."
    yield ""


def _kind(verdict: Verdict) -> str:
    if verdict.other is not None:
        return "two pictures"
    return "a picture" if verdict.face is None else "a face"
