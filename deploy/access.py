"""What each container may do in the store and at the broker: derived from what its stages declare. Pure.

The command line's user, `OPERATOR`, makes bucket and queues and does what people ask for; `MONITOR` looks at the
broker's figures. A stage makes nothing, sees its own queues, and writes what it makes and nothing else.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from shared.bus.topology import DEAD, WORK, Topology, dead_queue, lanes
from shared.contract import keys
from shared.contract.declaration import Declaration, Pipeline
from shared.contract.patterns import (
    ARRIVALS,
    CHECKPOINTS,
    JOURNALS,
    LISTINGS,
    RANKINGS,
    RETRY_FAILED,
    RUN_TRAININGS,
    STATES,
    VERDICTS,
    open_ended,
)

OPERATOR = "magritte"
MONITOR = "monitor"

PROBES = "probe/*"
"""Keys that `prepare` creates and removes to see that the store works."""

SALT_BYTES = 4


@dataclass(frozen=True)
class StoreRights:
    """Patterns of the keys that may be read, written and deleted; `*` stands for anything, as in S3 policies.

    Names may be listed everywhere: S3 servers tell only those who may that an object does not exist. They are
    digests, counters and names of runs.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    deletes: tuple[str, ...] = ()

    def allow(self, does: str, key: str) -> bool:
        """Return whether `does`, one of `reads`, `writes` and `deletes`, is allowed at `key`."""
        return any(fnmatchcase(key, pattern) for pattern in getattr(self, does))


@dataclass(frozen=True)
class BrokerRights:
    """Regular expressions of the names that may be declared and deleted, written to, and read."""

    configure: str
    write: str
    read: str


OPERATOR_STORE = StoreRights(
    reads=("*",),
    writes=(
        *("recipes/*", "files/*", RETRY_FAILED, VERDICTS, "dead/*", keys.CONTROLS + "*", PROBES),
        *(RUN_TRAININGS, *RANKINGS),  # by `magritte train` and `rank`
        *(LISTINGS, ARRIVALS, JOURNALS, CHECKPOINTS, STATES),  # by `magritte convert`
        open_ended(keys.action("face-detector", "*")),  # by `magritte faces compare --run`: what it has searched
    ),
    deletes=(keys.CONTROLS + "*", CHECKPOINTS, PROBES),
)


def store_rights(stages: Sequence[Declaration]) -> StoreRights:
    """Return a container's rights in the store: what its stages declare, and what the runtime does for every stage."""
    name = stages[0].name
    records = open_ended(keys.action(name, "*"))
    letters = [open_ended(keys.dead("*", stage.queue, "*")) for stage in stages]
    suspects = [open_ended(keys.suspect("*", stage.queue, "*")) for stage in stages]
    keeps_events = any(event.kept for stage in stages for event in stage.emits)
    events = [open_ended(keys.event("*", name, "*"))] if keeps_events else []
    reads, writes, deletes = (
        [pattern for stage in stages for pattern in getattr(stage, does)] for does in ("reads", "writes", "deletes")
    )
    return StoreRights(
        reads=_distinct(*reads, open_ended(keys.recipe("*")), keys.CONTROLS + "*", records, *letters, *suspects),
        writes=_distinct(*writes, records, *letters, *suspects, *events, PROBES),
        deletes=_distinct(*deletes, PROBES),
    )


def _distinct(*patterns: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(patterns))


def store_users(pipeline: Pipeline) -> dict[str, StoreRights]:
    """Return the rights of every user of the store, by name."""
    return {name: store_rights(stages) for name, stages in pipeline.containers.items()} | {OPERATOR: OPERATOR_STORE}


def s3_policy(rights: StoreRights, bucket: str, prefix: str = "", principal: str | None = None) -> dict[str, Any]:
    """Write `rights` as a policy in AWS' language, which Ceph and others read too: of a user, or of a bucket.

    `prefix` is the one of `MAGRITTE_STORE=s3://BUCKET/PREFIX`; `principal` is the user that a bucket's policy names.
    """
    arn = f"arn:aws:s3:::{bucket}"
    below = f"{arn}/{prefix}/" if prefix else f"{arn}/"
    whose: dict[str, Any] = {"Principal": {"AWS": [principal]}} if principal else {}

    def statement(actions: Sequence[str], resources: Iterable[str]) -> dict[str, Any]:
        return {"Effect": "Allow", **whose, "Action": list(actions), "Resource": list(resources)}

    return {
        "Version": "2012-10-17",
        "Statement": [
            statement(["s3:ListBucket"], [arn]),
            statement(["s3:GetObject"], [below + pattern for pattern in rights.reads]),
            statement(["s3:PutObject", "s3:AbortMultipartUpload"], [below + pattern for pattern in rights.writes]),
            statement(["s3:DeleteObject"], [below + pattern for pattern in rights.deletes]),
        ],
    }


