"""Asks a Danbooru about the tags of a recipe, before a search that would find nothing."""

from collections.abc import Iterator
from contextlib import closing

from services.scraper.asking import conditions_of, hosts_of
from services.scraper.declaration import ScraperEnvironment
from services.scraper.sources.danbooru.source import DanbooruSource
from services.scraper.sources.pixiv.session import PixivSession
from shared.contract.preview import TagCount
from shared.recipe.danbooru import DanbooruSource as Section

SIMILAR = 8
"""Tags that are named in place of one that there is not."""


def tag_counts(section: Section, environment: ScraperEnvironment) -> Iterator[TagCount]:
    """Yield how many posts each tag of a section has, and similar tags of one that has none."""
    conditions = conditions_of(environment, PixivSession(environment), hosts_of(environment))
    with closing(DanbooruSource(section, conditions)) as source:
        for name in section.danbooru.tags:
            posts = source.tags({"search[name]": name}).get(name, 0)
            words = "*".join(name.replace("(", " ").replace(")", " ").replace("_", " ").split())
            similar = {} if posts else source.tags({"search[name_matches]": f"*{words}*", "search[order]": "count"})
            yield TagCount(name=name, posts=posts, similar=dict(list(similar.items())[:SIMILAR]))
