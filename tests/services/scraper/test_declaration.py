"""The scraper's own variables."""

import pytest
from pydantic import ValidationError

from services.scraper.declaration import ScraperEnvironment


def test_a_night_is_a_part_of_the_day() -> None:
    assert ScraperEnvironment(night="22:00-07:00").night == "22:00-07:00"
    assert ScraperEnvironment().night == ""
    with pytest.raises(ValidationError, match="no part of the day"):
        ScraperEnvironment(night="late")
