"""The only place where object keys are built and parsed.

    originals/<aa>/<sha256>                  a picture as its source had it, byte for byte
    crops/<aa>/<sha256>                      a face cut out, or enlarged (PNG)
    normalized/<aa>/<sha256>                 a picture of the data set
    actions/<stage>/<aa>/<digest>.json       what a stage made of an input
    files/<aa>/<sha256>                      a file that a recipe names: a list, a cascade, a network
    recipes/<run>.json                       what a run was asked for
    controls/paused/<stage>.json             present while a stage takes no work; controls/cancelled/<run>.json
    dead/<run>/<queue>/<letter>.json         a message that could not be processed, and what became of it
    answers/<search>/<below>-<lowest>-<hour>.json what a board answered to a search, about a span of posts
    runs/<run>/suspects/<queue>/<attempt>.json how often a message that workers vanish with was worked on alone
    runs/<run>/retry-failed.json             present if the run fetches again what earlier runs could not
    runs/<run>/pages/<source>/<page>.json    what a source has listed on its page n, from 1
    runs/<run>/listings/<source>/<page>.json what came of each entry of page n of a source
    runs/<run>/arrivals/<number>.jsonl       what the deduper's index decided about a batch, arrivals n and on
    runs/<run>/index/<number>.npz            what the deduper's index knew after n arrivals
    runs/<run>/faces.npz                     what the deduper's second pass has found about the run's faces
    runs/<run>/journal/<number>.jsonl        batch n of everything that was published about the run
    runs/<run>/tally/<number>.zip            what the first n batches add up to
    runs/<run>/state.json                    counts, phase and results, for whoever looks
    verdicts/<character>/<number>.json       what a person has decided about pictures of a character
    runs/<run>/datasets/<version>.json       which data set is the run's version n
    runs/<run>/trainings/<number>.json       what the run's training of this number is of, and begins with
    runs/<run>/events/<stage>/<kind>.json    the last event of a kind that a stage has emitted (`shared.runs.events`)
    datasets/<digest>/<file>                 multi-resolution TFRecords, labels, manifest.json
    trainings/<digest>/<leg>/<file>          checkpoint, network, grids and ranking of one leg

All variable parts are digests, counters or names of restricted alphabets; nothing that a source says becomes
part of a key.
"""

import re

from shared.contract.errors import Poison

MANIFEST, DATA_CARD = "manifest.json", "data-card.md"
"""Magritte's own files beside the levels of a data set."""

_KEY = re.compile(r"(?:[a-z0-9][a-z0-9._-]*/)*[a-z0-9][a-z0-9._@-]*")
_RECIPE = re.compile(r"recipes/([a-z0-9][a-z0-9-]*-\d{3,})\.json")
_CONTROL = re.compile(r"controls/(paused|cancelled)/([a-z0-9-]+)\.json")
_TRAIL = re.compile(
    r"runs/[a-z0-9-]+/trail/(run|[0-9a-f]{20}(?:\.\d{1,9})?)/([a-z0-9-]+\.[a-z0-9-]+\.[a-z0-9-]+\.\d{1,9}\.\d{1,9})\.json"
)
_ANSWER = re.compile(r"answers/[0-9a-f]{64}/(\d{12})-(\d{12})-(\d{8})\.json")
_VERDICT = re.compile(r"verdicts/[a-z0-9-]+/(\d{8,})\.json")
_INDEX = re.compile(r"runs/[a-z0-9-]+/index/(\d{8,})\.npz")
_CHECKPOINT = re.compile(r"runs/[a-z0-9-]+/tally/(\d{8,})\.zip")
_DATASET_VERSION = re.compile(r"runs/[a-z0-9-]+/datasets/(\d{4,})\.json")
_RUN_TRAINING = re.compile(r"runs/[a-z0-9-]+/trainings/(\d{4,})\.json")
_EVENT = re.compile(r"runs/[a-z0-9-]+/events/([a-z0-9-]+)/([a-z0-9-]+)\.json")


def checked(key: str) -> str:
    """Return `key`; raises `Poison` unless it is a key that this module could have built."""
    if len(key) > 400 or not _KEY.fullmatch(key) or ".." in key:
        raise Poison(f"not an object key: {key[:80]!r}")
    return key


