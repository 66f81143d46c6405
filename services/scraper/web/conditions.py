"""Conditions that a run sets to everything that fetches for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.scraper.web.hosts import Hosts
from shared.contract.egress_policy import EgressPolicy
from shared.contract.environment import DanbooruEnvironment
from shared.contract.night import Night
from shared.contract.objects import Objects

if TYPE_CHECKING:  # they know these conditions
    from services.scraper.sources.pixiv.session import PixivSession


@dataclass(frozen=True)
class Conditions:
    """Conditions that every source keeps to.

    These are the largest file it may read, whether it shall stop, which addresses it may connect to, and the hosts
    that it shares with all other sources of the process. `contact` is how to reach who asks, and `danbooru` is the
    account at Danbooru, if there is one. Pixiv is asked as the account of the session `pixiv`, which outlives the
    sources. In `store` a source may remember what it was answered. At `night` hosts are asked for nothing.
    """

    max_bytes: int
    stopping: Callable[[], bool]
    egress: EgressPolicy = field(default_factory=EgressPolicy)
    hosts: Hosts = field(default_factory=Hosts)
    contact: str = ""
    danbooru: DanbooruEnvironment = field(default_factory=DanbooruEnvironment.model_construct)
    store: Objects | None = None
    night: Night | None = None
    pixiv: "PixivSession | None" = None
