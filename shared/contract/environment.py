"""Settings of stages from the environment: a stage declares a model of its own variables, all with one prefix."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
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


class DanbooruEnvironment(Environment):
    """Variables of whoever signs in at a Danbooru; without them it is asked as a visitor."""

    danbooru_login: str = Field("", description="name of an account of the Danbooru that recipes name")
    danbooru_api_key: SecretStr = Field(SecretStr(""), description="API key of that account, of its profile; a secret")

    @field_validator("danbooru_api_key")
    @classmethod
    def _goes_with_a_login(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        if bool(info.data.get("danbooru_login")) != bool(key.get_secret_value()):
            raise ValueError("set both MAGRITTE_DANBOORU_LOGIN and MAGRITTE_DANBOORU_API_KEY, or neither")
        return key
