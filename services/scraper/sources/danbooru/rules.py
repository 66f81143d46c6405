"""The rules of a recipe's section, by which a post is taken or not. Pure."""

from services.scraper.sources import rules
from shared.contract.post import Post
from shared.contract.reasons import Drop, Reason
from shared.recipe.danbooru import Danbooru


def broken_rule(post: Post, wanted: Danbooru) -> Drop | None:
    """Return the first rule of the recipe that a post breaks, None if it is wanted."""
    return _rating(post, wanted) or rules.broken_rule(post, wanted)


def _rating(post: Post, wanted: Danbooru) -> Drop | None:
    if post.rating in wanted.ratings:
        return None
    return Drop(Reason.WRONG_RATING, f"rated {post.rating or 'nothing'}, not {' or '.join(wanted.ratings)}")
