"""Conditions that a run sets to everything that fetches for it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.scraper.web.hosts import OF_THIS_PROCESS, Hosts
from shared.contract.egress_policy import EgressPolicy
from shared.contract.environment import DanbooruEnvironment
from shared.contract.objects import Objects


@dataclass(frozen=True)
class Conditions:
    """Conditions that every source keeps to.

    These are the largest file it may read, whether it shall stop, which addresses it may connect to, and the hosts
    that it shares with all other sources of the process. `contact` is how to reach who asks, and `danbooru` is the
    account at Danbooru, if there is one. In `store` a source may remember what it was answered; without one it may not.
    """

    max_bytes: int
    stopping: Callable[[], bool]
    egress: EgressPolicy = field(default_factory=EgressPolicy)
    hosts: Hosts = OF_THIS_PROCESS
    contact: str = ""
    danbooru: DanbooruEnvironment = field(default_factory=DanbooruEnvironment.model_construct)
    store: Objects | None = None
