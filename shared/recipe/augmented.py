"""The recipe's section on altered copies of pictures, which are written into the data set beside them."""

from pydantic import Field, model_validator

from shared.recipe.section import Section


class Augmented(Section):
    """Altered copies of pictures in the data set. Off: ADA does it better, and G learns no alterations of it."""

    copies: int = Field(
        0,
        ge=0,
        le=20,
        description=(
            "altered copies of each picture that are packed beside it. 0: none, which is better with `training: "
            "{preset: character}` or another that has ADA: that alters what D sees, as far as D overfits, and not what "
            "G learns to draw. For trainings elsewhere, and as people do it by hand"
        ),
    )
    mirror: bool = Field(True, description="true: half of the copies are mirrored; false where left and right differ")
    rotation: float = Field(
        5,
        ge=0,
        le=45,
        description="degrees that a copy is turned at most; what is missing is filled with the mirror image",
    )
    crop: float = Field(
        0.08, ge=0, le=0.5, description="0 to 0.5; share of the side that is cut off at most, and enlarged again"
    )
    brightness: float = Field(0.1, ge=0, le=0.9, description="0 to 0.9; how far it is made darker or brighter at most")
    contrast: float = Field(0.1, ge=0, le=0.9, description="0 to 0.9; likewise of contrast")
    saturation: float = Field(0.1, ge=0, le=0.9, description="0 to 0.9; likewise of saturation")
    hue: float = Field(
        0,
        ge=0,
        le=180,
        description="degrees that hues are turned at most; hair and eyes change their colour with them",
    )
    sharpen: float = Field(
        0.5, ge=0, le=3, description="strength of an unsharp mask at most, 1 is plain to see; 0: none"
    )

    @model_validator(mode="after")
    def _alters_something(self) -> "Augmented":
        """Refuse copies that would all be equal to their pictures."""
        fields = ("mirror", "rotation", "crop", "brightness", "contrast", "saturation", "hue", "sharpen")
        if self.copies and not any(getattr(self, name) for name in fields):
            raise ValueError(f"`copies: {self.copies}` are asked for, and nothing alters them: set one of {fields}")
        return self
