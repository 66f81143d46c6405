"""What the scraper declares of itself."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.environment import DanbooruEnvironment, FetchingEnvironment, PixivEnvironment
from shared.contract.night import Night


def _night(text: str) -> str:
    if text:
        Night.of(text)
    return text


class ScraperEnvironment(DanbooruEnvironment, PixivEnvironment, FetchingEnvironment):
    """Variables of the scraper."""

    contact: str = Field(
        "",
        pattern=r"^[ -~]*$",
        description="an address of yours, of mail or a page, that hosts are told with every request",
    )
    night: Annotated[str, AfterValidator(_night)] = Field(
        "", description="part of the day, local time, in which hosts are asked for nothing: 22:00-07:00"
    )


SCRAPER = Declaration(
    name="scraper",
    consumes=(m.RunRequested, m.ListingDue),
    produces=(m.ImageFetched, m.ImageDropped, m.ListingDue, m.SourceExhausted),
    one_consumer=True,  # or each replica would ask every host at the full pace
    threads=8,  # most of them wait for a host's turn
    longest=6 * 3600.0,  # a page of a thousand pictures, asked politely
    long=True,
    environment=ScraperEnvironment,
    reads=(
        patterns.ANSWERS,
        patterns.LISTINGS,
        patterns.PAGES,
        patterns.ORIGINALS,
        patterns.FILES,
        patterns.RETRY_FAILED,
    ),
    writes=(patterns.ANSWERS, patterns.LISTINGS, patterns.PAGES, patterns.ORIGINALS),
)
