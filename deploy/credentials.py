"""`python -m deploy.credentials FOLDER`: the secrets that docker compose mounts, made once and kept.

    <user>/magritte_bus             address of the broker with the user's password, for every stage and `magritte`
    <user>/magritte_s3_access_key   and magritte_s3_secret_key
    scraper/magritte_pixiv_...      empty until `magritte login pixiv` writes it
    scraper/magritte_danbooru_...   empty until its operator writes it
    monitor, grafana                passwords of the broker's figures and of Grafana's administrator
    rabbitmq-definitions.json       users, permissions, policies and queues, for RabbitMQ to import
    s3.json                         identities, for SeaweedFS' -s3.config
    policies/<user>.json            what the user needs in the bucket, for S3 servers with policies of AWS' kind
    policies/of-bucket.json         all of these in one, for Ceph

What is there stays as it is, so that a second run adds what is new and changes no password. The JSON files are
made anew of the others. The S3 keys are the same for all, because servers differ too much in how they tell users
apart: replace those of a stage by its own where its policy is in force.
"""

import json
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from deploy import access
from deploy.access import MONITOR, OPERATOR
from services.magritte.pipeline import PIPELINE
from shared.contract.environment import PREFIX
from shared.settings import Settings

BUCKET = "magritte"
POLICIES = Path(__file__).parent / "rabbitmq" / "definitions.json"

_USERS = [OPERATOR, *PIPELINE.containers]
_BUS, _ACCESS_KEY, _SECRET_KEY = "magritte_bus", "magritte_s3_access_key", "magritte_s3_secret_key"
_DEFINITIONS = "rabbitmq-definitions.json"
_ACTIONS = ("Admin", "Read", "Write", "List")


def write_credentials(folder: Path) -> None:
    """Write what is missing into `folder`, which nobody but its owner can enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    passwords = {user: _password_of(folder, user) for user in _USERS}
    passwords[MONITOR] = _kept(folder / MONITOR, secrets.token_urlsafe)
    _kept(folder / "grafana", secrets.token_urlsafe)
    access_key, secret_key = _s3_keys(folder)
    for stage in PIPELINE.containers:
        for name in secrets_of(stage):
            _kept(folder / stage / name, str)
    _write(folder / _DEFINITIONS, _definitions(folder / _DEFINITIONS, passwords))
    _write(folder / "s3.json", _identities(access_key, secret_key))
    for user, rights in access.store_users(PIPELINE).items():
        _write(folder / "policies" / f"{user}.json", access.s3_policy(rights, BUCKET))
    _write(folder / "policies" / "of-bucket.json", access.bucket_policy(PIPELINE, BUCKET))


def secrets_of(stage: str) -> list[str]:
    """Return the names of the secrets that a stage has from its operator alone; until then their files are empty."""
    models = [each.environment for each in PIPELINE.containers[stage] if each.environment is not None]
    fields = [field for model in models for field in model.model_fields.items()]
    return [f"{PREFIX}{name}".lower() for name, field in fields if field.default == SecretStr("")]


def _password_of(folder: Path, user: str) -> str:
    """Return the password in a user's address of the broker, writing the address first if it is missing."""
    address = _kept(folder / user / _BUS, lambda: f"amqp://{user}:{secrets.token_urlsafe()}@rabbitmq:5672")
    return unquote(urlsplit(address).password or "")


def _s3_keys(folder: Path) -> tuple[str, str]:
    access_key = _kept(folder / OPERATOR / _ACCESS_KEY, lambda: secrets.token_hex(10).upper())
    secret_key = _kept(folder / OPERATOR / _SECRET_KEY, lambda: secrets.token_urlsafe(30))
    for user in _USERS:
        _kept(folder / user / _ACCESS_KEY, lambda: access_key)
        _kept(folder / user / _SECRET_KEY, lambda: secret_key)
    return access_key, secret_key


def _definitions(path: Path, passwords: Mapping[str, str]) -> dict[str, Any]:
    """Return RabbitMQ's definitions; a password hashed before keeps its salt, so that nothing changes without need."""
    before = json.loads(path.read_text()) if path.exists() else {"users": []}
    known = {user["name"]: user["password_hash"] for user in before["users"]}
    hashes = {user: _hash(password, known.get(user, "")) for user, password in passwords.items()}
    found = access.definitions(PIPELINE, hashes, Settings.model_fields["retry_pauses"].default)
    found["policies"] = json.loads(POLICIES.read_text())["policies"]
    return found


def _hash(password: str, known: str) -> str:
    if access.is_hash_of(known, password):
        return known
    return access.password_hash(password, secrets.token_bytes(access.SALT_BYTES))


def _identities(access_key: str, secret_key: str) -> dict[str, Any]:
    credentials = [{"accessKey": access_key, "secretKey": secret_key}]
    actions = [f"{action}:{BUCKET}" for action in _ACTIONS]
    return {"identities": [{"name": OPERATOR, "credentials": credentials, "actions": actions}]}


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return the text in the file at `path`, writing what `make` returns first if it is missing."""
    if not path.exists():
        _put(path, make())
    return path.read_text().strip()


def _write(path: Path, document: Mapping[str, Any]) -> None:
    _put(path, json.dumps(document, indent=2) + "\n")


def _put(path: Path, text: str) -> None:
    """Write `text` to a file readable by all, as containers have users of their own: the folder keeps others out."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.chmod(0o644)
    new.replace(path)


def main(arguments: list[str]) -> str | None:
    """Write the credentials; return what is wrong with the arguments, or None."""
    if len(arguments) != 1:
        return "usage: python -m deploy.credentials FOLDER"
    write_credentials(Path(arguments[0]))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
