from services.magritte.data_card import card
from shared.contract import keys
from shared.contract.messages import Decision
from shared.ledger.verdicts import Verdict, give
from shared.runs.registry import read_state, run_recipe
from shared.store import FolderStore
from tests.services.magritte.trained_runs import faces, pack, ranked
from tests.services.magritte.verdict_runs import IMAGES

__all__ = ["faces", "ranked"]


def card_of(store: FolderStore, run: str) -> list[str]:
    dataset = read_state(store, run).dataset
    assert dataset is not None
    return card(store, run, dataset).splitlines()


def test_the_card_has_every_version_and_the_verdicts_that_made_it(store: FolderStore, ranked: str) -> None:
    character = run_recipe(store, ranked).name
    for face in (0, None):
        give(store, character, Verdict(image=IMAGES[1], face=face, decision=Decision.DROP, who="somebody", why="ugly"))
    store.put(keys.dataset("02" * 32, keys.DATA_CARD), b"# Data card: anya\n\nfrom boards\n")
    pack(store, ranked, 2, (0, 2), verdicts=[1, 2])
    lines = card_of(store, ranked)
    assert lines[:3] == ["# Data card: anya", "", "from boards"]
    assert "| 1 |  | 3 | 3 | 0 | `" + "01" * 32 + "` |" in lines
    assert "| 2 | 1 | 2 | 0 | 1 | `" + "02" * 32 + "` |" in lines
    assert "| drop | a face | 1 |" in lines
    assert "| drop | a picture | 1 |" in lines
    assert not [line for line in lines if "somebody" in line or "ugly" in line or str(store.root) in line]


def test_a_data_set_that_follows_no_verdicts_says_so(store: FolderStore, ranked: str) -> None:
    lines = card_of(store, ranked)
    assert lines[0] == "# Data card: anya"
    assert "No person has decided anything about pictures of this version." in lines
