"""Patterns of keys, by which a stage declares what it reads and writes; `*` stands for anything, as in S3 policies."""

from shared.contract import keys


def open_ended(key: str) -> str:
    """Remove the ending from a pattern: Ceph lets a `*` end at the first character that could follow it."""
    return key.removesuffix(".json")


ANSWERS = keys.answer("*") + "*"
ARRIVALS = keys.arrival("*") + "*"
CHECKPOINTS = keys.checkpoint("*") + "*"
CROPS = keys.crop("*")
DATASETS = "datasets/*"
FACES = keys.face_index("*")
FILES = keys.file("*")
INDEXES = keys.index("*") + "*"
JOURNALS = keys.journal("*") + "*"
LISTINGS = open_ended(keys.old_listing("*", 0)).replace("0", "*")
NORMALIZED = keys.normalized("*")
ORIGINALS = keys.original("*")
PAGES = keys.page("*", 0, 0).partition("0/")[0] + "*"
RANKINGS = tuple(
    f"{keys.training('*')}*/{name}-*{ending}"
    for ending, names in {
        ".csv": ("ranking", "fake-ranking"),
        ".parquet": ("ranking",),
        ".json": ("ranking",),
        ".png": ("worst", "strangest", "best", "uncertain"),  # also of what the network draws
    }.items()
    for name in names
)
RETRY_FAILED = keys.retry_failed("*")
RUN_TRAININGS = keys.run_training("*") + "*"
STATES = keys.state("*")
TRAININGS = "trainings/*"
VERDICTS = "verdicts/*"
VERSIONS = keys.dataset_version("*") + "*"
