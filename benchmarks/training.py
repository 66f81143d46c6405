"""What a step of training takes: milliseconds per picture, of each phase, memory, and seconds per thousand pictures.

The default is what the project is measured by on a CPU: 64 px, 64 maps, 8 mapping layers of 64, minibatches of 16,
R1 every 16 steps and path length every 4, float32. After a warm-up come rounds of whole cycles of lazy
regularisation; medians over the rounds. Pictures are noise: what they show does not change the time. A phase's time
runs until its losses are known. Memory is the GPU's, on a CPU that of the whole process. `KERAS_BACKEND=jax` measures
the JAX back end.

On a GPU of the data centre, for the configuration that people train (target on one H200: 15 s/kimg, aim: 8):

    python -m benchmarks.training --resolution 512 --fmap-max 512 --latent 512 --minibatch 32 --precision bfloat16

`--inter-op` measures, on a CPU, the same training with as many inter-op threads as TensorFlow takes by itself beside
ours, which has one so that a step gives the same bytes each time. Again a process of its own, and the ratio.

`--nvidia PATH` measures NVIDIA's own code beside ours, from a checkout of NVlabs/stylegan2-ada-pytorch or of
NVlabs/stylegan3, which has a newer StyleGAN2: the same configuration in a process of its own, rounds in turn, and the
ratio. It needs PyTorch, numpy and requests, and scipy for ADA, in the Python that `--nvidia-python` names, else in this
one. On a CPU it takes its reference operations; on a GPU it compiles its own, and the output says whether it could.
Its 16 bits are float16 at the four largest sides, and need a GPU. Where this was written it ran ON A CPU ONLY, and
never with a whole checkout: with the copy of NVIDIA's code that the package draggan 1.1.6 carries (stylegan3's networks
and losses, ADA's operations), laid out as either repository.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

# One GPU, for figures that can be compared; and both programs need it at once, so that none may take all its memory.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

from benchmarks.nvidia_training import ONE_CYCLE, Configuration, edition
from services.trainer.learning.training import GanTraining
from shared.recipe.hyperparameters import Augmentation, Hyperparameters, Precision
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.backend import threads
from shared.stylegan2.weights import Networks

TARGET, AIM = 15.0, 8.0
"""Seconds per thousand pictures, with the configuration that people train on one H200."""

_OF_TARGET = 512  # px
_QUIET = (
    1.25  # times as long as the shortest round; PyTorch's threads wait for each other ten times that when disturbed
)
_REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Round:
    """Seconds of a round's steps, and of each phase in them: how often it happened and what all of these took."""

    seconds: float
    phases: dict[str, tuple[int, float]]


class Program(Protocol):
    """A program that trains."""

    def warm_up(self) -> None:
        """Run all that happens once."""

    def round(self) -> Round:
        """Run the steps of a round and time them."""

    def memory(self) -> int:
        """Return the most bytes that were taken."""


class Stopwatch(GanTraining):
    """A training that notes what its phases take."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.noted: dict[str, tuple[int, float]] = {}

    def _run(self, phase: str, *arguments: Any, **named: Any) -> dict[str, float]:
        started = time.perf_counter()
        found = super()._run(phase, *arguments, **named)
        count, seconds = self.noted.get(phase, (0, 0.0))
        self.noted[phase] = count + 1, seconds + time.perf_counter() - started
        return found


class Ours:
    """This project's training."""

    def __init__(self, configuration: Configuration, jit_compile: bool | None) -> None:
        architecture = Architecture(
            configuration.resolution,
            fmap_base=configuration.fmap_base,
            fmap_max=configuration.fmap_max,
            z_size=configuration.latent,
            w_size=configuration.latent,
            mapping_fmaps=configuration.latent,
            mapping_layers=configuration.mapping_layers,
        )
        settings = Hyperparameters(
            minibatch=configuration.minibatch,
            minibatch_gpu=configuration.minibatch_gpu,
            augmentation=Augmentation(configuration.augmentation),
            augment_p=configuration.augment_p,
            precision=Precision(configuration.precision),
        )
        self._training = Stopwatch(Networks.fresh(architecture, seed=0), settings, 0, jit_compile)
        shape = (configuration.minibatch, configuration.resolution, configuration.resolution, 3)
        self._reals = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        self._steps = configuration.steps

    def warm_up(self) -> None:
        """Run two steps: the first has all four phases, which are traced and compiled; the second finds them ready."""
        for _ in range(2):
            self._training.step(self._reals)

    def round(self) -> Round:
        """Run as many steps as were asked for."""
        self._training.noted = {}
        started = time.perf_counter()
        for _ in range(self._steps):
            self._training.step(self._reals)
        return Round(time.perf_counter() - started, self._training.noted)

    def memory(self) -> int:
        """Return the most bytes that were taken."""
        return self._training.memory


