"""Where the parts live: settings from the environment, prefix `MAGRITTE_`. What a person wants is in the recipe."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, PositiveFloat, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSettings

from shared.contract.errors import SettingsError
from shared.contract.reach import Reach

_PREFIX = "MAGRITTE_"

SECRETS = Path("/run/secrets")
"""Where containers find secrets as files, such as `magritte_bus`. The environment wins over them."""


PICTURE_SECONDS = 180.0
"""Of a picture's time limit. What takes longest, a large crop enlarged on one busy core, takes a tenth of it."""


class LogFormat(StrEnum):
    """Formats of log lines."""

    JSON = "json"
    PRETTY = "pretty"


class HiddenAddress(str):
    """An address that can hold a password, which its `repr` does not show."""

    def __repr__(self) -> str:
        return repr(re.sub(r"^(\w*[:/]*).*@", r"\1***@", self, flags=re.DOTALL))


def _networks(text: str) -> str:
    Reach.of(text)
    return text


class Settings(BaseSettings):
    """All settings, with their defaults for `magritte run` on one machine."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    bus: Annotated[str, AfterValidator(HiddenAddress)] = Field(
        "memory:", description="memory: or amqp://user:password@host:port/vhost"
    )
    store: str = Field("folder:./magritte-data", description="where objects are kept: folder:PATH or s3://BUCKET")
    s3_endpoint: str = Field("", description="address of the S3 server, such as http://localhost:8333")
    s3_public_endpoint: str = Field("", description="its address as browsers see it; empty: the same")
    s3_region: str = Field("us-east-1", description="region that requests are signed for")
    s3_access_key: SecretStr = Field(SecretStr(""), description="access key of the S3 server")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="secret key of the S3 server")
    retry_pauses: tuple[PositiveFloat, ...] = Field(
        (10.0, 60.0, 600.0), min_length=1, description="seconds between the attempts at an item, as a JSON list"
    )
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="compute threads per stage")
    log: LogFormat | None = Field(None, description="json or pretty; unset: json for a stage, else pretty")
    log_level: str | None = Field(
        None,
        pattern="^(debug|info|warning|error)$",
        description="least level to log; unset: info for a stage, else warning",
    )
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="port of /metrics, /healthz and /readyz; 0: none; unset: 9464 for a stage"
    )
    grace: PositiveFloat = Field(60.0, description="seconds that a stage may go on with what it is at when told to end")
    item_seconds: PositiveFloat | None = Field(
        None, description="seconds after which one message counts as hanging and the process ends; unset: by stage"
    )
    picture_seconds: PositiveFloat = Field(
        PICTURE_SECONDS, description="seconds that a stage may take for one picture; it is tried twice, then dropped"
    )
    private_networks: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="networks beside the public internet that pictures and models may come from: 192.168.1.0/24"
    )
    fail_fast: bool = Field(False, description="end at once if broker or store are not there yet, instead of waiting")


def settings(secrets: Path = SECRETS) -> Settings:
    """Return the settings in the environment and in the folder `secrets`, if there is one.

    Raises `SettingsError` for an unknown or unusable variable or file.
    """
    is_there = secrets.is_dir()
    known = {_PREFIX + name.upper() for name in Settings.model_fields}
    files = (path.name for path in secrets.iterdir()) if is_there else ()
    for kind, names in (("environment variable", os.environ), ("secret", files)):
        unknown = sorted(name for name in names if name.upper().startswith(_PREFIX) and name.upper() not in known)
        if unknown:
            raise SettingsError(f"unknown {kind} {unknown[0]}; there are {', '.join(sorted(known))}")
    try:
        return Settings(_secrets_dir=secrets if is_there else None)
    except ValidationError as error:
        problem = error.errors()[0]
        raise SettingsError(f"{_PREFIX}{str(problem['loc'][0]).upper()}: {problem['msg']}") from error
    except UnreadableSettings as error:
        raise SettingsError(f"{error}: {error.__cause__}") from error
