import json
from pathlib import Path

import pytest

from shared.contract.errors import NotFound, RecipeError
from shared.contract.messages import (
    Decision,
    ImageDropped,
)
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdict, give, given
from shared.runs.registry import read_state
from shared.store import FolderStore
from tests.services.magritte.verdict_runs import ENTRIES, IMAGES, Magritte, done, faces, take
from tests.shared.ledgers import list_entries, note, story, tally_of

__all__ = ["faces"]  # a fixture


def test_a_picture_is_dropped_in_all_places_where_it_was_found(
    magritte: Magritte, store: FolderStore, faces: str
) -> None:
    assert "verdict 1: drop a/one.png" in done(magritte("verdict", "drop", "a/one.png", "--why", "not her"))
    tally = tally_of(store, faces)
    assert [tally.settlement(entry).reason for entry in ENTRIES] == [Reason.REJECTED, "", Reason.REJECTED]
    ((number, verdict),) = given(store, "anya")
    assert (number, verdict.image, verdict.face, verdict.why) == (1, IMAGES[0], None, "not her")
    assert read_state(store, faces).faces == 1


def test_one_face_is_dropped_and_kept_again(magritte: Magritte, store: FolderStore, faces: str) -> None:
    done(magritte("verdict", "drop", f"{ENTRIES[1]}.0"))
    assert tally_of(store, faces).settlement(ENTRIES[1]).reason == Reason.REJECTED
    done(magritte("verdict", "keep", f"{ENTRIES[1]}.0"))
    assert tally_of(store, faces).settlement(ENTRIES[1]).reason == ""
    assert {record["teller"] for record in story(store, faces) if record["type"] == "verdict-given"} == {"person"}


def test_several_are_dropped_at_once_or_none_if_one_is_not_clear(
    magritte: Magritte, store: FolderStore, faces: str
) -> None:
    assert isinstance(magritte("verdict", "drop", "a/one.png", "nowhere").exception, NotFound)
    assert list(given(store, "anya")) == []
    said = done(magritte("verdict", "drop", "a/one.png", f"{ENTRIES[1]}.0", "a/one.png"))
    assert said.count("verdict") == 2
    assert [(verdict.image, verdict.face) for _, verdict in given(store, "anya")] == [(IMAGES[0], None), (IMAGES[1], 0)]
    assert read_state(store, faces).faces == 0


def test_a_face_that_the_picture_does_not_have_is_refused(magritte: Magritte, store: FolderStore, faces: str) -> None:
    error = magritte("verdict", "drop", f"{ENTRIES[1]}.7").exception
    assert isinstance(error, NotFound)
    assert f"{ENTRIES[1]} of run {faces} has no face 7" in str(error)
    assert list(given(store, "anya")) == []


def test_words_that_mean_several_pictures_or_none_decide_nothing(
    magritte: Magritte, store: FolderStore, faces: str
) -> None:
    for words, count in (("png", 2), ("nowhere", 0)):
        error = magritte("verdict", "drop", words).exception
        assert isinstance(error, NotFound)
        assert f"{count} pictures of run {faces} are meant by {words}" in str(error)
    assert list(given(store, "anya")) == []


def test_verdicts_are_listed_with_who_has_given_them_and_why(magritte: Magritte, faces: str) -> None:
    assert "there are no verdicts" in done(magritte("verdict", "list"))
    done(magritte("verdict", "drop", "two.png", "--why", "[/b] \x1b"))
    shown = done(magritte("verdict", "list"))
    assert "[/b] \\x1b" in shown
    (found,) = json.loads(done(magritte("verdict", "list", "--json")))
    assert (found["number"], found["decision"], found["image"]) == (1, "drop", IMAGES[1])


