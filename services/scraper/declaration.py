"""What the scraper declares of itself."""

from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.environment import FetchingEnvironment

SCRAPER = Declaration(
    name="scraper",
    consumes=(m.RunRequested,),
    produces=(m.ImageFetched, m.ImageDropped, m.SourceExhausted),
    longest=24 * 3600.0,  # a source with tens of thousands of pictures, asked politely
    long=True,
    environment=FetchingEnvironment,
    reads=(patterns.LISTINGS, patterns.ORIGINALS, patterns.FILES, patterns.RETRY_FAILED),
    writes=(patterns.LISTINGS, patterns.ORIGINALS),
)
