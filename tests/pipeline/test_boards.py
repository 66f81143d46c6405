"""Boards that stop answering in the middle of a run, from the command to the data set."""

import json
from collections import Counter

from tests.pipeline.conftest import RECIPE, Workplace, drawings, workplace
from tests.servers.boards import faults
from tests.servers.boards.danbooru import Account, Danbooru, Fault, Faults, Mixture, Rules
from tests.servers.boards.danbooru_client import EVERYTHING
from tests.servers.boards.pixiv import Pixiv

__all__ = ["drawings", "workplace"]  # fixtures

POSTS = Mixture(posts=12, size=(64, 64), hidden=0, deleted=0)
SOON = 120.0


def recipe(board: Danbooru, pause: float = 0) -> str:
    source = {"tags": [EVERYTHING], "address": board.address, "pause": pause}
    return RECIPE.replace("[{", "[{danbooru: " + json.dumps(source) + "}, {")


def run(workplace: Workplace, **environment: str) -> tuple[int, str]:
    reachable = {"MAGRITTE_PRIVATE_NETWORKS": "127.0.0.1", **environment}
    process = workplace.start("run", str(workplace.root / "recipe.yaml"), **reachable)
    out, err = process.communicate(timeout=SOON)
    return process.returncode, out + err


def test_a_board_that_sends_a_challenge_is_left_alone_and_gone_on_with_later(workplace: Workplace) -> None:
    with Danbooru(POSTS, around=Faults(Fault(faults.challenge(), "/original/*", after=5, times=1))) as board:
        workplace.write_recipe(recipe(board))
        code, said = run(workplace)
        assert code == 75
        assert "127.0.0.1" in said
        assert "goes on later" in said
        assert len(board.log.requests_for("/original/*")) == 6
        assert run(workplace)[0] == 0
        files = Counter(entry.path for entry in board.log.requests_for("/original/*"))
    assert (len(files), files.total()) == (12, 13)
    assert len(board.log.requests_for("/posts.json")) == 2
    fates = {each["reason"]: each["pictures"] for each in workplace.status()["fates"]}
    assert sum(fates.values()) == workplace.status()["pictures"]


def test_a_wrong_key_is_a_wrong_setting_by_the_exit_code_and_the_variable_is_named(workplace: Workplace) -> None:
    with Danbooru(POSTS, Rules(accounts={"anya": Account("right")})) as board:
        workplace.write_recipe(recipe(board))
        of_anya = {"MAGRITTE_DANBOORU_ADDRESS": board.address, "MAGRITTE_DANBOORU_LOGIN": "anya"}
        code, said = run(workplace, MAGRITTE_DANBOORU_API_KEY="wr0ng", **of_anya)
        assert code == 2
        assert "correct MAGRITTE_DANBOORU_LOGIN and MAGRITTE_DANBOORU_API_KEY" in said
        assert "wr0ng" not in said
        assert run(workplace, MAGRITTE_DANBOORU_API_KEY="right", **of_anya)[0] == 0


def test_without_a_token_a_search_on_pixiv_ends_with_the_exit_code_of_a_wrong_setting(workplace: Workplace) -> None:
    with Pixiv() as board:
        source = {"pixiv": {"word": "margot", "addresses": {"api": board.address}}}
        workplace.write_recipe(RECIPE.replace("[{", "[" + json.dumps(source) + ", {"))
        code, said = run(workplace)
    assert code == 2
    assert "MAGRITTE_PIXIV_REFRESH_TOKEN" in said


def test_the_folder_beside_a_board_that_refuses_is_brought_in(workplace: Workplace) -> None:
    with Danbooru(POSTS, around=Faults(Fault(faults.challenge(), "/posts.json"))) as board:
        workplace.write_recipe(recipe(board))
        code, _ = run(workplace)
    assert code == 75
    assert workplace.status()["pictures"] >= 8


def test_two_runs_of_one_machine_ask_a_board_at_the_pace_of_one(workplace: Workplace) -> None:
    others = Workplace(workplace.root / "others")
    others.pictures.mkdir(parents=True)
    pause = 0.2
    with Danbooru(POSTS) as board:
        for place in (workplace, others):
            place.write_recipe(recipe(board, pause=pause))
        reachable = {"MAGRITTE_PRIVATE_NETWORKS": "127.0.0.1"}
        processes = [each.start("run", str(each.root / "recipe.yaml"), **reachable) for each in (workplace, others)]
        for process in processes:
            _, err = process.communicate(timeout=SOON)
            assert process.returncode == 0, err
        assert len(board.log.requests_for("/original/*")) == 2 * 12
        assert board.log.smallest_pause >= 0.9 * pause


def test_a_board_that_gallery_dl_lists_is_gone_on_with_after_a_challenge(workplace: Workplace) -> None:
    with Danbooru(POSTS, around=Faults(Fault(faults.challenge(), "/posts.json", times=1))) as board:
        source = {"address": f"{board.address}/posts?tags={EVERYTHING}", "software": "Danbooru", "pause": 0}
        workplace.write_recipe(RECIPE.replace("[{", "[{gallery: " + json.dumps(source) + "}, {"))
        code, said = run(workplace)
        assert code == 75
        assert "wants a person" in said
        assert run(workplace)[0] == 0
        assert len(board.log.requests_for("/original/*")) == 12
    fates = {each["reason"]: each["pictures"] for each in workplace.status()["fates"]}
    assert sum(fates.values()) == workplace.status()["pictures"]
