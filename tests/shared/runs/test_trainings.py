from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import Poison
from shared.recipe.hyperparameters import Augmentation
from shared.recipe.training import Preset, Training
from shared.runs import trainings
from shared.runs.trainings import FILES, Snapshot, training_digest
from shared.store.folder import FolderStore

DATASET = "d" * 64
TRAINING = training_digest(Training().resolved(512), DATASET)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def snapshot(leg: int, images: int, content: str = "a") -> Snapshot:
    return Snapshot(training=TRAINING, leg=leg, images=images, files=dict.fromkeys(FILES, content * 64))


def digest_of(**settings: object) -> str:
    return training_digest(Training().model_copy(update=settings).resolved(512), DATASET)


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        (Preset.CHARACTER, "51295824a67cda926db4353ab47d3f9748b604ebb6c604dae5c2c7fba8612cfd"),
        (Preset.STYLEGAN2, "e921a143229794760dd5f2edbaeac7ceb43942e88908a8c9a98c8caa751fcef5"),
        (Preset.PAPER256, "b616b2c0ffef6b36810ec4fb8793568594eaf48a23635e081d977bf95e517857"),
        (Preset.PAPER512, "b9787ddcdeb5131032fbe41b2fc892ead68adefd0ccbcf0f71403ea118b282bc"),
    ],
)
def test_trainings_in_stores_keep_the_names_that_they_have(preset: Preset, name: str) -> None:
    """If one changes on purpose, `trainings.VERSION` must as well."""
    assert training_digest(Training(preset=preset).resolved(512), DATASET) == name


@pytest.mark.parametrize(
    "change", [{"kimg": 90.0}, {"leg_kimg": 1.0}, {"tick_kimg": 1.0}, {"resume_kimg": 9.0}, {"quality_pictures": 0}]
)
def test_a_training_keeps_its_name_when_it_only_stops_elsewhere(change: dict[str, object]) -> None:
    assert digest_of(**change) == TRAINING


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"minibatch": 32}, {"mirror": False}, {"fmap_max": 256}, {"augmentation": Augmentation.NONE}],
)
def test_whatever_changes_the_weights_changes_the_name(change: dict[str, object]) -> None:
    assert digest_of(**change) != TRAINING


def test_a_number_that_is_given_and_one_that_is_worked_out_are_the_same_training() -> None:
    assert digest_of(r1_gamma=0.0002 * 512**2 / 16) == TRAINING


def test_another_data_set_is_another_training() -> None:
    assert training_digest(Training().resolved(512), "e" * 64) != TRAINING


def test_a_network_to_start_from_counts_by_its_bytes_and_makes_sizes_irrelevant(tmp_path: Path) -> None:
    one, copy, other = (tmp_path / name for name in ("one", "copy", "other"))
    for path, content in ((one, b"same"), (copy, b"same"), (other, b"not")):
        path.write_bytes(content)
    assert digest_of(start_from=one) == digest_of(start_from=copy, fmap_max=64) != digest_of(start_from=other)
    assert digest_of(start_from=one) != TRAINING


def test_a_network_to_start_from_that_is_gone_is_poison(tmp_path: Path) -> None:
    with pytest.raises(Poison, match=r"training\.start_from: .*gone"):
        digest_of(start_from=tmp_path / "gone")


def test_a_snapshot_is_complete_once(store: FolderStore) -> None:
    assert trainings.complete(store, snapshot(1, 100, "a"))
    assert not trainings.complete(store, snapshot(1, 100, "b"))
    assert trainings.find_snapshot(store, TRAINING, 1) == snapshot(1, 100, "a")


@pytest.mark.parametrize("data", [b"", b'{"training":', b"{}"])
def test_a_record_that_was_cut_short_is_none_and_can_be_written_again(store: FolderStore, data: bytes) -> None:
    trainings.complete(store, snapshot(1, 100))
    store.put(keys.leg(TRAINING, 2, "done.json"), data)
    assert trainings.find_snapshot(store, TRAINING, 2) is None
    assert trainings.latest(store, TRAINING) == snapshot(1, 100)
    assert trainings.complete(store, snapshot(2, 200))
    assert trainings.find_snapshot(store, TRAINING, 2) == snapshot(2, 200)


def test_the_latest_snapshot_is_the_one_with_the_highest_number(store: FolderStore) -> None:
    assert trainings.latest(store, TRAINING) is None
    for leg in (1, 2, 10):
        trainings.complete(store, snapshot(leg, leg * 100))
    store.put(keys.leg(TRAINING, 11, "checkpoint-aaaaaaaaaaaa.npz"), b"not complete")
    assert trainings.latest(store, TRAINING) == snapshot(10, 1000)


@pytest.mark.parametrize(("images", "leg"), [(150, 2), (200, 2), (201, 3), (1, 1), (301, None)])
def test_a_training_is_finished_by_the_first_snapshot_of_its_length(
    store: FolderStore, images: int, leg: int | None
) -> None:
    for number in (1, 2, 3):
        trainings.complete(store, snapshot(number, number * 100))
    found = trainings.finishing(store, TRAINING, images)
    assert (found and found.leg) == leg


def test_files_are_named_by_their_content(store: FolderStore) -> None:
    assert snapshot(3, 1, "a").key("fakes.png").endswith("/000003/fakes-aaaaaaaaaaaa.png")
    assert snapshot(3, 1, "a").key("fakes.png") != snapshot(3, 1, "b").key("fakes.png")


def test_rankings_by_other_terms_lie_beside_each_other() -> None:
    one, other = (trainings.ranking_key(TRAINING, 3, terms, "ranking.csv") for terms in ("a", "b"))
    assert one != other
    assert keys.parse_leg(one)[0] == keys.parse_leg(other)[0] == 3


@pytest.mark.parametrize("name", ["fakes.png", "stats.jsonl", "worst-fakes.png"])
def test_the_plain_name_of_a_file_has_no_digest(name: str) -> None:
    digest = "0123456789ab" + "f" * 52
    assert trainings.plain_name(trainings.content_name(name, digest)) == name
    assert trainings.plain_name(name) == name
