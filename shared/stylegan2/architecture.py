"""The sizes of a StyleGAN2 generator and discriminator, and the variables that follow from them. No TensorFlow."""

from collections.abc import Iterator
from dataclasses import dataclass

Shapes = dict[str, tuple[int, ...]]
"""Variables in the order in which the official project creates them: name -> shape."""


@dataclass(frozen=True)
class Architecture:
    """All that decides the shapes of both networks; the defaults are config F.

    `z_size` and `w_size` are the official latent_size and dlatent_size; the meaning of the others is the official one.
    Raises ValueError for sizes that make no network.
    """

    resolution: int
    num_channels: int = 3
    label_size: int = 0
    fmap_base: int = 16384
    fmap_max: int = 512
    z_size: int = 512
    w_size: int = 512
    mapping_layers: int = 8
    mapping_fmaps: int = 512
    mbstd_group_size: int = 4
    mbstd_num_features: int = 1

    def __post_init__(self) -> None:
        if self.resolution < 8 or self.resolution & (self.resolution - 1):
            raise ValueError(f"resolution must be a power of two of at least 8, not {self.resolution}")
        if self.label_size < 0:
            raise ValueError(f"label_size must not be negative, and is {self.label_size}")
        for name in vars(self).keys() - {"resolution", "label_size"}:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, and is {getattr(self, name)}")
        if self.fmaps(4) % self.mbstd_num_features:
            raise ValueError(
                f"mbstd_num_features {self.mbstd_num_features} must divide the {self.fmaps(4)} maps at 4x4"
            )

    @property
    def resolution_log2(self) -> int:
        """9 for 512 px."""
        return self.resolution.bit_length() - 1

    @property
    def num_ws(self) -> int:
        """Number of slots of the broadcast w: 16 for 512 px."""
        return 2 * self.resolution_log2 - 2

    @property
    def num_noises(self) -> int:
        """Number of noise maps: one per convolution of the synthesis network, 15 for 512 px."""
        return self.num_ws - 1

    @property
    def sides(self) -> list[int]:
        """Sides of the feature maps in pixels, 4 first."""
        return [2**level for level in range(2, self.resolution_log2 + 1)]

    def nf(self, stage: int) -> int:
        """Number of feature maps of a stage; a side of 2^n px belongs to stage n - 1."""
        return min(max(self.fmap_base >> stage, 1), self.fmap_max)

    def fmaps(self, side: int) -> int:
        """Number of feature maps where these are `side` px wide."""
        return self.nf(side.bit_length() - 2)

    def noise_side(self, index: int) -> int:
        """Side in pixels of noise map `index`."""
        return 1 << ((index + 5) // 2)


def generator_shapes(architecture: Architecture) -> Shapes:
    """The variables of G and Gs. The official `lod` is not among them: config F does not read it."""
    return dict([("dlatent_avg", (architecture.w_size,)), *_synthesis(architecture), *_mapping(architecture)])


def discriminator_shapes(architecture: Architecture) -> Shapes:
    """The variables of D."""
    return dict(_discriminator(architecture))


def is_trainable(name: str) -> bool:
    """Whether the variable learns; the w average and the stored noise maps do not."""
    return name != "dlatent_avg" and not name.startswith("G_synthesis/noise")


_Named = Iterator[tuple[str, tuple[int, ...]]]


def _mapping(architecture: Architecture) -> _Named:
    inputs = architecture.z_size
    if architecture.label_size:
        yield "G_mapping/LabelConcat/weight", (architecture.label_size, architecture.z_size)
        inputs *= 2
    for layer in range(architecture.mapping_layers):
        last = layer == architecture.mapping_layers - 1
        outputs = architecture.w_size if last else architecture.mapping_fmaps
        yield f"G_mapping/Dense{layer}/weight", (inputs, outputs)
        yield f"G_mapping/Dense{layer}/bias", (outputs,)
        inputs = outputs


def _synthesis(architecture: Architecture) -> _Named:
    for index in range(architecture.num_noises):
        side = architecture.noise_side(index)
        yield f"G_synthesis/noise{index}", (1, 1, side, side)
    inputs = architecture.fmaps(4)
    yield "G_synthesis/4x4/Const/const", (1, inputs, 4, 4)
    for side in architecture.sides:
        outputs = architecture.fmaps(side)
        scope = f"G_synthesis/{side}x{side}"
        for name in ("Conv",) if side == 4 else ("Conv0_up", "Conv1"):
            yield from _modulated(f"{scope}/{name}", (3, 3, inputs, outputs), architecture.w_size)
            inputs = outputs
        yield from _modulated(f"{scope}/ToRGB", (1, 1, inputs, architecture.num_channels), architecture.w_size)


def _modulated(scope: str, weight: tuple[int, int, int, int], w_size: int) -> _Named:
    yield f"{scope}/weight", weight
    yield f"{scope}/mod_weight", (w_size, weight[2])
    yield f"{scope}/mod_bias", (weight[2],)
    if not scope.endswith("ToRGB"):
        yield f"{scope}/noise_strength", ()
    yield f"{scope}/bias", (weight[3],)


def _discriminator(architecture: Architecture) -> _Named:
    top = architecture.resolution
    yield f"{top}x{top}/FromRGB/weight", (1, 1, architecture.num_channels, architecture.fmaps(top))
    yield f"{top}x{top}/FromRGB/bias", (architecture.fmaps(top),)
    for side in reversed(architecture.sides[1:]):
        inputs, outputs = architecture.fmaps(side), architecture.fmaps(side // 2)
        yield from _layer(f"{side}x{side}/Conv0", (3, 3, inputs, inputs))
        yield from _layer(f"{side}x{side}/Conv1_down", (3, 3, inputs, outputs))
        yield f"{side}x{side}/Skip/weight", (1, 1, inputs, outputs)
    last = architecture.fmaps(4)
    yield from _layer("4x4/Conv", (3, 3, last + architecture.mbstd_num_features, last))
    yield from _layer("4x4/Dense0", (last * 16, architecture.nf(0)))
    yield from _layer("Output", (architecture.nf(0), max(architecture.label_size, 1)))


def _layer(scope: str, weight: tuple[int, ...]) -> _Named:
    yield f"{scope}/weight", weight
    yield f"{scope}/bias", weight[-1:]
