"""The index of a run, written down and taken up again."""

from pathlib import Path
from random import Random

import pytest

from services.deduper import checkpoint, judging
from services.deduper.judging import Judging, Rules
from services.deduper.likeness import Eyes, Looking
from services.deduper.open_index import OpenIndex
from services.deduper.run_index import RunIndex
from shared.contract import keys
from shared.contract.messages import ImageFingerprinted, Judgement, KeeperSettled
from shared.contract.objects import Objects
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.duplicates import Duplicates
from shared.store import FolderStore

RULES, RUN = Rules("anya", Duplicates()), "run-001"


def fingerprints(count: int) -> list[ImageFingerprinted]:
    """Fingerprints of pictures, of which about half are a copy of an earlier one, larger or smaller."""
    random, found = Random(1), list[ImageFingerprinted]()
    for number in range(count):
        hashes = {name: f"{random.getrandbits(64):016x}" for name in _HASHES}
        if found and random.random() < 0.5:
            like = random.choice(found)
            hashes = {name: getattr(like, name) for name in _HASHES}
            hashes["phash"] = f"{int(hashes['phash'], 16) ^ (1 << random.randrange(64)):016x}"
        about = {
            "run": RUN,
            "entry": f"{number:020x}",
            "image": random.randbytes(32).hex(),
            "score": random.randrange(3),
        }
        size = {"width": random.randrange(100, 999), "height": 100, "lossless": random.random() < 0.5}
        found.append(ImageFingerprinted.model_validate({**about, **size, **hashes}))
    return found


_HASHES = ("phash", "mirrored_phash")


def alike(one: str, other: str, kind: Reason) -> float:
    """The doubt about a pair: half of all are copies, whichever way round."""
    return (int(one, 16) ^ int(other, 16)).bit_count() % 2 * 1.5


EYES = Eyes(alike, lambda image: 1 + int(image[:2], 16))


class Fixed(Looking):
    """Sees what `alike` says, without looking at originals."""

    def within(self, store: Objects) -> Eyes:
        return EYES


class Counting(FolderStore):
    """A store that notes which arrivals are read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.arrivals: list[str] = []

    def get(self, key: str) -> bytes:
        if "/arrivals/" in key:
            self.arrivals.append(key.rpartition("/")[2])
        return super().get(key)


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "Looking", Fixed)
    monkeypatch.setattr(checkpoint, "LEAST", 10)


def judged(store: FolderStore, messages: list[ImageFingerprinted], stage: Judging | None = None) -> list[Judgement]:
    stage = stage or Judging()
    return [judgement for message in messages for judgement in stage.process(message, RULES, Context(store))]


def written(store: FolderStore) -> list[int]:
    return [keys.parse_index(key) for key in store.list(keys.index(RUN))]


def test_an_index_that_was_written_down_decides_as_the_one_that_went_on(store: Counting) -> None:
    first, later = fingerprints(300)[:200], fingerprints(300)[200:]
    opened = OpenIndex(RunIndex(RULES.duplicates))
    opened.note([opened.judge(number, message, EYES) for number, message in enumerate(first, 1)], 1)
    fallen = [KeeperSettled(run=RUN, entry=message.entry, out=True) for message in first[::3]]
    opened.note([opened.judge(number, each, EYES) for number, each in enumerate(fallen, 201)], 201)
    checkpoint.write(store, RUN, opened)
    again = checkpoint.newest(store, RUN, RULES.duplicates)
    assert (again.batches, again.notices, again.arrivals) == (opened.batches, opened.notices, 200 + len(fallen))
    back = [KeeperSettled(run=RUN, entry=message.entry, out=False) for message in first[::6]]
    decisions = [opened.judge(1, cause, EYES).decisions for cause in (*later, *back)]
    assert sum(map(len, decisions)) > len(later) + len(back)
    assert [again.judge(1, cause, EYES).decisions for cause in (*later, *back)] == decisions


def test_a_new_process_reads_the_newest_checkpoint_and_what_came_after_it(store: Counting, tmp_path: Path) -> None:
    messages = fingerprints(100)
    undisturbed = judged(FolderStore(tmp_path / "other"), messages)
    before = judged(store, messages[:75])
    newest = written(store)[-1]
    assert 40 < newest <= 75
    store.arrivals.clear()
    assert before + judged(store, messages[75:]) == undisturbed
    assert store.arrivals[0] == f"{newest + 1:08d}.jsonl"
    assert len(set(store.arrivals)) <= 76 - newest


def test_only_the_last_two_are_kept(store: Counting) -> None:
    judged(store, fingerprints(120))
    assert len(written(store)) == 2


def test_what_was_judged_before_a_checkpoint_is_answered_as_it_was(store: Counting) -> None:
    messages = fingerprints(40)
    first = judged(store, messages)
    assert judged(store, messages) == first


@pytest.mark.parametrize("damage", [b"", b"PK", b"x" * 1000])
def test_a_damaged_checkpoint_is_passed_over(store: Counting, damage: bytes, tmp_path: Path) -> None:
    messages = fingerprints(100)
    undisturbed = judged(FolderStore(tmp_path / "other"), messages)
    before = judged(store, messages[:60])
    store.put(keys.index(RUN, written(store)[-1]), damage)
    assert before + judged(store, messages[60:]) == undisturbed


def test_a_checkpoint_of_another_version_is_passed_over(store: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(store, fingerprints(40))
    monkeypatch.setattr(checkpoint, "VERSION", checkpoint.VERSION + 1)
    found = checkpoint.newest(store, RUN, RULES.duplicates)
    assert (len(found.index), found.batches, found.arrivals) == (0, {}, 0)


def test_a_stray_file_among_the_checkpoints_is_passed_over(store: Counting) -> None:
    judged(store, fingerprints(40))
    (store.root / keys.index(RUN) / "copy.npz").write_bytes(b"x")
    assert checkpoint.newest(store, RUN, RULES.duplicates).arrivals == written_without_stray(store)[-1]


def written_without_stray(store: FolderStore) -> list[int]:
    return [keys.parse_index(key) for key in store.list(keys.index(RUN)) if not key.endswith("copy.npz")]
