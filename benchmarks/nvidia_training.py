"""NVIDIA's training, for `benchmarks/training.py --nvidia`: steps of their StyleGAN2, timed in a process of their own.

Knows nothing of this project but the configuration to take, so that any Python with PyTorch can run it. What a step
is made of follows training/training_loop.py there. How far it has been run says benchmarks/training.py.
"""

import copy
import importlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

G_INTERVAL, D_INTERVAL = 4, 16
ONE_CYCLE = 16
"""Steps in which each regularisation happens as often as in the long run."""

_FLOAT16_SIDES, _CLAMP = 4, 256  # of train.py, where it does not train in float32
_WARM_UP = 2  # steps: the first has all phases; cuDNN has then chosen its algorithms

_OPERATORS = {  # of train.py's `bgc`
    "blit": ("xflip", "rotate90", "xint"),
    "geometry": ("scale", "rotate", "aniso", "xfrac"),
    "color": ("brightness", "contrast", "lumaflip", "hue", "saturation"),
}


@dataclass(frozen=True)
class Configuration:
    """The settings of a measurement; the rest is configuration F's, with R1 every 16 steps and path length every 4."""

    resolution: int
    fmap_base: int
    fmap_max: int
    latent: int
    mapping_layers: int
    minibatch: int
    minibatch_gpu: int | None
    precision: str
    augmentation: str
    augment_p: float
    steps: int

    @property
    def at_once(self) -> int:
        """Number of pictures of a minibatch that are computed at once."""
        return self.minibatch_gpu or self.minibatch


@dataclass(frozen=True)
class Edition:
    """The differences of a repository from the other one that has a StyleGAN2.

    `networks` is a module; the functions say how `Generator` is given the widths of its synthesis network, and
    `StyleGAN2Loss` the networks; `further` are arguments of its `accumulate_gradients`.
    """

    name: str
    networks: str
    synthesis: Callable[[dict[str, Any]], dict[str, Any]]
    losses: Callable[[Any, Any], dict[str, Any]]
    further: dict[str, Any]


ADA = Edition(
    "stylegan2-ada-pytorch",
    "training.networks",
    lambda widths: {"synthesis_kwargs": widths},
    lambda G, D: {"G_mapping": G.mapping, "G_synthesis": G.synthesis, "D": D},
    {"sync": True},
)
STYLEGAN3 = Edition(  # with what its train.py sets for `--cfg=stylegan2`
    "stylegan3",
    "training.networks_stylegan2",
    lambda widths: {**widths, "fused_modconv_default": "inference_only"},
    lambda G, D: {"G": G, "D": D, "style_mixing_prob": 0.9, "pl_weight": 2, "pl_no_weight_grad": True},
    {"cur_nimg": 0},
)


def edition(checkout: Path) -> Edition | None:
    """Return the edition of the repository in `checkout`; None if it is neither."""
    found = (each for each in (STYLEGAN3, ADA) if (checkout / f"{each.networks.replace('.', '/')}.py").is_file())
    return next(found, None)


@dataclass(frozen=True)
class Phase:
    """One of the four phases, by our name and by theirs, and what it moves."""

    name: str
    official: str
    network: Any
    optimizer: Any
    interval: int


