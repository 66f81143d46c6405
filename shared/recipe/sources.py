"""Sources of pictures: one section per kind of source."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Field, Tag, ValidationInfo, field_validator

from shared.recipe.danbooru import DanbooruSource
from shared.recipe.gallery import GallerySource
from shared.recipe.own_folders import check_apart
from shared.recipe.pixiv import PixivSource
from shared.recipe.section import Section, StoredFile, present


class FolderSource(Section):
    """All pictures in a folder, at any depth."""

    folder: Path
    score: int = Field(
        0, description="of equally good copies of a picture that of the source with the higher score is kept"
    )

    @field_validator("folder")
    @classmethod
    def _is_a_folder(cls, folder: Path, info: ValidationInfo) -> Path:
        absolute = present(folder, info, "folder")
        if info.context is not None:
            check_apart(absolute, info.context["own_folders"])
        return absolute


class AddressesSource(Section):
    """Pictures by http or https address: a list, or a text file with one address per line (# starts a comment)."""

    urls: tuple[str, ...] | StoredFile | Path
    score: int = Field(
        0, description="of equally good copies of a picture that of the source with the higher score is kept"
    )
    pause: float = Field(1.0, ge=0, le=60, description="0 to 60 seconds between two requests to the same host")
    timeout: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="seconds after which the request of a picture is given up, redirects and retries included",
    )

    @field_validator("urls", mode="before")
    @classmethod
    def _is_no_single_address(cls, urls: Any) -> Any:
        if isinstance(urls, str) and urls.startswith(("http://", "https://")):
            raise ValueError(f"write a list, even of one address: [{urls!r}]")
        return urls

    @field_validator("urls")
    @classmethod
    def _file_is_there(
        cls, urls: tuple[str, ...] | StoredFile | Path, info: ValidationInfo
    ) -> tuple[str, ...] | StoredFile | Path:
        return present(urls, info) if isinstance(urls, Path) else urls


KINDS: dict[str, type[Section]] = {
    "folder": FolderSource,
    "urls": AddressesSource,
    "danbooru": DanbooruSource,
    "pixiv": PixivSource,
    "gallery": GallerySource,
}
"""Kinds of sources by the field that each has and no other."""


def _kind_of_source(value: Any) -> str | None:
    """Return the tag of a source by its fields; None if they are those of no kind."""
    keys = value if isinstance(value, dict) else vars(value) if isinstance(value, BaseModel) else ()
    kind = next((kind for key, kind in KINDS.items() if key in keys), None)
    if kind is None and keys and not set(keys) & set(FolderSource.model_fields):
        return None
    return (kind or FolderSource).__name__


Source = Annotated[
    Annotated[FolderSource, Tag(FolderSource.__name__)]
    | Annotated[AddressesSource, Tag(AddressesSource.__name__)]
    | Annotated[DanbooruSource, Tag(DanbooruSource.__name__)]
    | Annotated[PixivSource, Tag(PixivSource.__name__)]
    | Annotated[GallerySource, Tag(GallerySource.__name__)],
    Discriminator(_kind_of_source),
]


def tells_tags(source: Source) -> bool:
    """Say whether a source tells tags of its pictures."""
    return not isinstance(source, FolderSource | AddressesSource)


def name_of(source: Source) -> str:
    """Return the words by which a person knows a source of a recipe."""
    if isinstance(source, FolderSource):
        return str(source.folder)
    if isinstance(source, AddressesSource):
        return f"{len(source.urls)} addresses" if isinstance(source.urls, tuple) else str(source.urls)
    if isinstance(source, PixivSource):
        return f"{source.pixiv.word} at Pixiv"
    if isinstance(source, GallerySource):
        return source.gallery.address
    return f"{' '.join(source.danbooru.tags)} at {source.danbooru.address}"


def pause_of(source: Source) -> float:
    """Return the seconds between two requests of a source to one host."""
    if isinstance(source, FolderSource):
        return 0.0
    if isinstance(source, AddressesSource):
        return source.pause
    if isinstance(source, GallerySource):
        return source.gallery.pause
    return source.pixiv.pause if isinstance(source, PixivSource) else source.danbooru.pause
