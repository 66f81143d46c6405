"""What the scraper declares of itself."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.environment import FetchingEnvironment, PixivEnvironment


class ScraperEnvironment(PixivEnvironment, FetchingEnvironment):
    """Variables of the scraper."""


SCRAPER = Declaration(
    name="scraper",
    consumes=(m.RunRequested, m.ListingDue),
    produces=(m.ImageFetched, m.ImageDropped, m.ListingDue, m.SourceExhausted),
    one_consumer=True,  # or each replica would ask every host at the full pace
    threads=8,  # most of them wait for a host's turn
    longest=6 * 3600.0,  # a page of a thousand pictures, asked politely
    long=True,
    environment=ScraperEnvironment,
    reads=(patterns.LISTINGS, patterns.PAGES, patterns.ORIGINALS, patterns.FILES, patterns.RETRY_FAILED),
    writes=(patterns.LISTINGS, patterns.PAGES, patterns.ORIGINALS),
)
