from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.contract.egress_policy import EgressPolicy
from shared.contract.environment import DanbooruEnvironment, FetchingEnvironment
from shared.contract.errors import SettingsError
from shared.settings import read_variables


def test_nothing_private_is_within_reach_unless_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAGRITTE_PRIVATE_NETWORKS", raising=False)
    assert read_variables(FetchingEnvironment).egress == EgressPolicy()
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "10.0.0.7")
    assert read_variables(FetchingEnvironment).egress == EgressPolicy.of("10.0.0.7")


def test_caches_are_where_the_user_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert FetchingEnvironment().cache == Path("/caches/magritte")


@pytest.mark.parametrize("unset", [True, False])
def test_or_else_they_are_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, unset: bool) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    if unset:
        monkeypatch.delenv("XDG_CACHE_HOME")
    assert FetchingEnvironment().cache == Path.home() / ".cache" / "magritte"


def test_networks_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "192.168.1.0/24 10.0.0.300")
    with pytest.raises(SettingsError, match=r"^MAGRITTE_PRIVATE_NETWORKS: .*10\.0\.0\.300"):
        read_variables(FetchingEnvironment)


def test_the_key_of_an_account_may_lie_in_a_file_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAGRITTE_DANBOORU_LOGIN", "anya")
    (tmp_path / "magritte_danbooru_api_key").write_text("s3cret")
    found = read_variables(DanbooruEnvironment, tmp_path)
    assert (found.danbooru_login, found.danbooru_api_key.get_secret_value()) == ("anya", "s3cret")
    assert "s3cret" not in f"{found!r} {found.model_dump_json()}"


def test_an_account_is_for_its_own_board_alone() -> None:
    account = DanbooruEnvironment(danbooru_login="anya", danbooru_api_key=SecretStr("s3cret"))
    for own in ("https://danbooru.donmai.us", "https://Danbooru.donmai.us/"):
        assert account.at(own).danbooru_login == "anya"
    for other in ("http://danbooru.donmai.us", "https://donmai.us", "https://danbooru.donmai.us.example.net", ""):
        assert (account.at(other).danbooru_login, account.at(other).danbooru_api_key.get_secret_value()) == ("", "")


@pytest.mark.parametrize("variable", ["MAGRITTE_DANBOORU_LOGIN", "MAGRITTE_DANBOORU_API_KEY"])
def test_half_of_an_account_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "s3cret")
    with pytest.raises(SettingsError, match="set both MAGRITTE_DANBOORU_LOGIN and") as refused:
        read_variables(DanbooruEnvironment)
    assert "s3cret" not in str(refused.value)