def test_verdicts_are_listed_with_the_pictures_that_they_are_about(
    magritte: Magritte, faces: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done(magritte("verdict", "drop", "a/one.png"))
    done(magritte("verdict", "drop", f"{ENTRIES[1]}.0"))
    _, first, second = (line.split() for line in done(magritte("verdict", "list")).splitlines())
    assert first[5:] == [ENTRIES[0], "a/one.png", "and", "1", "more"]
    assert second[5:] == [f"{ENTRIES[1]}.0", "a/two.png"]
    found = json.loads(done(magritte("verdict", "list", "--json")))
    assert [each["names"] for each in found] == [["a/one.png", "b/one.png"], ["a/two.png"]]


def test_a_verdict_about_a_picture_of_another_run_is_listed_by_its_digest(
    magritte: Magritte, store: FolderStore, faces: str
) -> None:
    give(store, "anya", Verdict(image="0e" * 32, decision=Decision.DROP, who="me"))
    assert done(magritte("verdict", "list")).splitlines()[1].split()[5:] == ["0e" * 10, "not", "of", "this", "run"]


@pytest.fixture
def posts(store: FolderStore, run: str) -> str:
    """A run of three posts, of two artists, that have one face each."""
    found = {}
    for number, (entry, artist) in enumerate(zip(ENTRIES, ("Some_One", "another", "another"), strict=True)):
        address = f"https://danbooru.donmai.us/posts/{number}"
        post = {"board": "danbooru.donmai.us", "number": number, "address": address, "artists": [{"name": artist}]}
        image, origin = f"{number:064x}", str(number)
        place = {"source": "danbooru", "place": f"https://cdn.donmai.us/original/{number}.png", "post": post}
        found[entry] = {"origin": origin, "image": image, "provenance": place}
        take(store, run, number, entry, image)
    note(store, "scraper", list_entries(store, run, found))
    return run


def test_excluded_artists_and_works_leave_the_next_data_set_of_a_run(
    magritte: Magritte, store: FolderStore, posts: str, tmp_path: Path
) -> None:
    file = tmp_path / "exclude.yaml"
    file.write_text("artists: [some_one]\nworks: ['danbooru:2']\n")
    no_face = {"run": posts, "entry": ENTRIES[2], "stage": "face-detector", "reason": Reason.NO_FACE}
    note(store, "face-detector", ImageDropped.model_validate(no_face))
    said = done(magritte("verdict", "exclude", str(file)))
    assert "excluded-artist: by Some_One, whom `exclude` names" in said
    assert "https://danbooru.donmai.us/posts/2" in said
    assert (
        f"drop 2 pictures of run {posts}, 1 of them out of its data set; `magritte run RECIPE` goes on with it" in said
    )
    tally = tally_of(store, posts)
    assert [tally.settlement(entry).reason for entry in ENTRIES] == [Reason.REJECTED, "", Reason.REJECTED]
    assert f"run {posts} has nothing more of the artists, works and tags" in done(
        magritte("verdict", "exclude", str(file))
    )
    assert [verdict.decision for _, verdict in given(store, "anya")] == [Decision.DROP] * 2


def test_what_was_excluded_is_taken_back_and_what_a_person_has_dropped_otherwise_is_not(
    magritte: Magritte, store: FolderStore, posts: str, tmp_path: Path
) -> None:
    file = tmp_path / "exclude.yaml"
    file.write_text("artists: [another]\n")
    done(magritte("verdict", "drop", ENTRIES[1], "--why", "not her"))
    assert f"drop 1 pictures of run {posts}" in done(magritte("verdict", "exclude", str(file)))
    assert f"keep 1 pictures of run {posts}" in done(magritte("verdict", "exclude", "--undo", str(file)))
    tally = tally_of(store, posts)
    assert [tally.settlement(entry).reason for entry in ENTRIES] == ["", Reason.REJECTED, ""]
    assert f"run {posts} has nothing of" in done(magritte("verdict", "exclude", "--undo", str(file)))


def test_a_file_without_such_lists_excludes_nothing_and_is_refused(
    magritte: Magritte, store: FolderStore, posts: str, tmp_path: Path
) -> None:
    (tmp_path / "exclude.yaml").write_text("artist: [another]\n")
    error = magritte("verdict", "exclude", str(tmp_path / "exclude.yaml")).exception
    assert isinstance(error, RecipeError)
    assert "exclude.yaml:1: artist: no such field" in str(error)
    assert isinstance(magritte("verdict", "exclude", str(tmp_path / "nowhere.yaml")).exception, RecipeError)
    assert list(given(store, "anya")) == []