class Steps:
    """NVIDIA's networks, optimizers and losses, on a GPU where there is one."""

    def __init__(self, torch: Any, edition: Edition, configuration: Configuration) -> None:
        self._torch = torch
        self._edition = edition
        self._configuration = configuration
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._G, self._D = (self._placed(each) for each in _networks(edition, configuration))
        self._average = copy.deepcopy(self._G).eval()
        self._phases = [
            *self._lazy("g", "G", self._G, G_INTERVAL),
            *self._lazy("d", "D", self._D, D_INTERVAL),
        ]
        self._loss = _module("training.loss").StyleGAN2Loss(
            device=self._device, augment_pipe=self._pipe(), r1_gamma=10, **edition.losses(self._G, self._D)
        )
        shape = (configuration.minibatch, 3, configuration.resolution, configuration.resolution)
        self._reals = torch.randint(0, 256, shape, dtype=torch.uint8)
        self._step = 0
        self._noted: list[tuple[str, Any, Any]] = []

    def run(self, steps: int) -> dict[str, Any]:
        """Run `steps` steps; return their seconds, each phase's count and seconds, and the memory."""
        self._noted = []
        self._finish()
        started = time.perf_counter()
        for _ in range(steps):
            self._do()
        self._finish()
        seconds = time.perf_counter() - started
        phases: dict[str, tuple[int, float]] = {}
        for name, begun, ended in self._noted:
            count, taken = phases.get(name, (0, 0.0))
            phases[name] = count + 1, taken + self._between(begun, ended)
        return {"seconds": seconds, "phases": phases, "memory": self._memory()}

    def described(self) -> str:
        """Describe where it computes, and with which operations."""
        code = f"{self._edition.name}, PyTorch {self._torch.__version__}"
        if self._device.type == "cpu":
            return f"{code} on a CPU, reference operations"
        made = all(_module(f"torch_utils.ops.{name}")._plugin for name in ("bias_act", "upfirdn2d"))
        kind = "its own CUDA operations" if made else "REFERENCE OPERATIONS: its own could not be compiled"
        return f"{code} on {self._torch.cuda.get_device_name()}, {kind}"

    def _placed(self, network: Any) -> Any:
        return network.train().requires_grad_(False).to(self._device)

    def _lazy(self, ours: str, theirs: str, network: Any, interval: int) -> list[Phase]:
        ratio = interval / (interval + 1)
        betas = (0.0, 0.99**ratio)
        adam = self._torch.optim.Adam(network.parameters(), lr=0.002 * ratio, betas=betas, eps=1e-8)
        return [
            Phase(f"{ours}_main", f"{theirs}main", network, adam, 1),
            Phase(f"{ours}_regularize", f"{theirs}reg", network, adam, interval),
        ]

    def _pipe(self) -> Any:
        if self._configuration.augmentation == "none":
            return None
        chosen = dict.fromkeys((name for names in _OPERATORS.values() for name in names), 1)
        pipe = self._placed(_module("training.augment").AugmentPipe(**chosen))
        pipe.p.copy_(self._torch.as_tensor(self._configuration.augment_p))
        return pipe

    def _do(self) -> None:
        count = self._configuration.minibatch
        reals = self._reals.to(self._device).to(self._torch.float32) / 127.5 - 1
        for phase in self._phases:
            if self._step % phase.interval == 0:
                begun = self._now()
                self._learn(phase, reals, self._torch.randn([count, self._configuration.latent], device=self._device))
                self._noted.append((phase.name, begun, self._now()))
        self._follow()
        self._step += 1

    def _learn(self, phase: Phase, reals: Any, z: Any) -> None:
        """Add up the gradients of the parts of a minibatch, and update by Adam."""
        phase.optimizer.zero_grad(set_to_none=True)
        phase.network.requires_grad_(True)
        at_once = self._configuration.at_once
        for some_reals, some_z in zip(reals.split(at_once), z.split(at_once), strict=True):
            labels = self._torch.zeros([len(some_reals), 0], device=self._device)
            self._loss.accumulate_gradients(
                phase=phase.official,
                real_img=some_reals,
                real_c=labels,
                gen_z=some_z,
                gen_c=labels,
                gain=phase.interval,
                **self._edition.further,
            )
        phase.network.requires_grad_(False)
        for parameter in phase.network.parameters():
            if parameter.grad is not None:
                limits = {"nan": 0, "posinf": 1e5, "neginf": -1e5}
                _module("torch_utils.misc").nan_to_num(parameter.grad, **limits, out=parameter.grad)
        phase.optimizer.step()

    def _follow(self) -> None:
        """Update the average of G, with a half-life of 10 thousand pictures."""
        beta = 0.5 ** (self._configuration.minibatch / 10_000)
        with self._torch.no_grad():
            for average, current in zip(self._average.parameters(), self._G.parameters(), strict=True):
                average.copy_(current.lerp(average, beta))
            for average, current in zip(self._average.buffers(), self._G.buffers(), strict=True):
                average.copy_(current)

    def _finish(self) -> None:
        if self._device.type == "cuda":
            self._torch.cuda.synchronize()

    def _now(self) -> Any:
        """Return a moment on the device's own clock: asking for the time must not make a GPU wait."""
        if self._device.type == "cpu":
            return time.perf_counter()
        event = self._torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _between(self, begun: Any, ended: Any) -> float:
        return float(ended - begun if self._device.type == "cpu" else begun.elapsed_time(ended) / 1000)

    def _memory(self) -> int:
        if self._device.type == "cpu":
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return int(self._torch.cuda.max_memory_allocated())


def serve() -> None:
    """Get ready, print so, then run a round for each line of the input. Every answer is a line of JSON."""
    answers, sys.stdout = sys.stdout, sys.stderr  # their code prints what it does
    given = json.loads(sys.argv[1])
    checkout = Path(given.pop("checkout"))
    sys.path.insert(0, str(checkout))
    which, configuration = edition(checkout), Configuration(**given)
    assert which is not None
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError as error:
        raise SystemExit(f"--nvidia needs PyTorch in {sys.executable}, or in what --nvidia-python names") from error
    _refuse(configuration, torch)
    warnings.simplefilter("ignore")  # that newer versions of PyTorch go without some replacements, at each call
    _set_up(torch)
    steps = Steps(torch, which, configuration)
    steps.run(_WARM_UP)
    print(json.dumps({"ready": steps.described()}), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(steps.run(configuration.steps)), file=answers, flush=True)


def _refuse(configuration: Configuration, torch: Any) -> None:
    """Raise SystemExit for what their code cannot do."""
    if configuration.augmentation not in ("none", "ada", "fixed"):
        raise SystemExit(f"--nvidia: their code has no augmentation {configuration.augmentation}")
    if configuration.precision != "float32" and not torch.cuda.is_available():
        raise SystemExit("--nvidia: the 16 bits of their code are float16, which it needs a GPU for")


def _set_up(torch: Any) -> None:
    """Set PyTorch up as training_loop.py does, but with TF32: TensorFlow takes it where it can, so it is fair here."""
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    _module("torch_utils.ops.conv2d_gradfix").enabled = True
    _module("torch_utils.ops.grid_sample_gradfix").enabled = True


def _networks(edition: Edition, configuration: Configuration) -> tuple[Any, Any]:
    """Make G and D in train.py's way: `channel_base` there is divided by the side, and is twice the fmap_base."""
    networks = _module(edition.networks)
    float16 = configuration.precision != "float32"
    widths = {
        "channel_base": 2 * configuration.fmap_base,
        "channel_max": configuration.fmap_max,
        "num_fp16_res": _FLOAT16_SIDES if float16 else 0,
        "conv_clamp": _CLAMP if float16 else None,
    }
    pictures = {"c_dim": 0, "img_resolution": configuration.resolution, "img_channels": 3}
    mapping = {"num_layers": configuration.mapping_layers}
    G = networks.Generator(
        z_dim=configuration.latent,
        w_dim=configuration.latent,
        mapping_kwargs=mapping,
        **edition.synthesis(widths),
        **pictures,
    )
    return G, networks.Discriminator(epilogue_kwargs={"mbstd_group_size": 4}, **widths, **pictures)


def _module(name: str) -> Any:
    return importlib.import_module(name)