class Served:
    """A training in a process of its own, which does a round for each line that it gets."""

    def __init__(self, option: str, python: str, module: str, given: dict[str, Any]) -> None:
        command = [python, "-c", f"from benchmarks.{module} import serve; serve()", json.dumps(given)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=_REPOSITORY, stdin=pipe, stdout=pipe, text=True)
        self._option = option
        self._memory = 0

    def warm_up(self) -> None:
        """Wait until it is ready, and say how it computes."""
        print(f"{self._option}: {self._answer()['ready']}", flush=True)

    def round(self) -> Round:
        """Run as many steps as were asked for."""
        assert self._process.stdin is not None
        print("round", file=self._process.stdin, flush=True)
        found = self._answer()
        self._memory = int(found["memory"])
        return Round(found["seconds"], {name: (count, taken) for name, (count, taken) in found["phases"].items()})

    def memory(self) -> int:
        """Return the most bytes that were taken."""
        return self._memory

    def end(self) -> None:
        """Let the process end: there are no more rounds."""
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._option}: the process ended with {self._process.wait()}; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def main() -> None:
    """Print both programs' figures, and the ratio where there are two."""
    options, machine = _options(), _machine()
    configuration = Configuration(
        **{field.name: getattr(options, field.name) for field in dataclasses.fields(Configuration)}
    )
    programs: dict[str, Program] = {}
    others = _others(options, configuration)
    for name, other in others.items():
        other.warm_up()
        programs[name] = other
    programs["magritte"] = ours = Ours(configuration, options.jit)
    started = time.perf_counter()
    ours.warm_up()
    print(f"training on {machine}, ready after {time.perf_counter() - started:.0f} s:")
    print(f"  {_described(configuration)}", flush=True)
    rounds: dict[str, list[Round]] = {name: [] for name in programs}
    for _ in range(options.rounds):
        for name, program in programs.items():
            rounds[name].append(program.round())
    shown = configuration.steps * configuration.minibatch
    each = {name: _print(name, programs[name], rounds[name], shown) for name in programs}
    for name, other in others.items():
        other.end()
        medians, best = (find(each[name]) / find(each["magritte"]) for find in (statistics.median, min))
        print(f"  {name}: ratio {medians:.2f}, of the best rounds {best:.2f} (above 1: magritte is faster)")
    if any(max(times) > _QUIET * min(times) for times in each.values()):
        print("  ROUNDS DIFFER TOO MUCH: something else was running. Do not quote these figures.")
    if configuration.resolution == _OF_TARGET:
        print(f"  target on one H200: {TARGET:g} s/kimg, aim {AIM:g}")


def _others(options: argparse.Namespace, configuration: Configuration) -> dict[str, Served]:
    """Return what is measured beside ours."""
    found, given = {}, dataclasses.asdict(configuration)
    if options.nvidia:
        if edition(options.nvidia) is None:
            raise SystemExit(f"--nvidia: {options.nvidia} is no checkout of stylegan2-ada-pytorch, nor of stylegan3")
        theirs = {"checkout": str(options.nvidia.resolve()), **given}
        found["NVIDIA"] = Served("--nvidia", options.nvidia_python, "nvidia_training", theirs)
    if options.inter_op:
        if threads() is None:
            raise SystemExit("--inter-op: on a GPU and on JAX training leaves TensorFlow's threads as they are")
        ours = {"jit_compile": options.jit, **given}
        found["inter-op"] = Served("--inter-op", sys.executable, "inter_op_training", ours)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--fmap-base", type=int, default=16384, help="maps: this / 2^level, at most fmap-max")
    parser.add_argument("--fmap-max", type=int, default=64)
    parser.add_argument("--latent", type=int, default=64, help="size of z and w and width of the mapping network")
    parser.add_argument("--mapping-layers", type=int, default=8)
    parser.add_argument("--minibatch", type=int, default=16)
    parser.add_argument("--minibatch-gpu", type=int, help="how many of them are taken at once; default: all")
    parser.add_argument("--precision", choices=[Precision.FLOAT32, Precision.BFLOAT16], default=Precision.FLOAT32)
    parser.add_argument("--augmentation", choices=list(Augmentation), default=Augmentation.NONE)
    parser.add_argument("--augment-p", type=float, default=0.5, help="of ada, which adapts it, and of fixed")
    parser.add_argument("--jit", action=argparse.BooleanOptionalAction, help="XLA; default: on a GPU only, JAX always")
    parser.add_argument("--steps", type=int, default=ONE_CYCLE, help=f"of a round: a multiple of {ONE_CYCLE}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inter-op", action="store_true", help="compare with TensorFlow's own inter-op threads")
    parser.add_argument("--nvidia", type=Path, metavar="PATH", help="checkout of their code to compare with")
    parser.add_argument("--nvidia-python", default=sys.executable, metavar="PATH", help="Python that has PyTorch")
    options = parser.parse_args()
    if options.steps < ONE_CYCLE or options.steps % ONE_CYCLE:
        parser.error(f"--steps must be a multiple of {ONE_CYCLE}, so that each regularisation has its part")
    return options


def _machine() -> str:
    import keras

    from shared.stylegan2.backend import HAS_ACCELERATOR

    where = "a GPU" if HAS_ACCELERATOR else f"{os.cpu_count()} CPU cores"
    return f"{keras.backend.backend()}, {where} with a load of {os.getloadavg()[0]:.1f} before"


def _described(configuration: Configuration) -> str:
    at_once = configuration.minibatch_gpu or configuration.minibatch
    return (
        f"{configuration.resolution} px, up to {configuration.fmap_max} maps, w of {configuration.latent}, "
        f"{configuration.mapping_layers} mapping layers, minibatch {configuration.minibatch} ({at_once} at once), "
        f"{configuration.precision}, augmentation {configuration.augmentation}"
    )


def _print(name: str, program: Program, rounds: list[Round], shown: int) -> list[float]:
    """Print what a program took; return milliseconds per picture of each round."""
    each = [1000 * found.seconds / shown for found in rounds]
    median = statistics.median(each)
    print(
        f"  {name:>8} {median:8.2f} ms per picture ({min(each):.2f} to {max(each):.2f} in {len(rounds)} rounds), "
        f"{median:.1f} s/kimg, {program.memory() / 1e6:.0f} MB at most"
    )
    for phase in rounds[0].phases:
        count = rounds[0].phases[phase][0]
        taken = 1000 * statistics.median(found.phases[phase][1] for found in rounds)
        print(f"    {phase:>12} {taken / count:9.1f} ms each time, {taken / shown:7.2f} ms per picture")
    return each


if __name__ == "__main__":
    main()
