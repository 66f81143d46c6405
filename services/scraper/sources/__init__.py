"""Where pictures come from. A new kind of source is a section of the recipe, a module here and a line
in `SOURCES`."""

from collections.abc import Callable
from typing import Any

from services.scraper.sources.addresses import AddressesSource
from services.scraper.sources.danbooru.source import DanbooruSource
from services.scraper.sources.folder import FolderSource
from services.scraper.sources.gallery.source import GallerySource
from services.scraper.sources.pixiv.source import PixivSource
from services.scraper.sources.source import Conditions, Fetched, Item, Page, Source
from shared.contract.post import Post
from shared.recipe import danbooru, gallery, pixiv, sources
from shared.recipe.section import Section

__all__ = ["SOURCES", "Conditions", "Fetched", "Item", "Page", "Post", "Source", "open_source"]

SOURCES: dict[type[Section], Callable[[Any, Conditions], Source]] = {
    sources.FolderSource: FolderSource,
    sources.AddressesSource: AddressesSource,
    danbooru.DanbooruSource: DanbooruSource,
    pixiv.PixivSource: PixivSource,
    gallery.GallerySource: GallerySource,
}


def open_source(section: sources.Source, conditions: Conditions) -> Source:
    """Open the source that a part of a recipe asks for; close it after use."""
    return SOURCES[type(section)](section, conditions)
