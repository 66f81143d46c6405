"""What is written down about an entry."""

from services.scraper.fetch_record import FetchRecord
from services.scraper.listing import described
from services.scraper.sources import Item, Post
from shared.contract.reasons import Drop, Reason
from shared.pictures import Limits
from shared.recipe.pictures import Pictures

POST = Post(board="b.example", number=1, address="https://b.example/posts/1")
FAILED = FetchRecord("run-001", Limits.of(Pictures()), drop=Drop(Reason.FETCH_FAILED, "HTTP 500"))


def test_of_a_picture_that_could_not_be_fetched_the_post_is_kept() -> None:
    found = described(Item("1", "https://b.example/1.png", post=POST), FAILED)
    assert (found["reason"], found["post"]["address"]) == (Reason.FETCH_FAILED, POST.address)
    assert "post" not in described(Item("1", "https://b.example/1.png"), FAILED)
