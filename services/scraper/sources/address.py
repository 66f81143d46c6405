"""Addresses as they are shown to a person."""

from services.scraper.web.address import shown

__all__ = ["shown"]
