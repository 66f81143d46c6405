import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import (
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ImageKept,
    Message,
)
from shared.contract.reasons import Reason
from shared.store import FolderStore
from tests.shared import legs
from tests.shared.ledgers import list_entries, note

Magritte = Callable[..., Result]
CROP, PICTURE = "c0ffee" + "0" * 58, "facade" + "0" * 58
ENTRIES = [f"{number:020x}" for number in range(30)]
IMAGES = [f"{number:064x}" for number in range(1, 31)]


def publish(store: FolderStore, stage: str, message: Message) -> None:
    note(store, stage, message, at="2026-01-01T00:00:00.000+00:00", attempt=1)


@pytest.fixture
def gathering(store: FolderStore, run: str) -> str:
    """A run of thirty pictures whose source is still being gone through; the first has a face."""
    for entry, image in zip(ENTRIES, IMAGES, strict=True):
        publish(store, "scraper", ImageFetched(run=run, entry=entry, image=image, source=0, origin=name_of(entry)))
    about = {"run": run, "entry": ENTRIES[0], "image": IMAGES[0]}
    publish(store, "deduper", ImageKept.model_validate(about | {"arrival": 1, "decisions": 1}))
    face = about | {"face": 0, "crop": CROP, "box": (0, 0, 9, 9), "side": 9}
    publish(store, "face-detector", FaceFound.model_validate(face))
    publish(store, "face-detector", FacesCounted.model_validate(about | {"faces": 1}))
    publish(store, "normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": PICTURE}))
    return run


@pytest.fixture
def listed(store: FolderStore, gathering: str) -> str:
    """The same, once the source has been listed."""
    entries = {entry: {"origin": name_of(entry), "image": image} for entry, image in zip(ENTRIES, IMAGES, strict=True)}
    publish(store, "scraper", list_entries(store, gathering, entries))
    return gathering


def name_of(entry: str) -> str:
    return f"deep/Épée {int(entry, 16):02}.PNG"


def entries(result: Result) -> set[str]:
    assert result.exit_code == 0, result.exception
    return {record["entry"] for record in json.loads(result.stdout)}


@pytest.mark.parametrize("state", ["gathering", "listed"])
@pytest.mark.parametrize(
    "words",
    [
        "Épée 00.PNG", "épée 00.png", "deep/Épée 00.PNG", "e 00", ENTRIES[0], f"{ENTRIES[0]}.0", IMAGES[0], CROP,
        CROP[:6].upper(), PICTURE, PICTURE[:10], "./deep/../deep/Épée 00.PNG",
    ],
)  # fmt: skip
def test_a_picture_is_traced_by_whatever_names_it(
    request: pytest.FixtureRequest, magritte: Magritte, state: str, words: str
) -> None:
    request.getfixturevalue(state)
    assert entries(magritte("trace", words, "--json")) == {ENTRIES[0]}


POST = {"board": "danbooru.donmai.us", "number": 123, "address": "https://danbooru.donmai.us/posts/123"}
WORK = {"board": "pixiv", "number": 45, "address": "https://www.pixiv.net/artworks/45"}


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("https://danbooru.donmai.us/posts/123", {0}),
        ("http://danbooru.donmai.us/posts/123/?q=anya", {0}),
        ("danbooru:123", {0}),
        ("https://www.pixiv.net/artworks/45", {1, 2}),
        ("https://www.pixiv.net/en/artworks/45", {1, 2}),
        ("pixiv:45", {1, 2}),
    ],
)
def test_the_pictures_of_a_post_are_traced_by_the_address_of_its_page(
    magritte: Magritte, store: FolderStore, gathering: str, words: str, places: set[int]
) -> None:
    kept = {"origin": "123", "image": IMAGES[0], "provenance": {"post": POST}}
    pages = [{"origin": "45_p0", "image": IMAGES[1], "provenance": {"post": WORK}}]
    pages += [{"origin": "45_p1", "reason": "banned", "detail": "", "post": {**WORK, "page": 1}}]
    found = dict(zip(ENTRIES, [kept, *pages], strict=False))
    publish(store, "scraper", list_entries(store, gathering, found))
    assert entries(magritte("trace", words, "--json")) == {ENTRIES[place] for place in places}


