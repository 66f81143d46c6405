import json

from shared.contract import keys
from shared.contract.errors import NotFound
from shared.store import FolderStore
from tests.services.magritte.trained_runs import faces, pack, ranked
from tests.services.magritte.verdict_runs import ENTRIES, Magritte, done

__all__ = ["faces", "ranked"]  # fixtures


def test_versions_and_trainings_are_shown_with_what_left(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    done(magritte("prune", "--worst", "1", "--why", "not her"))
    pack(store, ranked, 2, (0, 1), verdicts=[1])
    said = done(magritte("versions"))
    assert f"left version 2: {ENTRIES[2]}.0  b/one.png  drop by" in said
    assert "1:3" in said


def test_versions_and_trainings_are_the_same_for_programs(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    found = json.loads(done(magritte("versions", "--json")))
    assert [(each["number"], each["faces"], each["left"]) for each in found["versions"]] == [(1, 3, [])]
    assert [(each["number"], each["leg"], each["is_done"]) for each in found["trainings"]] == [(1, 3, True)]


def test_a_version_whose_data_set_was_deleted_is_shown_all_the_same(
    magritte: Magritte, store: FolderStore, ranked: str
) -> None:
    store.delete(keys.dataset("01" * 32, keys.MANIFEST))
    assert "gone" in done(magritte("versions"))


def test_a_run_without_a_data_set_has_no_versions(magritte: Magritte, faces: str) -> None:
    assert isinstance(magritte("versions").exception, NotFound)