def bucket_policy(pipeline: Pipeline, bucket: str, prefix: str = "") -> dict[str, Any]:
    """Write the policies of all users as one policy of the bucket, for Ceph, which identifies users by name alone.

    The bucket's owner is not exempt: objects belong to whoever has put them.
    """
    users = store_users(pipeline).items()
    policies = [s3_policy(rights, bucket, prefix, f"arn:aws:iam:::user/{user}") for user, rights in users]
    return {**policies[0], "Statement": [statement for policy in policies for statement in policy["Statement"]]}


def broker_rights(stages: Sequence[Declaration]) -> BrokerRights:
    """Return a container's rights at the broker: publish, and consume its own queues.

    A queue is chosen by the key of a message, on which RabbitMQ has no permissions: a stage that may publish may
    write into any queue.
    """
    exchanges = f"{re.escape(WORK)}|{re.escape(DEAD)}|{_RUNGS}"
    own = [name for stage in stages for name in lanes(stage.inbox)]
    return BrokerRights(configure="^$", write=f"^({exchanges})$", read=_any_of(own))


_RUNGS = r"magritte\.delay\..+"


def operator_broker_rights(pipeline: Pipeline) -> BrokerRights:
    """Return the command line's rights at the broker: declare, write and read whatever is Magritte's, nothing else."""
    names = [name for queue in pipeline.queues for name in (*lanes(queue), dead_queue(queue.name))]
    everything = _any_of([WORK, DEAD, *names], _RUNGS)
    return BrokerRights(everything, everything, everything)


def broker_users(pipeline: Pipeline) -> dict[str, BrokerRights]:
    """Return the rights of every user of the broker, by name."""
    nothing = BrokerRights("^$", "^$", "^$")
    return {name: broker_rights(stages) for name, stages in pipeline.containers.items()} | {
        OPERATOR: operator_broker_rights(pipeline),
        MONITOR: nothing,
    }


def definitions(
    pipeline: Pipeline, hashes: Mapping[str, str], pauses: tuple[float, ...], vhost: str = "/"
) -> dict[str, Any]:
    """Return users, permissions and topology as RabbitMQ imports them, so that no stage needs to declare anything.

    `hashes` are the users' `password_hash`es, `pauses` the seconds of the retries.
    """
    topology = Topology(pipeline.queues, pauses)
    durable = {"vhost": vhost, "durable": True, "auto_delete": False}
    return {
        "users": [_user(name, hashed) for name, hashed in hashes.items()],
        "vhosts": [{"name": vhost}],
        "permissions": [
            {"user": name, "vhost": vhost, **vars(rights)} for name, rights in broker_users(pipeline).items()
        ],
        "exchanges": [
            {"name": each.name, "type": each.kind, "internal": False, "arguments": {}, **durable}
            for each in topology.exchanges()
        ],
        "queues": [{"name": each.name, "arguments": each.arguments, **durable} for each in topology.broker_queues()],
        "bindings": [
            {
                "source": each.exchange.name,
                "destination": each.name,
                "destination_type": "queue",
                "routing_key": each.key,
                "arguments": {},
                "vhost": vhost,
            }
            for each in topology.broker_queues()
        ],
    }


def password_hash(password: str, salt: bytes) -> str:
    """Hash a password as RabbitMQ does: four bytes of salt, and the SHA-256 of them and the password, in base64."""
    return b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def is_hash_of(hashed: str, password: str) -> bool:
    """Return whether `hashed` is a `password_hash` of `password`."""
    try:
        salt = b64decode(hashed, validate=True)[:SALT_BYTES]
    except ValueError:
        return False
    return password_hash(password, salt) == hashed


def _user(name: str, hashed: str) -> dict[str, Any]:
    return {
        "name": name,
        "password_hash": hashed,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ["monitoring"] if name == MONITOR else [],
    }


def _any_of(names: Iterable[str], *expressions: str) -> str:
    return f"^({'|'.join([*map(re.escape, names), *expressions])})$"
