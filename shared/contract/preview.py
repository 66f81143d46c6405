"""A preview of a source of a recipe: what it lists, and what would be taken of that."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class TagCount(BaseModel):
    """The number of posts that a board has with a tag; of a tag without any, the numbers of `similar` ones."""

    model_config = ConfigDict(frozen=True)

    name: str
    posts: int
    similar: Mapping[str, int] = Field(default_factory=dict)


class SourcePreview(BaseModel):
    """A preview of a source, as far as its listing has been gone through. Nothing of it has been fetched.

    Attributes:
        kind: of the source: folder, address, danbooru
        name: of the source, such as its folder or its tags
        pages: of the listing that were asked for
        complete: whether these were all
        listed: files, addresses or posts on these pages
        counted: posts of the whole search as the board counts or estimates them; None where it was not asked
        taken: of those that were listed, those that nothing speaks against
        dropped: numbers of the others, by reason
        unreadable: number of those whose description could not be read
        bytes: of all that are taken, where the board says it
        without_size: number of those that are taken of which nobody says the size
        seconds: that fetching takes at least, by the pauses between two requests
        artists: numbers of posts that are taken, by artist, the most frequent first
        tags: the same by tag that says what is to be seen
        characters: the same by tag that names a character
        thumbnails: addresses of small pictures of the first that are taken
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    name: str
    pages: int = 0
    complete: bool = False
    listed: int = 0
    counted: int | None = None
    taken: int = 0
    dropped: Mapping[str, int] = Field(default_factory=dict)
    unreadable: int = 0
    bytes: int = 0
    without_size: int = 0
    seconds: float = 0.0
    artists: Mapping[str, int] = Field(default_factory=dict)
    tags: Mapping[str, int] = Field(default_factory=dict)
    characters: Mapping[str, int] = Field(default_factory=dict)
    thumbnails: tuple[str, ...] = ()
