"""Takes the background of crops away as a recipe says, by models that are each loaded once per process."""

import threading

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from services.normalizer.background import Fill, covered, refilled
from services.normalizer.matte import MatteModel
from shared import onnx_model
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Objects
from shared.models.model_file import Fetching, ModelFile, digest_of, read_model
from shared.pictures import flatten
from shared.recipe.background import Background, Channels, MatteInput, WithoutFigure
from shared.recipe.recipe import Recipe

MOST_BYTES = 2_000_000_000
"""Known models have 5 to 1,000 MB."""

METHOD = 1
"""Counts changes of how backgrounds are replaced, with which pictures on record are of no use."""


class Separation(BaseModel):
    """Everything that the replaced background of a crop depends on beside the crop; `named` says where the model is."""

    model_config = ConfigDict(frozen=True)

    method: int = METHOD
    model: str
    library: str
    input: MatteInput
    side: int | None
    mean: Channels | None
    deviation: Channels | None
    fill: Fill
    smallest: float
    without_figure: WithoutFigure
    named: Background = Field(exclude=True)


class Backgrounds:
    """The models of all recipes in use, each at work with `threads`. May be asked from several threads at once."""

    def __init__(self, fetching: Fetching, threads: int = 1) -> None:
        self._fetching = fetching
        self._threads = threads
        self._lock = threading.Lock()
        self._models: dict[Background, MatteModel] = {}

    def separation(self, recipe: Recipe) -> Separation | None:
        """Return how a recipe has backgrounds replaced; None where they stay. Raises `RunUnusable` without its file."""
        wanted = recipe.background
        if not wanted.model:
            return None
        ways = wanted.model_dump(include={"input", "side", "mean", "deviation", "smallest", "without_figure"})
        return Separation(
            model=digest_of(_file(wanted), self._fetching),
            library=onnx_model.library_version(),
            fill=recipe.normalized.pad if wanted.fill == "pad" else wanted.fill,
            named=wanted,
            **ways,
        )

    def model(self, wanted: Background, store: Objects | None) -> MatteModel:
        """Return a recipe's model, which has proven that it works; `store` is where its file may lie."""
        with self._lock:
            if wanted not in self._models:
                data = read_model(_file(wanted), self._fetching, store)
                self._models[wanted] = MatteModel(data, wanted, self._threads)
            return self._models[wanted]


def separated(image: Image.Image, background: str, model: MatteModel, rules: Separation) -> Image.Image | Drop:
    """Return an RGB or RGBA crop as RGB with another background; a drop where the model sees no figure on it.

    The model sees it on the plain colour `background`, and so is a crop without a figure that is kept.
    """
    flat = flatten(image, background)
    matte = model.matte(flat)
    share = covered(matte)
    if share and share >= rules.smallest:
        return refilled(flat, matte, image.getchannel("A") if image.mode == "RGBA" else None, rules.fill)
    if rules.without_figure is WithoutFigure.KEEP:
        return flat
    seen = f"the model sees a figure on {share:.1%} of it, and one has at least {rules.smallest:.1%}"
    return Drop(Reason.NO_FIGURE, f"{seen} (background.smallest)")


def _file(wanted: Background) -> ModelFile:
    return ModelFile("background", wanted.model, wanted.sha256, MOST_BYTES)
