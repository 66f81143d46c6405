from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.messages import (
    DatasetPacked,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ImageKept,
    ItemDied,
    Message,
    RankingReady,
    RunRequested,
    SnapshotTaken,
    SourceExhausted,
)
from shared.contract.reasons import Reason
from shared.ledger.fates import Fate, Settlement
from shared.ledger.progress import Phase
from shared.ledger.records import run_names
from shared.recipe.recipe import Recipe
from shared.runs.controls import Controls, cancel, controls_in_force
from shared.runs.dead_letters import LetterState, bury, keep_letter, letters
from shared.runs.registry import (
    Run,
    is_finished,
    latest_run,
    open_run,
    phase_of,
    read_state,
    run_recipe,
    try_again,
)
from shared.store import FolderStore, Store
from tests.shared.ledgers import finish, list_entries, note, tally_of
from tests.shared.legs import pack

ENTRY, IMAGE = "0a" * 10, "0b" * 32


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def phase(store: Store, run: str) -> Phase:
    return phase_of(store, run, read_state(store, run))


def changed(recipe: Recipe, **parts: object) -> Recipe:
    return Recipe.model_validate(recipe.model_dump() | parts)


def test_the_first_run_of_a_recipe_is_number_one(store: Store, recipe: Recipe) -> None:
    run = open_run(store, recipe)
    assert (run.name, run.resumed) == ("anya-001", False)
    assert run_recipe(store, "anya-001") == recipe
    assert not is_finished(store, "anya-001")


def test_an_unfinished_run_of_the_same_recipe_goes_on(store: Store, recipe: Recipe) -> None:
    open_run(store, recipe)
    run = open_run(store, recipe)
    assert (run.name, run.resumed) == ("anya-001", True)


def test_after_a_finished_run_comes_a_new_one(store: Store, recipe: Recipe) -> None:
    finish(store, open_run(store, recipe).name)
    assert is_finished(store, "anya-001")
    run = open_run(store, recipe)
    assert (run.name, run.resumed) == ("anya-002", False)


def test_a_changed_recipe_is_a_new_run_though_the_last_is_unfinished(store: Store, recipe: Recipe) -> None:
    open_run(store, recipe)
    run = open_run(store, changed(recipe, normalized={"size": 64}))
    assert (run.name, run.resumed) == ("anya-002", False)
    assert run_recipe(store, "anya-001") == recipe


@pytest.mark.parametrize(
    "content", [b"", b'{"name": "anya", "sour', b'{"name": "anya", "sources": [], "sharpness": 1}']
)
def test_after_a_run_whose_recipe_cannot_be_read_comes_a_new_one(store: Store, recipe: Recipe, content: bytes) -> None:
    store.put(keys.recipe("anya-001"), content)
    run = open_run(store, recipe)
    assert (run.name, run.resumed) == ("anya-002", False)
    assert run.remark.startswith("run anya-001 cannot go on, a new one begins: recipes/anya-001.json ")
    assert open_run(store, recipe).name == "anya-002"


def test_after_a_run_whose_ledger_is_damaged_comes_a_new_one(store: Store, recipe: Recipe) -> None:
    run = settled(store, recipe)
    store.put(keys.journal(run, 2), b'{"type": "image-ke')
    opened = open_run(store, recipe)
    assert opened.name == "anya-002"
    assert opened.remark.startswith(f"run {run} cannot go on, a new one begins: {keys.journal(run, 2)} has been cut")


def test_a_listing_that_cannot_be_read_is_awaited_again(store: Store, recipe: Recipe) -> None:
    run = settled(store, recipe)
    for content in (b"", b"[]", b'{"entries": {}}', b'{"entries": {}, "count": "many"}'):
        store.put(keys.listing(run, 0), content)
        assert phase(store, run) is Phase.GATHERING


def test_stray_files_neither_count_nor_stop_a_run(store: FolderStore, recipe: Recipe) -> None:
    run = settled(store, changed(recipe, training={"kimg": 0}))
    pack(store, run, dataset=IMAGE)
    places = (keys.recipe(), keys.journal(run), keys.checkpoint(run), keys.dataset_version(run), keys.dead(run))
    for place in (*places, "controls/paused/"):
        path = store.root / place / "X (conflicted copy).json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert tally_of(store, run).counts().total() == 1
    assert latest_run(store) == run
    assert is_finished(store, run)
    assert controls_in_force(store) == Controls()


