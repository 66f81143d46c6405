import os

import pytest

from shared.errors import SettingsError
from shared.settings import LogFormat, Settings, settings


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