def original(image: str) -> str:
    """Return the key of a picture as its source had it."""
    return f"originals/{image[:2]}/{image}"


def crop(digest: str) -> str:
    """Return the key of a face cut out of its picture, or enlarged."""
    return f"crops/{digest[:2]}/{digest}"


def normalized(digest: str) -> str:
    """Return the key of a picture of the data set."""
    return f"normalized/{digest[:2]}/{digest}"


def file(digest: str) -> str:
    """Return the key of a file that a recipe names."""
    return f"files/{digest[:2]}/{digest}"


def action(stage: str, digest: str) -> str:
    """Return the key of the record of an action."""
    return f"actions/{stage}/{digest[:2]}/{digest}.json"


def recipe(run: str = "") -> str:
    """Return the key of a run's recipe; without `run`, the prefix of all recipes."""
    return "recipes/" + (f"{run}.json" if run else "")


def parse_recipe(key: str) -> str:
    """Return the run of a recipe's key; raises `Poison` for any other, such as a copy that a cloud drive has made."""
    return _parsed(_RECIPE, key)[1]


CONTROLS = "controls/"
"""The prefix of all controls, `pause` and `cancel`."""


def paused(stage: str) -> str:
    """Return the key that is present while a stage takes no work."""
    return f"{CONTROLS}paused/{stage}.json"


def cancelled(run: str) -> str:
    """Return the key that is present while nothing is to be done for a run."""
    return f"{CONTROLS}cancelled/{run}.json"


def parse_control(key: str) -> tuple[str, str]:
    """Return the kind of a control, `paused` or `cancelled`, and its stage or run; raises `Poison` for other keys."""
    match = _parsed(_CONTROL, key)
    return match[1], match[2]


def dead(run: str = "", queue: str = "", letter: str = "") -> str:
    """Return the key of a dead letter; without the rest, the prefix of a queue's letters, of a run's or of all."""
    return "dead/" + (f"{run}/" if run else "") + (f"{queue}/" if queue else "") + (f"{letter}.json" if letter else "")


def suspect(run: str, queue: str, attempt: str) -> str:
    """Return the key of how often an attempt of a message, by digest, was worked on alone."""
    return f"runs/{run}/suspects/{queue}/{attempt}.json"


def retry_failed(run: str) -> str:
    """Return the key that is present if the run fetches again, at once, what earlier runs could not fetch."""
    return f"runs/{run}/retry-failed.json"


def page(run: str, source: int, number: int) -> str:
    """Return the key of what a source of a run has listed on its page `number`, counted from 1."""
    return f"runs/{run}/pages/{source}/{number:08d}.json"


def listing(run: str, source: int, number: int = 1) -> str:
    """Return the key of what came of each entry of page `number` of a source of a run."""
    return f"runs/{run}/listings/{source}/{number:08d}.json"


def old_listing(run: str, source: int) -> str:
    """Return the key of all entries of a source in a run of before 2026-11-29, which had no pages."""
    return f"runs/{run}/listings/{source}.json"


def answer(search: str, below: int | None = None, lowest: int = 0, hour: int = 0) -> str:
    """Return the key of what a board answered to a search about a span of posts; without the rest, the prefix."""
    return f"answers/{search}/" + (f"{below:012d}-{lowest:012d}-{hour:08d}.json" if below is not None else "")


def parse_answer(key: str) -> tuple[int, int, int]:
    """Return the span and the hour in a key of `answer`; raises `Poison` for any other."""
    match = _parsed(_ANSWER, key)
    return int(match[1]), int(match[2]), int(match[3])


def arrival(run: str, number: int | None = None) -> str:
    """Return the key of the deduper's decisions about the batch from arrival `number` on; without it, the prefix."""
    return f"runs/{run}/arrivals/" + (f"{number:08d}.jsonl" if number is not None else "")


def index(run: str, number: int | None = None) -> str:
    """Return the key of the deduper's index after `number` arrivals of a run; without it, the prefix."""
    return f"runs/{run}/index/" + (f"{number:08d}.npz" if number is not None else "")


def face_index(run: str) -> str:
    """Return the key of what the deduper's second pass has found about the faces of a run."""
    return f"runs/{run}/faces.npz"


