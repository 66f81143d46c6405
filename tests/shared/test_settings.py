import os
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from shared.contract.environment import Environment
from shared.contract.errors import SettingsError
from shared.settings import LogFormat, Settings, read_variables, settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("MAGRITTE_")]:
        monkeypatch.delenv(name)


def test_there_is_a_default_for_everything() -> None:
    found = settings()
    assert found.store == "folder:./magritte-data"
    assert (found.bus, found.retry_pauses) == ("memory:", (10.0, 60.0, 600.0))
    assert found.log is None
    assert found.threads >= 1


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"STORE": "folder:/data", "THREADS": "3", "LOG": "json", "METRICS_PORT": "9000"}.items():
        monkeypatch.setenv(f"MAGRITTE_{name}", value)
    found = settings()
    assert (found.store, found.threads, found.log, found.metrics_port) == ("folder:/data", 3, LogFormat.JSON, 9000)


def test_an_unknown_variable_with_our_prefix_is_an_error_that_names_it_and_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAGRITTE_STOER", "folder:/data")
    with pytest.raises(SettingsError, match=r"unknown environment variable MAGRITTE_STOER; there are .*MAGRITTE_STORE"):
        settings()


def test_variables_without_our_prefix_are_none_of_our_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "elsewhere")
    monkeypatch.setenv("MAGRITTES_STORE", "elsewhere")
    assert settings() == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("THREADS", "0"), ("THREADS", "many"), ("LOG", "xml"), ("LOG_LEVEL", "loud"), ("METRICS_PORT", "70000")],
)
def test_an_unusable_value_is_an_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"MAGRITTE_{name}", value)
    with pytest.raises(SettingsError, match=f"^MAGRITTE_{name}: "):
        settings()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A folder such as containers have, with more in it than our settings."""
    for name, text in {
        "magritte_bus": "amqp://u:hidden@b\n",
        "magritte_s3_secret_key": "sesame",
        "grafana": "g",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_secrets_are_read_from_files(secrets: Path) -> None:
    found = settings(secrets=secrets)
    assert (found.bus, found.s3_secret_key.get_secret_value()) == ("amqp://u:hidden@b", "sesame")


def test_secrets_are_read_as_kubernetes_mounts_them(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_24").mkdir()
    (tmp_path / "..2026_11_24" / "magritte_bus").write_text("amqp://b")
    (tmp_path / "..data").symlink_to("..2026_11_24")
    (tmp_path / "magritte_bus").symlink_to("..data/magritte_bus")
    assert settings(secrets=tmp_path).bus == "amqp://b"


def test_the_environment_wins_over_files(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_BUS", "amqp://elsewhere")
    assert settings(secrets=secrets).bus == "amqp://elsewhere"


def test_without_the_folder_there_are_no_secrets(tmp_path: Path) -> None:
    assert settings(secrets=tmp_path / "gone") == Settings()


def test_a_misspelt_secret_is_an_error_that_names_it(secrets: Path) -> None:
    (secrets / "magritte_bsu").write_text("amqp://b")
    with pytest.raises(SettingsError, match=r"unknown secret magritte_bsu; there are .*MAGRITTE_BUS"):
        settings(secrets=secrets)


def test_a_secret_that_is_no_text_is_an_error_that_names_it(secrets: Path) -> None:
    (secrets / "magritte_bus").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r'"bus" from source "SecretsSettingsSource": .* decode byte'):
        settings(secrets=secrets)


def test_settings_can_be_printed_without_telling_secrets(secrets: Path) -> None:
    found = settings(secrets=secrets)
    printed = f"{found} {found!r} {found.bus!r} {[found.bus]}"
    assert "amqp://***@b" in printed
    assert "hidden" not in printed
    assert "sesame" not in printed


def test_what_is_no_list_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_RETRY_PAUSES", "10, 20")
    with pytest.raises(SettingsError, match="retry_pauses"):
        settings()


@pytest.mark.parametrize(
    "address", ["amqp://u:hidden@h/v", "amqp//u:hidden@h", "u:hidden@h", "amqp://u:hi@hidden@h", "amqp://u:\nhidden@h"]
)
def test_even_a_wrong_address_does_not_tell_its_password(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MAGRITTE_BUS", address)
    assert "hidden" not in repr(settings())


class Login(Environment):
    """Variables that a stage could declare."""

    board_token: SecretStr = SecretStr("")
    board_pause: float = 1.0
    home: str = Field("", validation_alias="SOME_HOME")


def test_what_a_stage_declares_is_known_and_named_among_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_BOARD_PAUSE", "2")
    assert settings([Login]) == Settings()
    with pytest.raises(SettingsError, match="unknown environment variable MAGRITTE_BOARD_PAUSE"):
        settings()
    monkeypatch.setenv("MAGRITTE_BOARD_PAUS", "2")
    with pytest.raises(SettingsError, match="there are MAGRITTE_BOARD_PAUSE, MAGRITTE_BOARD_TOKEN, MAGRITTE_BUS, "):
        settings([Login])


def test_a_stage_s_own_variables_are_read_from_the_environment_and_from_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAGRITTE_BOARD_PAUSE", "2")
    monkeypatch.setenv("SOME_HOME", "/home")
    (tmp_path / "magritte_board_token").write_text("sesame")
    found = read_variables(Login, tmp_path)
    assert (found.board_pause, found.home, found.board_token.get_secret_value()) == (2.0, "/home", "sesame")
    assert "sesame" not in repr(found)
    assert settings([Login], tmp_path) == Settings()


def test_an_unusable_variable_of_a_stage_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_BOARD_PAUSE", "long")
    with pytest.raises(SettingsError, match=r"^MAGRITTE_BOARD_PAUSE: "):
        read_variables(Login)
