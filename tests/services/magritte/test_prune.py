import json
from pathlib import Path

import pytest

from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import Decision
from shared.ledger.progress import Phase
from shared.ledger.verdicts import Verdict, give, give_all, given
from shared.runs.registry import phase_of, read_state
from shared.store import FolderStore
from tests.services.magritte.trained_runs import faces, pack, ranked
from tests.services.magritte.verdict_runs import ENTRIES, IMAGES, Magritte, done
from tests.shared.ledgers import tally_of

__all__ = ["faces", "ranked"]  # fixtures


def members(store: FolderStore, run: str) -> set[str]:
    return {entry for entry, _, _ in tally_of(store, run).members()}


def test_the_worst_leave_the_data_set_and_the_run_goes_on(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    assert phase_of(store, ranked, read_state(store, ranked)) is Phase.FINISHED
    said = done(magritte("prune", "--worst", "1"))
    assert "drop 1 of 3 faces of run anya-001; `magritte run RECIPE` packs the next version" in said
    assert members(store, ranked) == {ENTRIES[1]}  # the dropped face's original is entry 0's too
    assert phase_of(store, ranked, read_state(store, ranked)) is not Phase.FINISHED
    ((_, verdict),) = given(store, "anya")
    assert (verdict.image, verdict.face, verdict.why) == (IMAGES[2], 0, "rank 3, quality -1.00")


def test_a_dry_run_lists_what_would_be_dropped_and_does_nothing(
    magritte: Magritte, store: FolderStore, ranked: str
) -> None:
    said = done(magritte("prune", "--below", "0.5", "--dry-run"))
    assert "would drop 2 of 3 faces" in said
    assert "b/one.png" in said
    found = json.loads(done(magritte("prune", "--below", "0.5", "--dry-run", "--json")))
    assert [each["face"] for each in found["dropped"]] == [f"{ENTRIES[2]}.0", f"{ENTRIES[0]}.0"]
    assert list(given(store, "anya")) == []


def test_the_same_prune_again_drops_nothing_more(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    done(magritte("prune", "--worst", "1"))
    assert "drop 0 of 1 faces" in done(magritte("prune", "--worst", "1"))
    assert members(store, ranked) == {ENTRIES[1]}


def test_a_prune_is_undone_and_done_again(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    before = members(store, ranked)
    done(magritte("prune", "--worst", "34%"))
    said = done(magritte("undo"))
    assert "bring back 1 faces of the prune of" in said
    assert members(store, ranked) == before
    assert isinstance(magritte("undo").exception, NotFound)
    done(magritte("prune", "--worst", "34%"))
    assert members(store, ranked) == {ENTRIES[1]}


def test_two_prunes_are_undone_one_after_the_other(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    done(magritte("prune", "--worst", "1"))
    assert members(store, ranked) == {ENTRIES[1]}
    give_all(store, "anya", [Verdict(image=IMAGES[1], face=0, decision=Decision.DROP, who="x", prune="prune of 2")])
    done(magritte("undo"))
    assert members(store, ranked) == {ENTRIES[1]}
    done(magritte("undo"))
    assert members(store, ranked) == set(ENTRIES)


def test_a_prune_that_was_killed_before_the_run_was_told_is_told_by_the_next_command(
    magritte: Magritte, store: FolderStore, ranked: str
) -> None:
    give(store, "anya", Verdict(image=IMAGES[2], face=0, decision=Decision.DROP, who="x", prune="prune of May"))
    assert len(members(store, ranked)) == 3
    done(magritte("prune", "--below", "-9"))
    assert members(store, ranked) == {ENTRIES[1]}


def test_a_face_that_a_person_has_kept_stays(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    done(magritte("verdict", "keep", f"{ENTRIES[2]}.0"))
    assert "drop 0 of 3 faces of run anya-001; 1 more stay" in done(magritte("prune", "--worst", "1"))
    assert len(members(store, ranked)) == 3


def test_faces_that_have_left_the_data_set_are_passed_over(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    done(magritte("verdict", "drop", f"{ENTRIES[2]}.0"))
    assert f"drop {ENTRIES[1]}" not in done(magritte("prune", "--below", "-0.5"))
    assert members(store, ranked) == {ENTRIES[1]}


def test_another_ranking_and_a_person_s_marks_in_it(
    magritte: Magritte, store: FolderStore, ranked: str, tmp_path: Path
) -> None:
    file = tmp_path / "ranking.csv"
    rows = [f"{place},{-place},{ENTRIES[each]},0,{IMAGES[each]}," for place, each in ((1, 0), (2, 2), (3, 1))]
    file.write_text("\n".join(["rank,quality,entry,face,image,decision", *rows[:2], rows[2] + "drop", ""]))
    assert f"{ENTRIES[1]}.0" in done(magritte("prune", "--file", str(file), "--worst", "1", "--dry-run"))
    done(magritte("prune", "--file", str(file)))
    assert members(store, ranked) == {ENTRIES[0], ENTRIES[2]}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "give one of them"),
        (("--worst", "5%", "--below", "1"), "give one of them"),
        (("--worst", "5 faces"), "neither a share such as 5% nor a number"),
        (("--worst", "100%"), "neither a share"),
        (("--worst", "3"), "neither a share"),
        (("--below", "99"), "all 3 faces of run anya-001 would leave its data set"),
    ],
)
def test_wrong_usage_drops_nothing(
    magritte: Magritte, store: FolderStore, ranked: str, words: tuple[str, ...], problem: str
) -> None:
    result = magritte("prune", *words)
    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.replace("│", " ").split())
    assert list(given(store, "anya")) == []


def test_a_run_without_a_ranking_says_how_to_get_one(magritte: Magritte, store: FolderStore, faces: str) -> None:
    pack(store, faces, 1, (0, 1, 2))
    error = magritte("prune", "--worst", "5%").exception
    assert isinstance(error, NotFound)
    assert "`magritte rank anya-001` makes one" in str(error)


def test_a_damaged_ranking_is_named(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    state = read_state(store, ranked)
    assert state.ranking is not None
    key = state.ranking.files["ranking.csv"]
    store.put(key, b"rank\n")
    error = magritte("prune", "--worst", "5%").exception
    assert isinstance(error, Unreadable)
    assert key in str(error)