def parse_index(key: str) -> int:
    """Return the number in a key of `index`; raises `Poison` for any other."""
    return int(_parsed(_INDEX, key)[1])


def journal(run: str, number: int | None = None) -> str:
    """Return the key of batch `number` of a run's journal; without it, the prefix."""
    return f"runs/{run}/journal/" + (f"{number:08d}.jsonl" if number is not None else "")


def checkpoint(run: str, number: int | None = None) -> str:
    """Return the key of the checkpoint after the first `number` batches of a run's journal; without it, the prefix."""
    return f"runs/{run}/tally/" + (f"{number:08d}.zip" if number is not None else "")


def parse_checkpoint(key: str) -> int:
    """Return the number in a key of `checkpoint`; raises `Poison` for any other."""
    return int(_parsed(_CHECKPOINT, key)[1])


def state(run: str) -> str:
    """Return the key of a run's counts, phase and results."""
    return f"runs/{run}/state.json"


def verdict(character: str, number: int | None = None) -> str:
    """Return the key of verdict `number` about pictures of a character; without it, the prefix."""
    return f"verdicts/{character}/" + (f"{number:08d}.json" if number is not None else "")


def parse_verdict(key: str) -> int:
    """Return the number in a key of `verdict`; raises `Poison` for any other."""
    return int(_parsed(_VERDICT, key)[1])


def old_arrival(run: str, number: int) -> str:
    """Return the key of arrival `number` in a run of before 2026-11-28: one object each."""
    return f"{arrival(run)}{number:08d}.json"


def old_provenance(image: str, entry: str) -> str:
    """Return the key of where an entry of a run of before 2026-11-28 was found."""
    return f"provenance/{image[:2]}/{image}/{entry}.json"


def trail(run: str) -> str:
    """Return the prefix of the facts of a run of before 2026-11-28, which had no journal: one object each."""
    return f"runs/{run}/trail/"


def parse_trail(key: str) -> tuple[str, str]:
    """Return item and label of a key below `trail`; raises `Poison` for any other."""
    match = _parsed(_TRAIL, key)
    return match[1], match[2]


def dataset_version(run: str, version: int | None = None) -> str:
    """Return the key of the object that names the data set of the run's `version`; without it, the prefix."""
    return f"runs/{run}/datasets/" + (f"{version:04d}.json" if version is not None else "")


def parse_dataset_version(key: str) -> int:
    """Return the version in a key of `dataset_version`; raises `Poison` for any other."""
    return int(_parsed(_DATASET_VERSION, key)[1])


def run_training(run: str, number: int | None = None) -> str:
    """Return the key of the record of the run's training `number`; without it, the prefix."""
    return f"runs/{run}/trainings/" + (f"{number:04d}.json" if number is not None else "")


def parse_run_training(key: str) -> int:
    """Return the number in a key of `run_training`; raises `Poison` for any other."""
    return int(_parsed(_RUN_TRAINING, key)[1])


def event(run: str, stage: str = "", kind: str = "") -> str:
    """Return the key of the last event of a kind that `stage` has emitted; without the rest, the prefix of a run's."""
    return f"runs/{run}/events/" + (f"{stage}/" if stage else "") + (f"{kind}.json" if kind else "")


def parse_event(key: str) -> tuple[str, str]:
    """Return the stage and the kind of an event's key; raises `Poison` for any other."""
    match = _parsed(_EVENT, key)
    return match[1], match[2]


def dataset(digest: str, file: str = "") -> str:
    """Return the key of a file of a data set; without `file`, the prefix."""
    return f"datasets/{digest[:20]}/{file}"


def leg(training: str, number: int, file: str = "") -> str:
    """Return the key of a file of one leg of a training; without `file`, the prefix."""
    return f"trainings/{training[:20]}/{number:06d}/{file}"


def parse_leg(key: str) -> tuple[int, str]:
    """Return number and file of a leg key."""
    *_, number, file = checked(key).split("/")
    return int(number), file


def training(digest: str) -> str:
    """Return the prefix of all legs of a training."""
    return f"trainings/{digest[:20]}/"


def _parsed(pattern: re.Pattern[str], key: str) -> re.Match[str]:
    match = pattern.fullmatch(key)
    if match is None:
        raise Poison(f"not an object key of its kind: {key[:80]!r}")
    return match