def test_only_the_latest_run_goes_on(store: Store, recipe: Recipe) -> None:
    open_run(store, recipe)
    open_run(store, changed(recipe, ranking={"sheet": 9}))
    assert open_run(store, recipe).name == "anya-003"


def test_runs_are_numbered_per_recipe_name(store: Store, recipe: Recipe) -> None:
    for name in ("anya", "anya-forger", "any"):
        assert open_run(store, changed(recipe, name=name)).name == f"{name}-001"
    finish(store, "anya-001")
    assert open_run(store, recipe).name == "anya-002"
    assert sorted(run_names(store)) == ["any-001", "anya-001", "anya-002", "anya-forger-001"]


def test_run_1000_comes_after_run_999(store: Store, recipe: Recipe) -> None:
    for number in (999, 1000):
        store.put(keys.recipe(f"anya-{number}"), recipe.model_dump_json().encode())
    assert open_run(store, changed(recipe, ranking={"sheet": 9})).name == "anya-1001"
    assert latest_run(store) == "anya-1001"


def test_the_latest_run_is_found_by_its_recipe_s_name_or_without_one(store: Store, recipe: Recipe) -> None:
    with pytest.raises(NotFound, match="no run at all"):
        latest_run(store)
    for _ in range(2):
        finish(store, open_run(store, recipe).name)
    assert latest_run(store) == latest_run(store, "anya") == "anya-002"
    assert latest_run(store, "anya-001") == "anya-001"
    with pytest.raises(NotFound, match="no run bea"):
        latest_run(store, "bea")


def test_with_runs_of_several_recipes_a_name_is_asked_for(store: Store, recipe: Recipe) -> None:
    for name in ("anya", "bea"):
        open_run(store, changed(recipe, name=name))
    with pytest.raises(NotFound, match="anya, bea"):
        latest_run(store)
    assert latest_run(store, "bea") == "bea-001"


def test_a_run_is_counted_by_what_its_journal_says(store: Store, recipe: Recipe) -> None:
    run = open_run(store, recipe).name
    entries = [f"{number:020x}" for number in range(3)]
    note(store, "scraper", *(ImageFetched(run=run, entry=entry, image="0" * 64, source=0) for entry in entries))
    note(store, "deduper", ImageDropped(run=run, entry=entries[0], stage="deduper", reason=Reason.CORRUPT))
    note(store, "scraper", SourceExhausted(run=run, source=0, count=3))
    counts = {Settlement(Fate.UNDECIDED): 2, Settlement(Fate.DROPPED, "deduper", "corrupt"): 1}
    assert read_state(store, run).settlements == tally_of(store, run).counts() == counts


def publish(store: Store, stage: str, message: Message) -> None:
    note(store, stage, message)


def test_a_run_is_gathering_until_every_source_is_listed_and_every_picture_settled(
    store: Store, recipe: Recipe
) -> None:
    run = open_run(store, recipe).name
    assert phase(store, run) is Phase.GATHERING
    publish(store, "scraper", list_entries(store, run, {ENTRY: {}}))
    assert phase(store, run) is Phase.GATHERING
    publish(store, "scraper", ImageFetched(run=run, entry=ENTRY, image=IMAGE, source=0))
    assert phase(store, run) is Phase.GATHERING
    publish(store, "deduper", ImageDropped(run=run, entry=ENTRY, stage="deduper", reason=Reason.CORRUPT))
    assert phase(store, run) is Phase.FINISHED


def settled(store: Store, recipe: Recipe) -> str:
    """A run with one face that is ready for the data set."""
    run = open_run(store, recipe).name
    publish(store, "scraper", list_entries(store, run, {ENTRY: {}}))
    about = {"run": run, "entry": ENTRY, "image": IMAGE}
    publish(store, "deduper", ImageKept.model_validate(about | {"arrival": 1, "decisions": 1}))
    publish(store, "face-detector", FacesCounted.model_validate(about | {"faces": 1}))
    publish(store, "normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": IMAGE}))
    return run


