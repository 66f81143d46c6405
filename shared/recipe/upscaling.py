"""The recipe's section on enlarging small crops."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.recipe.section import Section


class UpscalingModel(StrEnum):
    """Models that enlarge: three of waifu2x, and Real-CUGAN."""

    CUNET = "cunet"
    UPCONV_ANIME = "upconv_7_anime_style_art_rgb"
    UPCONV_PHOTO = "upconv_7_photo"
    REALCUGAN = "realcugan"


Noise = Literal["auto"] | Annotated[int, Field(ge=-1, le=3)]


class Upscaling(Section):
    """Rules for enlarging, by waifu2x or Real-CUGAN, crops that are smaller than `normalized.size`."""

    enabled: bool = Field(
        True,
        description=(
            "false: crops that are smaller than `normalized.size` are enlarged by Lanczos only, or padded "
            "(`normalized.fit`)"
        ),
    )
    model: UpscalingModel = Field(
        UpscalingModel.UPCONV_ANIME,
        description=(
            "upconv_7_anime_style_art_rgb, upconv_7_photo, cunet (finer lines, takes twice as long) or realcugan "
            "(firmer lines, takes three times as long, needs magritte[realcugan])"
        ),
    )
    noise: Noise = Field(
        "auto",
        description=(
            "strength of the removal of JPEG artefacts: -1 (none), 0, 1, 2, 3 (strongest) or auto (none for lossless "
            "files, the more the lower a JPEG's quality is)"
        ),
    )
