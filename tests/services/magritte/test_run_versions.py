from services.magritte import run_versions
from services.magritte.run_items import RunItems
from services.magritte.run_versions import Trained
from shared.contract import keys
from shared.ledger.verdicts import given
from shared.runs.run_trainings import RunTraining, number_training
from shared.runs.trainings import Parent
from shared.store import FolderStore
from tests.services.magritte.trained_runs import faces, pack, ranked
from tests.services.magritte.verdict_runs import ENTRIES, Magritte, done

__all__ = ["faces", "ranked"]  # fixtures


def versions(store: FolderStore, run: str) -> list[run_versions.Version]:
    return run_versions.versions(store, run, RunItems(store, run, print), dict(given(store, "anya")))


def trainings(store: FolderStore, run: str) -> list[Trained]:
    return list(run_versions.trainings_of(store, run, RunItems(store, run, print)))


def test_a_face_has_left_by_the_verdict_that_its_version_used_even_if_a_later_one_undid_it(
    magritte: Magritte, store: FolderStore, ranked: str
) -> None:
    done(magritte("prune", "--worst", "1", "--why", "not her"))
    pack(store, ranked, 2, (0, 1), verdicts=[1])
    done(magritte("undo"))
    pack(store, ranked, 3, (0, 1, 2), verdicts=[2])
    first, second, third = versions(store, ranked)
    assert [(each.faces, each.joined, len(each.left)) for each in (first, second, third)] == [
        (3, 3, 0),
        (2, 0, 1),
        (3, 1, 0),
    ]
    (left,) = second.left
    assert (left.face, left.name) == (f"{ENTRIES[2]}.0", "b/one.png")
    assert left.why.endswith(": not her")


def test_a_face_that_no_verdict_is_about_has_left_by_what_stages_say(
    magritte: Magritte, store: FolderStore, ranked: str
) -> None:
    done(magritte("verdict", "drop", f"{ENTRIES[1]}.0"))
    pack(store, ranked, 2, (0, 2))
    assert [left.why for left in versions(store, ranked)[1].left] == ["rejected (person)"]


def test_a_version_without_its_manifest_has_an_unknown_number_of_faces(store: FolderStore, ranked: str) -> None:
    store.delete(keys.dataset("01" * 32, keys.MANIFEST))
    assert [each.faces for each in versions(store, ranked)] == [None]


def test_a_training_is_named_with_the_snapshot_that_it_began_with_and_its_newest(
    store: FolderStore, ranked: str
) -> None:
    parent = Parent(training="01" * 32, leg=2)
    number_training(store, ranked, RunTraining(version=1, dataset="01" * 32, parent=parent, more=3.0))
    assert trainings(store, ranked) == [
        Trained(1, 1, "as the recipe says", 3, 6.0, is_done=True),
        Trained(2, 1, "1:2", 0, 0.0, is_done=False),
    ]