def test_a_file_is_traced_by_its_path_from_here_and_from_the_root(
    magritte: Magritte, listed: str, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = json.loads(store.get(keys.recipe(listed)))
    recipe["sources"][0]["folder"] = str(tmp_path / "pictures")
    store.put(keys.recipe(listed), json.dumps(recipe).encode())
    (tmp_path / "pictures" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "pictures" / "deep")
    for words in ("Épée 03.PNG", "./Épée 03.PNG", "../deep/Épée 03.PNG", f"{tmp_path}/pictures/deep/Épée 03.PNG"):
        assert entries(magritte("trace", words, "--json")) == {ENTRIES[3]}


def test_several_that_may_be_meant_are_listed_with_what_became_of_them(
    magritte: Magritte, store: FolderStore, listed: str
) -> None:
    dropped = ImageDropped(run=listed, entry=ENTRIES[1], stage="deduper", reason=Reason.CORRUPT)
    publish(store, "deduper", dropped)
    result = magritte("trace", "épée")
    assert isinstance(result.exception, NotFound)
    assert str(result.exception) == f"30 pictures of run {listed} can be meant by épée: give more of the name"
    lines = result.stdout.splitlines()
    assert len(lines) == 22
    assert "deep/Épée 00.PNG" in lines[1]
    assert "in-dataset" in lines[1]
    assert "dropped deduper corrupt" in lines[2]
    assert lines[-1] == "... and 10 more"


def test_as_json_all_that_may_be_meant_are_listed(magritte: Magritte, listed: str) -> None:
    result = magritte("trace", "épée 1", "--json")
    assert isinstance(result.exception, NotFound)
    matches = json.loads(result.stdout)["matches"]
    assert [match["name"] for match in matches] == [f"deep/Épée {number}.PNG" for number in range(10, 20)]
    assert matches[0] == {
        "item": ENTRIES[10], "name": "deep/Épée 10.PNG", "fate": "undecided", "stage": "", "reason": ""
    }  # fmt: skip


@pytest.mark.parametrize("words", ["../../x", "/", "\0", "x" * 5000, "*", "runs/anya-001", "ffffff", "\udce9"])
def test_what_nobody_knows_is_said_with_run_and_store(
    magritte: Magritte, store: FolderStore, gathering: str, words: str
) -> None:
    result = magritte("trace", words)
    if words == "/":
        assert "30 pictures" in str(result.exception)
        return
    assert isinstance(result.exception, NotFound)
    assert str(result.exception) == f"run {gathering} in {store.root} knows nothing of {words}"


@pytest.mark.parametrize("words", ["", "  "])
def test_nothing_at_all_is_wrong_usage(magritte: Magritte, gathering: str, words: str) -> None:
    assert magritte("trace", words).exit_code == 2


def test_the_run_itself_can_be_traced(magritte: Magritte, store: FolderStore, run: str) -> None:
    publish(store, "tfrecord-packer", packed(run))
    [record] = json.loads(magritte("trace", "run", "--json").stdout)
    assert record["type"] == "dataset-packed"


def packed(run: str) -> Message:
    return Message.types["dataset-packed"].model_validate({"run": run, "version": 1, "digest": IMAGES[0]})


def test_what_a_server_says_is_neither_markup_nor_acts_on_the_screen(
    magritte: Magritte, store: FolderStore, run: str
) -> None:
    detail = "noai [/b] \x1b[31m\x9b31m\u202e:smile:\n"
    dropped = ImageDropped(run=run, entry=ENTRIES[0], stage="scraper", reason=Reason.OPTED_OUT, detail=detail)
    publish(store, "scraper", dropped)
    traced = magritte("trace", ENTRIES[0])
    assert traced.exit_code == 0, traced.exception
    together = "".join(line.rstrip() for line in traced.stdout.splitlines()).replace(" ", "")
    assert not {"\x1b", "\x9b", "\u202e"} & set(traced.stdout)
    assert "[/b]" in together


def test_a_batch_of_the_journal_that_is_cut_short_is_named_and_the_rest_is_told(
    magritte: Magritte, store: FolderStore, listed: str
) -> None:
    store.put(keys.journal(listed, 1), b'{"type":"image-fetched","v":1,')
    traced = magritte("trace", ENTRIES[0])
    assert traced.exit_code == 0, traced.exception
    assert "face-normalized" in traced.stdout
    assert traced.stderr.count("journal/00000001.jsonl has been cut short or damaged") == 1


def test_stray_files_beside_the_journal_change_nothing(magritte: Magritte, store: FolderStore, listed: str) -> None:
    before = magritte("status", "--json").stdout
    for name in ("X (conflicted copy).jsonl", "Thumbs.db"):
        (store.root / keys.journal(listed) / name).write_bytes(b"")
    traced = magritte("status", "--json")
    assert (traced.exit_code, traced.stdout) == (0, before)


def test_status_goes_on_where_statistics_are_cut_short(magritte: Magritte, store: FolderStore, run: str) -> None:
    legs.pack(store, run)
    snapshot = legs.complete(store, run, 1)
    store.put(snapshot.key("stats.jsonl"), b'{"kimg": 1, "lo')
    traced = magritte("status")
    assert traced.exit_code == 0, traced.exception
    assert "network" in traced.stdout
    assert f"{snapshot.key('stats.jsonl')} has been cut short or damaged" in traced.stderr


@pytest.mark.parametrize("content", [b"", b'{"name": "anya"', b'{"name": "anya", "sources": [], "sharpness": 1}'])
@pytest.mark.parametrize(
    "words",
    [
        ("status",), ("status", "--json"), ("watch",), ("trace", "a.png"), ("resume",), ("cancel",), ("fetch",),
        ("verify",), ("draw",), ("quality",),
    ],
)  # fmt: skip
def test_a_recipe_record_that_cannot_be_read_ends_a_command_with_a_sentence(
    magritte: Magritte, store: FolderStore, run: str, words: tuple[str, ...], content: bytes
) -> None:
    store.put(keys.dataset_version(run, 1), json.dumps({"digest": IMAGES[0]}).encode())
    store.put(keys.recipe(run), content)
    error = magritte(*words).exception
    assert isinstance(error, Unreadable | NotFound)
    assert words[0] in ("verify", "quality") or str(error).startswith(f"recipes/{run}.json ")


def test_a_store_without_runs_says_where_it_is(magritte: Magritte, store: FolderStore) -> None:
    for words in (("status",), ("trace", "a.png"), ("fetch",)):
        assert str(magritte(*words).exception) == f"no run at all in this store ({store.root})"


def test_dead_letters_that_cannot_be_read_are_named(magritte: Magritte, store: FolderStore, run: str) -> None:
    store.put(keys.dead(run, "deduper", "a"), b"")
    traced = magritte("dead", "list")
    assert traced.exit_code == 0, traced.exception
    assert "nothing is dead" in traced.stdout
    assert f"skipped dead/{run}/deduper/a.json" in traced.stderr
