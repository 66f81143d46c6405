import pytest

from shared.contract.egress_policy import EgressPolicy
from shared.contract.environment import FetchingEnvironment
from shared.contract.errors import SettingsError
from shared.settings import read_variables


def test_nothing_private_is_within_reach_unless_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAGRITTE_PRIVATE_NETWORKS", raising=False)
    assert read_variables(FetchingEnvironment).egress == EgressPolicy()
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "10.0.0.7")
    assert read_variables(FetchingEnvironment).egress == EgressPolicy.of("10.0.0.7")


def test_networks_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "192.168.1.0/24 10.0.0.300")
    with pytest.raises(SettingsError, match=r"^MAGRITTE_PRIVATE_NETWORKS: .*10\.0\.0\.300"):
        read_variables(FetchingEnvironment)
