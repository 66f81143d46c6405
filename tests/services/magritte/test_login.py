"""`magritte login` at a loopback Pixiv, in a process of its own: the code comes while it waits."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from services.magritte.login import TOKEN_FILE
from services.magritte.pipeline import PIPELINE, checked_settings
from shared.contract.environment import PixivEnvironment
from shared.settings import read_declared, read_variables
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault, Faults
from tests.servers.boards.pixiv import Pixiv
from tests.servers.boards.pixiv_client import SMALL, refreshed

REPOSITORY = Path(__file__).parents[3]


class Login:
    """A `magritte login pixiv` under way."""

    def __init__(self, folder: Path, board: str, *words: str) -> None:
        self.before = ""
        command = [sys.executable, "-m", "services.magritte", "login", "pixiv", "--api", board, "--sign-in", board]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        self.process = subprocess.Popen([*command, *words], cwd=folder, env=environment, text=True, **pipes)

    def address(self) -> str:
        """The address to sign in at, as soon as it is printed."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.before += line
            if line.startswith("http"):
                return line.strip()
        raise AssertionError(self.before)

    def end(self, line: str) -> tuple[int, str, str]:
        """Enter a line, and return the exit code and what is printed after the address."""
        pipes = self.process.stdin, self.process.stdout, self.process.stderr
        assert None not in pipes
        pipes[0].write(f"{line}\n")
        pipes[0].close()
        out, err = pipes[1].read(), pipes[2].read()  # and no communicate(), which knows nothing of lines read ahead
        return self.process.wait(60), out, err


Begin = Callable[..., Login]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts `magritte login pixiv` in a folder of its own."""
    started: list[Login] = []

    def begin(board: str, *words: str) -> Login:
        started.append(Login(tmp_path, board, *words))
        return started[-1]

    yield begin
    for login in started:
        login.process.kill()
        login.process.wait()
        for pipe in (login.process.stdin, login.process.stdout, login.process.stderr):
            assert pipe
            pipe.close()


def place(address: str) -> str:
    """Where a browser ends that signs in at an address."""
    location: str = httpx.get(address, trust_env=False).headers["location"]
    return location


def code(address: str) -> str:
    return parse_qs(urlsplit(place(address)).query)["code"][0]


@pytest.mark.parametrize("copied", [code, place, lambda address: f"  '{place(address)}' "])
def test_a_code_or_the_address_that_it_is_in_becomes_a_token_in_a_file_of_one_s_own(
    begin: Begin, tmp_path: Path, copied: Callable[[str], str]
) -> None:
    with Pixiv(SMALL) as board:
        login = begin(board.address, "--code-from-stdin")
        exit_code, out, err = login.end(copied(login.address()))
        file = tmp_path / TOKEN_FILE
        token = file.read_text().strip()
        assert (exit_code, err) == (0, "")
        with httpx.Client(base_url=board.address, trust_env=False) as client:
            assert refreshed(client, token).status_code == 200
    assert file.stat().st_mode & 0o777 == 0o600
    assert token not in out
    assert f"The token is in {TOKEN_FILE}." in out
    assert f'MAGRITTE_PIXIV_REFRESH_TOKEN="$(cat {TOKEN_FILE})"' in out


def test_a_person_is_led_through_it(begin: Begin, tmp_path: Path) -> None:
    with Pixiv(SMALL) as board:
        login = begin(board.address, "--to", "my token")
        address = login.address()
        exit_code, out, _ = login.end(code(address))
        form = board.log.requests_for("/auth/token")[0]
    assert exit_code == 0
    assert "In a browser, open the tools for developers (F12)" in login.before
    assert out.index("Copy the code, or all of the address. It is good for 30 seconds.") < out.index("The token is in")
    assert (tmp_path / "my token").read_text().startswith("refresh-")
    assert address.startswith(f"{board.address}/web/v1/login?code_challenge=")
    assert form.headers["user-agent"].startswith("PixivIOSApp/")


def test_a_file_that_is_there_keeps_its_rights(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    (tmp_path / "token").chmod(0o640)
    with Pixiv(SMALL) as board:
        login = begin(board.address, "--code-from-stdin", "--to", "token")
        assert login.end(code(login.address()))[0] == 0
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "token").read_text().startswith("refresh-")


def test_every_sign_in_has_a_challenge_of_its_own(begin: Begin) -> None:
    with Pixiv(SMALL) as board:
        addresses = {begin(board.address, "--code-from-stdin").address() for _ in range(2)}
    assert len(addresses) == 2


def test_a_code_that_is_over_or_of_another_sign_in_is_refused_and_nothing_is_written(
    begin: Begin, tmp_path: Path
) -> None:
    with Pixiv(SMALL) as board:
        other = begin(board.address, "--code-from-stdin").address()
        login = begin(board.address, "--code-from-stdin")
        login.address()
        found = login.end(code(other))
    assert found == (
        1,
        "",
        "magritte: Pixiv takes no such code (HTTP 400: Invalid authorization code). It is good for 30 seconds, once: "
        "begin again\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_without_a_code_nothing_is_asked_for(begin: Begin, tmp_path: Path) -> None:
    with Pixiv(SMALL) as board:
        exit_code, _, err = begin(board.address, "--code-from-stdin").end("")
        assert board.log == []
    assert exit_code == 1
    assert "there is no code in that" in err
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_may_be_asked_later(begin: Begin) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.hang_up(), "/auth/token"))) as board:
        login = begin(board.address, "--code-from-stdin")
        exit_code, _, err = login.end(code(login.address()))
    assert exit_code == 75
    assert "/auth/token cannot be asked: " in err


def test_an_answer_that_is_a_page_is_a_refusal(begin: Begin) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.html_page(), "/auth/token"))) as board:
        login = begin(board.address, "--code-from-stdin")
        exit_code, _, err = login.end(code(login.address()))
    assert exit_code == 1
    assert "Pixiv takes no such code (HTTP 200)." in err


def test_the_scraper_reads_the_token_from_the_environment_or_from_its_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / TOKEN_FILE.name).write_text("of the file\n")
    monkeypatch.delenv("MAGRITTE_PIXIV_REFRESH_TOKEN", raising=False)
    assert read_variables(PixivEnvironment, tmp_path).pixiv_refresh_token.get_secret_value() == "of the file"
    monkeypatch.setenv("MAGRITTE_PIXIV_REFRESH_TOKEN", "of the environment")
    checked_settings(tmp_path)
    scraper = PIPELINE.containers["scraper"][0]
    found = read_declared(scraper, tmp_path)
    assert isinstance(found, PixivEnvironment)
    assert found.pixiv_refresh_token.get_secret_value() == "of the environment"
    assert "of the environment" not in repr(found)