def test_a_settled_run_is_packed_then_trained_then_ranked(store: Store, recipe: Recipe) -> None:
    run = settled(store, recipe)
    about = {"run": run, "version": 1, "dataset": IMAGE, "training": IMAGE}
    assert phase(store, run) is Phase.PACKING
    pack(store, run, dataset=IMAGE)
    assert phase(store, run) is Phase.TRAINING
    for leg in (1, 2):
        publish(store, "trainer", SnapshotTaken.model_validate(about | {"leg": leg, "kimg": leg, "last": leg == 2}))
        assert phase(store, run) is (Phase.RANKING if leg == 2 else Phase.TRAINING)
    publish(store, "ranker", RankingReady.model_validate(about | {"leg": 2}))
    assert is_finished(store, run)


def test_a_ranking_of_an_earlier_version_does_not_finish_a_run(store: Store, recipe: Recipe) -> None:
    run = settled(store, recipe)
    for version in (1, 2):
        pack(store, run, version, IMAGE)
    publish(store, "ranker", RankingReady(run=run, version=1, dataset=IMAGE, training=IMAGE, leg=2))
    assert phase(store, run) is Phase.TRAINING


def test_a_run_without_training_is_finished_once_it_is_packed(store: Store, recipe: Recipe) -> None:
    run = settled(store, changed(recipe, training={"kimg": 0}))
    pack(store, run, dataset=IMAGE)
    assert is_finished(store, run)


def test_a_run_fails_with_what_concerns_it_as_a_whole_until_that_is_tried_again(store: Store, recipe: Recipe) -> None:
    run = settled(store, recipe)
    packed = DatasetPacked(run=run, version=1, digest=IMAGE)
    bury(store, "trainer", packed.encode(), packed, (1, Poison("no such network")))
    assert phase(store, run) is Phase.FAILED
    try_again(store, run)
    assert phase(store, run) is Phase.PACKING


def test_a_replayed_picture_keeps_a_run_going_until_it_is_settled_anew(store: Store, recipe: Recipe) -> None:
    run = settled(store, changed(recipe, training={"kimg": 0}))
    pack(store, run, dataset=IMAGE)
    other = "0c" * 10
    publish(store, "scraper", list_entries(store, run, {ENTRY: {}, other: {}}))
    died = ItemDied(run=run, entry=other, stage="deduper", error="poison")
    publish(store, "deduper", died)
    assert is_finished(store, run)
    fetched = ImageFetched(run=run, entry=other, image=IMAGE, source=0)
    keep_letter(store, bury(store, "deduper", fetched.encode(), fetched, (1, Poison("never"))).replayed())
    assert not is_finished(store, run)
    publish(store, "deduper", ImageDropped(run=run, entry=other, stage="deduper", reason=Reason.CORRUPT))
    assert is_finished(store, run)


def test_a_cancelled_run_says_so(store: Store, recipe: Recipe) -> None:
    run = open_run(store, recipe).name
    cancel(store, run)
    assert phase(store, run) is Phase.CANCELLED


def test_a_run_that_shall_retry_what_failed_is_new_and_goes_on_as_such(store: Store, recipe: Recipe) -> None:
    assert open_run(store, recipe).name == "anya-001"
    assert not store.exists(keys.retry_failed("anya-001"))
    assert open_run(store, recipe, retry_failed=True).name == "anya-002"
    assert open_run(store, recipe) == Run("anya-002", recipe, resumed=True)
    assert store.exists(keys.retry_failed("anya-002"))


def test_of_several_submitters_at_once_each_has_a_run_of_its_own(store: FolderStore, recipe: Recipe) -> None:
    recipes = [changed(recipe, duplicates={"strictness": strictness}) for strictness in range(8)]
    with ThreadPoolExecutor(8) as threads:
        runs = list(threads.map(lambda each: open_run(store, each), recipes))
    assert len({run.name for run in runs}) == 8
    assert [run_recipe(store, run.name) for run in runs] == recipes


def test_single_items_that_a_source_could_not_get_are_tried_again_with_the_run(store: Store, recipe: Recipe) -> None:
    run = open_run(store, recipe).name
    request = RunRequested(run=run, source=0)
    bury(store, "scraper", request.encode(), request, (4, ValueError("odd")), ENTRY)
    kept = ImageKept(run=run, entry="0c" * 10, image=IMAGE, arrival=1, decisions=1)
    bury(store, "face-detector", kept.encode(), kept, (4, ValueError("odd")))
    try_again(store, run)
    assert {letter.item: letter.state for letter in letters(store, run)} == {
        ENTRY: LetterState.REPLAYED,
        "0c" * 10: LetterState.DEAD,
    }
