"""What follows from an answer that is none: how long to wait, and whether to ask again."""

from services.scraper.web.address import key_of
from services.scraper.web.answers import Later
from services.scraper.web.call import Call
from services.scraper.web.hosts import Hosts
from services.scraper.web.politeness import Politeness, spoken

_ATTEMPTS_IN_A_ROW = 2
"""Attempts of a call after another that its host has refused to the end."""


def put_off(hosts: Hosts, politeness: Politeness, call: Call, trouble: Later) -> bool:
    """Hold the host for as long as it wants, and return whether to ask again after that.

    Raises `HostRefuses` if there was nothing but trouble with it of late.
    """
    host, attempts = key_of(call.url), politeness.attempts
    if trouble.seconds is not None and trouble.seconds > politeness.longest_wait:
        hosts.closed(host, f"answered {trouble.detail} and wants a pause of {spoken(trouble.seconds)}", trouble.seconds)
        return False
    if trouble.refused:
        if hosts.refused(host, call, trouble.detail, trouble.seconds, politeness) > 1:
            attempts = min(attempts, _ATTEMPTS_IN_A_ROW)
    else:
        hosts.hold(host, politeness.doubled(call.attempts) if trouble.seconds is None else trouble.seconds)
    if call.attempts < attempts:
        return True
    hosts.failed(host, trouble.detail, politeness)
    return False
