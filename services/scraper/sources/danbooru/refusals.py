"""What the refusals of a Danbooru's API mean to a person. Pure."""

from typing import Any

from shared.contract.errors import AccountRefused, HostRefuses, MagritteError, RunUnusable, Transient

_VARIABLES = "MAGRITTE_DANBOORU_LOGIN and MAGRITTE_DANBOORU_API_KEY"
_TOO_MANY_TAGS = "PostQuery::TagLimitError"


def refusal(status: int, body: Any, address: str, has_login: bool) -> MagritteError:
    """Return the error of an answer that is no listing: it names the field of the recipe, and a remedy.

    What will never work is `RunUnusable`, with another account `AccountRefused`.
    """
    error, message = (str(body.get(name, "")) for name in ("error", "message")) if isinstance(body, dict) else ("", "")
    said = ": ".join(filter(None, (f"HTTP {status}", error[:80], message[:200])))
    who = f"{address} ({said})"
    if error == "ActiveRecord::QueryCanceled":
        return Transient(
            f"danbooru.tags: {who} gave the search up, as it takes too long. Name a rarer tag, use `order: newest`, or "
            f"set {_VARIABLES}, since searches of accounts may take longer"
        )
    if status == 401:
        remedy = f"correct {_VARIABLES}, or take both away" if has_login else f"set {_VARIABLES}"
        return AccountRefused(f"danbooru.address: {who} does not know the login or API key: {remedy}")
    if status == 422:
        kind = AccountRefused if error == _TOO_MANY_TAGS else RunUnusable
        return kind(f"danbooru.tags: {who} does not take the search{_remedy(error, has_login)}")
    return _of_the_address(status, who)


def _remedy(error: str, has_login: bool) -> str:
    if error != _TOO_MANY_TAGS:
        return ": correct the names of tags"
    account = "this account" if has_login else "a visitor"
    return f": it has too many tags for {account}. Name fewer; an `order` other than newest counts as one"


def _of_the_address(status: int, who: str) -> MagritteError:
    if status == 403:
        return HostRefuses(f"danbooru.address: {who} lets this client or account look at nothing: ask its staff")
    if status in (404, 405):
        return RunUnusable(f"danbooru.address: {who} is no Danbooru: write the address of its first page")
    if status == 410:
        return RunUnusable(f"danbooru.order: {who} has no more numbered pages: set `limit`, or `order: newest`")
    return Transient(f"danbooru.address: {who} does not answer the search: run again later")
