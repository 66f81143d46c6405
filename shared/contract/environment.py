"""Settings of stages from the environment: a stage declares a model of its own variables, all with one prefix."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

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


class CacheEnvironment(Environment):
    """Variables of whoever keeps what comes from the web."""

    cache_home: str = Field("", validation_alias="XDG_CACHE_HOME", description="where caches are kept")

    @property
    def cache(self) -> Path:
        """Folder for what is kept of the web: models, and when hosts may be asked again."""
        return (Path(self.cache_home) if self.cache_home else Path.home() / ".cache") / "magritte"

    @property
    def models(self) -> Path:
        """Folder of the models that recipes call by name."""
        return self.cache.absolute() / "models"


class FetchingEnvironment(CacheEnvironment):
    """Variables of stages and commands that fetch by address."""

    private_networks: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="networks beside the public internet that pictures and models may come from: 192.168.1.0/24"
    )

    @property
    def egress(self) -> EgressPolicy:
        """Return what may be connected to."""
        return EgressPolicy.of(self.private_networks)


class DanbooruEnvironment(Environment):
    """Variables of whoever signs in at a Danbooru; without them it is asked as a visitor."""

    danbooru_address: str = Field(
        "https://danbooru.donmai.us", description="the Danbooru that the account is of; others are asked as a visitor"
    )
    danbooru_login: str = Field("", description="name of an account there")
    danbooru_api_key: SecretStr = Field(SecretStr(""), description="API key of that account, of its profile; a secret")

    @field_validator("danbooru_api_key")
    @classmethod
    def _goes_with_a_login(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        if bool(info.data.get("danbooru_login")) != bool(key.get_secret_value()):
            raise ValueError("set both MAGRITTE_DANBOORU_LOGIN and MAGRITTE_DANBOORU_API_KEY, or neither")
        return key

    def at(self, address: str) -> "DanbooruEnvironment":
        """Return the account for the board that it is of, and none for others, which a recipe may name."""
        own, asked = urlsplit(self.danbooru_address), urlsplit(address)
        is_own = (own.scheme, own.netloc.lower()) == (asked.scheme, asked.netloc.lower())
        return self if is_own else DanbooruEnvironment.model_construct(danbooru_address=address)


class PixivEnvironment(Environment):
    """Variables of whoever signs in at Pixiv: the account's token, and the app that is named to it.

    Pixiv's API is for its own apps, and the preset client is that of its app for iOS, as other programs name it too.
    """

    pixiv_refresh_token: SecretStr = Field(SecretStr(""), description="what `magritte login pixiv` writes; a secret")
    pixiv_client_id: str = Field("MOBrBDS8blbauoSck0ZfDbtuzpyT", description="client that signs in at Pixiv")
    pixiv_client_secret: SecretStr = Field(
        SecretStr("lsACyCD94FhDUtGTXi3QzcFE2uU1hqtDaKeqrdwj"), description="the client's secret, the same for everybody"
    )
    pixiv_user_agent: str = Field(
        "PixivIOSApp/7.13.3 (iOS 14.6; iPhone13,2)", description="name that Pixiv's API and sign-in are told"
    )
