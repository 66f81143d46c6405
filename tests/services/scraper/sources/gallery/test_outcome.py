import pytest

from services.scraper.sources.gallery.outcome import shown, trouble
from shared.contract.errors import HostRefuses, RunUnusable, Transient

ADDRESS = "https://board.example/posts?tags=margot&key=secret"


def http(status: int, what: str = "HttpError") -> str:
    return f"[board][error] {what}: '{status} Some Words' for 'https://board.example/posts.json?api_key=secret'"


@pytest.mark.parametrize("said", [[], ["[board][warning] Unable to fetch download URL for post 5 (md5: None)"]])
def test_a_listing_that_ends_well_is_whole(said: list[str]) -> None:
    assert trouble(0, said, ADDRESS) is None


def test_an_error_without_an_exit_code_is_one_all_the_same() -> None:
    error = trouble(0, ["[gelbooru][error] Incomplete API response (missing 'post')"], ADDRESS)
    assert isinstance(error, Transient)
    assert "Incomplete API response" in str(error)


@pytest.mark.parametrize(
    ("code", "said", "kind", "words"),
    [
        (64, "[gallery-dl][error] Unsupported URL 'https://board.example/posts'", RunUnusable, "knows no such board"),
        (16, "[board][error] AuthRequired: 'api-key' needed", RunUnusable, "to accounts alone"),
        (4, http(401), RunUnusable, "to accounts alone"),
        (32, "[board][error] InputError: something", RunUnusable, "does not take the address"),
        (2, "gallery-dl: error: unrecognized arguments", RunUnusable, "does not take the address"),
        (8, http(403, "ChallengeError: Cloudflare challenge"), HostRefuses, "wants a person"),
        (4, http(403), HostRefuses, "refuses to be asked"),
        (4, http(429), HostRefuses, "goes on later"),
        (4, http(404), RunUnusable, "no such page"),
        (4, http(422), RunUnusable, "does not take the search"),
        (4, "[board][error] NotFoundError: Requested user could not be found", RunUnusable, "no such page"),
        (4, http(503), Transient, "503"),
        (4, http(408), Transient, "408"),
        (4, "[board][error] HttpError: NewConnectionError: refused", Transient, "refused"),
        (1, "[board][error] An unexpected error occurred: JSONDecodeError", Transient, "JSONDecodeError"),
        (128, "[board][error] Unable to download data:  OSError: No space left", Transient, "No space left"),
        (5, "", Transient, "has not said why"),
        (-9, "", Transient, "ended with -9"),
    ],
)
def test_each_end_has_its_meaning(code: int, said: str, kind: type[Exception], words: str) -> None:
    error = trouble(code, [said] if said else [], ADDRESS)
    assert type(error) is kind
    assert words in str(error)


def test_the_last_errors_are_told_without_anything_secret() -> None:
    said = [f"[board][error] number {number}" for number in range(9)] + ["[board][warning] none of these"]
    told = str(trouble(4, said, ADDRESS))
    assert "number 8" in told
    assert "number 5" not in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("for 'https://anya:secret@board.example/a?b=secret#secret'", "for 'https://board.example/a'"),
        ("at http://magritte:secret@127.0.0.1:5/ now", "at http://127.0.0.1:5/ now"),
        ("api_key=secret and more", "api_key=..."),
        ("Authorization: Basic secret", "Authorization: ..."),
        ("a" * 400, "a" * 300),
    ],
)
def test_what_may_be_secret_is_not_shown(line: str, expected: str) -> None:
    assert shown(line) == expected
