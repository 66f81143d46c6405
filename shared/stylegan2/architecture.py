"""The sizes of a StyleGAN2 generator and discriminator, and the variables that follow from them. No TensorFlow."""

from collections.abc import Iterator
from dataclasses import dataclass

Shapes = dict[str, tuple[int, ...]]
"""Variables in the order in which the official project creates them: name -> shape."""


@dataclass(frozen=True)
class Architecture:
    """All that decides the shapes of both networks, and what they compute; the defaults are config F.

    `z_size` and `w_size` are the official latent_size and dlatent_size; the meaning of the others is the official one,
    except for these:

    - `g_widths`: the maps of G at 4, 8, 16 ... px where they do not follow from `fmap_base` and `fmap_max`;
    - `d_widths`: those of D, beginning with the width of its Dense0 (stage 0), where they are not those of the rule;
    - `label_fmaps`: the width of G's label embedding in stylegan2-ada; 0 is stylegan2's way, a matrix without scale;
    - `cmap_fmaps`, `cmap_layers`, `cmap_lrmul`: D's mapping network of labels in stylegan2-ada (mapping_fmaps,
      mapping_layers, mapping_lrmul there); 0 maps are stylegan2's way, one score per label.

    `conv_clamp` is the largest absolute activation of a convolution (stylegan2-ada); None does not clamp.
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
    g_widths: tuple[int, ...] = ()
    d_widths: tuple[int, ...] = ()
    conv_clamp: float | None = None
    label_fmaps: int = 0
    cmap_fmaps: int = 0
    cmap_layers: int = 0
    cmap_lrmul: float = 0.1

    def __post_init__(self) -> None:
        if self.resolution < 8 or self.resolution & (self.resolution - 1):
            raise ValueError(f"resolution must be a power of two of at least 8, not {self.resolution}")
        for name in ("label_size", "label_fmaps", "cmap_fmaps", "cmap_layers"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, and is {getattr(self, name)}")
        for name in _POSITIVE:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, and is {getattr(self, name)}")
        self._check_widths()
        self._check_labels()
        if self.conv_clamp is not None and not self.conv_clamp > 0:
            raise ValueError(f"conv_clamp must be above 0, and is {self.conv_clamp}")

    def _check_widths(self) -> None:
        for name, count in (("g_widths", len(self.sides)), ("d_widths", len(self.sides) + 1)):
            widths = getattr(self, name)
            if widths and (len(widths) != count or min(widths) < 1):
                raise ValueError(f"{name} must be {count} numbers of at least 1 for {self.resolution} px, not {widths}")
        if self.d_fmaps(4) % self.mbstd_num_features:
            raise ValueError(
                f"mbstd_num_features {self.mbstd_num_features} must divide the {self.d_fmaps(4)} maps at 4x4"
            )

    def _check_labels(self) -> None:
        if not self.label_size and (self.label_fmaps or self.cmap_fmaps):
            raise ValueError("label_fmaps and cmap_fmaps are of networks with labels, and label_size is 0")
        if self.cmap_layers and not self.cmap_fmaps:
            raise ValueError(f"cmap_layers is {self.cmap_layers}, and cmap_fmaps is 0")
        if not self.cmap_lrmul > 0:
            raise ValueError(f"cmap_lrmul must be above 0, and is {self.cmap_lrmul}")

    @property
    def resolution_log2(self) -> int:
        """Base-2 logarithm of the resolution: 9 for 512 px."""
        return self.resolution.bit_length() - 1

    @property
    def num_ws(self) -> int:
        """Return the number of slots of the broadcast w: 16 for 512 px."""
        return 2 * self.resolution_log2 - 2

    @property
    def num_noises(self) -> int:
        """Return the number of noise maps: one per convolution of the synthesis network, 15 for 512 px."""
        return self.num_ws - 1

    @property
    def sides(self) -> list[int]:
        """Return the sides of the feature maps in pixels, 4 first."""
        return [2**level for level in range(2, self.resolution_log2 + 1)]

    def nf(self, stage: int) -> int:
        """Return the number of feature maps of a stage by the rule; a side of 2^n px belongs to stage n - 1."""
        return nf(stage, self.fmap_base, self.fmap_max)

    def fmaps(self, side: int) -> int:
        """Return the number of feature maps of G where these are `side` px wide."""
        stage = _stage(side)
        return self.g_widths[stage - 1] if self.g_widths else self.nf(stage)

    def d_fmaps(self, side: int) -> int:
        """Return the number of feature maps of D where these are `side` px wide; side 2 is its Dense0."""
        stage = _stage(side)
        return self.d_widths[stage] if self.d_widths else self.nf(stage)

    def noise_side(self, index: int) -> int:
        """Return the side in pixels of noise map `index`."""
        return 1 << ((index + 5) // 2)


_POSITIVE = (
    *("num_channels", "fmap_base", "fmap_max", "z_size", "w_size", "mapping_layers", "mapping_fmaps"),
    *("mbstd_group_size", "mbstd_num_features"),
)


def nf(stage: int, fmap_base: int, fmap_max: int) -> int:
    """Return the number of feature maps of a stage by the official rule."""
    return min(max(fmap_base >> stage, 1), fmap_max)


def _stage(side: int) -> int:
    return side.bit_length() - 2


def generator_shapes(architecture: Architecture) -> Shapes:
    """Return the variables of G and Gs. The official `lod` is not among them: config F does not read it."""
    return dict([("dlatent_avg", (architecture.w_size,)), *_synthesis(architecture), *_mapping(architecture)])


def discriminator_shapes(architecture: Architecture) -> Shapes:
    """Return the variables of D."""
    return dict(_discriminator(architecture))


def is_trainable(name: str) -> bool:
    """Return whether the variable `name` learns; the w average and the stored noise maps do not."""
    return name != "dlatent_avg" and not name.startswith("G_synthesis/noise")


_Named = Iterator[tuple[str, tuple[int, ...]]]


def _mapping(architecture: Architecture) -> _Named:
    inputs = architecture.z_size
    if architecture.label_fmaps:
        yield from _layer("G_mapping/LabelEmbed", (architecture.label_size, architecture.label_fmaps))
        inputs += architecture.label_fmaps
    elif architecture.label_size:
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
    yield from _label_mapping(architecture)
    top = architecture.resolution
    yield from _layer(f"{top}x{top}/FromRGB", (1, 1, architecture.num_channels, architecture.d_fmaps(top)))
    for side in reversed(architecture.sides[1:]):
        inputs, outputs = architecture.d_fmaps(side), architecture.d_fmaps(side // 2)
        yield from _layer(f"{side}x{side}/Conv0", (3, 3, inputs, inputs))
        yield from _layer(f"{side}x{side}/Conv1_down", (3, 3, inputs, outputs))
        yield f"{side}x{side}/Skip/weight", (1, 1, inputs, outputs)
    last, hidden = architecture.d_fmaps(4), architecture.d_fmaps(2)
    yield from _layer("4x4/Conv", (3, 3, last + architecture.mbstd_num_features, last))
    yield from _layer("4x4/Dense0", (last * 16, hidden))
    yield from _layer("Output", (hidden, architecture.cmap_fmaps or max(architecture.label_size, 1)))


def _label_mapping(architecture: Architecture) -> _Named:
    width = architecture.cmap_fmaps
    if width:
        yield from _layer("LabelEmbed", (architecture.label_size, width))
    for layer in range(architecture.cmap_layers):
        yield from _layer(f"Mapping{layer}", (width, width))


def _layer(scope: str, weight: tuple[int, ...]) -> _Named:
    yield f"{scope}/weight", weight
    yield f"{scope}/bias", weight[-1:]
