"""Settings of the installation, from environment variables with the prefix `MAGRITTE_`: broker, store, logs.

Here is what all containers share; what one stage alone needs is in its declaration.
"""

import os
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, PositiveFloat, SecretStr, ValidationError
from pydantic_settings import SettingsError as UnreadableSettings

from shared.contract.declaration import Declaration
from shared.contract.environment import PREFIX, Environment
from shared.contract.errors import SettingsError

E = TypeVar("E", bound=Environment)

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


class Settings(Environment):
    """The settings that all containers share, with their defaults for `magritte run` on one machine."""

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
    fail_fast: bool = Field(False, description="end at once if broker or store are not there yet, instead of waiting")


def settings(others: Iterable[type[Environment]] = (), secrets: Path = SECRETS) -> Settings:
    """Return the shared settings in the environment and in the folder `secrets`, if there is one.

    Raises `SettingsError` for an unusable variable or file, and for one that neither the shared settings nor the
    models `others` know.
    """
    _refuse_unknown([Settings, *others], secrets)
    return read_variables(Settings, secrets)


def read_variables(kind: type[E], secrets: Path = SECRETS) -> E:
    """Return a model's variables from the environment and the folder `secrets`. Raises `SettingsError`."""
    try:
        return kind(_secrets_dir=secrets if secrets.is_dir() else None)
    except ValidationError as error:
        problem = error.errors()[0]
        raise SettingsError(f"{PREFIX}{str(problem['loc'][0]).upper()}: {problem['msg']}") from error
    except UnreadableSettings as error:
        raise SettingsError(f"{error}: {error.__cause__}") from error


def read_declared(declaration: Declaration, secrets: Path = SECRETS) -> Environment | None:
    """Return the variables that a stage declares, None if it declares none. Raises `SettingsError`."""
    kind = declaration.environment
    return None if kind is None else read_variables(kind, secrets)


def _refuse_unknown(kinds: Iterable[type[Environment]], secrets: Path) -> None:
    known = {variable for kind in kinds for variable in _variables(kind)}
    files = (path.name for path in secrets.iterdir()) if secrets.is_dir() else ()
    for what, names in (("environment variable", os.environ), ("secret", files)):
        unknown = sorted(name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known)
        if unknown:
            raise SettingsError(f"unknown {what} {unknown[0]}; there are {', '.join(sorted(known))}")


def _variables(kind: type[Environment]) -> set[str]:
    """Return the variables of a model that have the prefix; others, such as XDG_CACHE_HOME, are not ours to check."""
    fields = kind.model_fields.items()
    return {PREFIX + name.upper() for name, field in fields if field.validation_alias is None}
