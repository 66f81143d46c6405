"""Settings of stages from the environment: a stage declares a model of its own variables, all with one prefix."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.contract.egress_policy import EgressPolicy

PREFIX = "MAGRITTE_"


class Environment(BaseSettings):
    """Base of all models of variables: a field `fail_fast` is the variable MAGRITTE_FAIL_FAST, or such a secret."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)


def _networks(text: str) -> str:
    EgressPolicy.of(text)
    return text


class FetchingEnvironment(Environment):
    """Variables of stages that fetch by address."""

    private_networks: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="networks beside the public internet that pictures and models may come from: 192.168.1.0/24"
    )

    @property
    def egress(self) -> EgressPolicy:
        """Return what may be connected to."""
        return EgressPolicy.of(self.private_networks)
