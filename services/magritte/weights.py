"""`magritte weights`: networks of the official programs come in, ours go out."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from services.magritte import libraries, screen
from services.magritte.atomic_file import replacing
from services.magritte.inspect import AsJson
from shared.contract.errors import Poison
from shared.stylegan2.errors import StyleGAN2Error

if TYPE_CHECKING:
    from shared.stylegan2.architecture import Architecture
    from shared.stylegan2.official.fitting import Fitting, Variable
    from shared.stylegan2.official.snapshot import OfficialSnapshot
    from shared.stylegan2.weights import Networks

app = typer.Typer(help="Take networks from the official programs, or give them ours.", no_args_is_help=True)

_PROGRAMS = {4: "stylegan2", 5: "stylegan2-ada", 6: "stylegan2-ada-pytorch or stylegan3"}
"""Producers of the versions of a network."""

_TENSORS, _DESCRIPTION = ".safetensors", ".json"

_WIDTH_OF_FILES = 160
"""Columns where nobody's terminal decides: no name is broken."""

_HOW_TO_READ = """\
It holds no program. stylegan2-ada-pytorch's legacy.py reads it as it is, if it has no labels.
stylegan2 and stylegan2-ada run the program that a snapshot carries; before loading, let them take their own from a
checkout of stylegan2:

    @dnnlib.tflib.network.import_handler
    def take_own_program(state):
        state["build_module_src"] = open("training/networks_stylegan2.py").read()
        return state
"""
_HOW_TO_READ_ADA = """\
It holds no program. stylegan2-ada-pytorch's legacy.py reads it as it is.
stylegan2-ada runs the program that a snapshot carries; before loading, let it take its own:

    @dnnlib.tflib.network.import_handler
    def take_own_program(state):
        state["build_module_src"] = open("training/networks.py").read()
        return state
"""


@app.command("import")
def import_snapshot(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.pkl", exists=True, dir_okay=False, help="A snapshot of the official programs."),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help="The network file to write, *.safetensors; default: beside FILE.pkl.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a snapshot of stylegan2, stylegan2-ada or stylegan2-ada-pytorch without running any of it.

    List every variable with what became of it; where one is missing, of another shape or not finite, write nothing
    (exit code 1). Otherwise write a safetensors file, which `training.start_from` takes, and beside it a JSON file that
    says what it is.
    """
    target = to or file.with_suffix(_TENSORS)
    _check_suffix(target, "--to", _TENSORS)
    with libraries.of_training():
        from shared.stylegan2 import network_file
        from shared.stylegan2.official import fitting, snapshot
    with _naming(file):
        content = _content(file, snapshot.LARGEST_FILE)
        found = snapshot.read_snapshot(content)
        fitted = fitting.match_variables(found)
    described = {"file": file.name, "sha256": hashlib.sha256(content).hexdigest()} | _description(found, fitted)
    if fitted.networks:
        _write(target, network_file.dump_tensors(fitted.networks))
        _write(target.with_suffix(_DESCRIPTION), json.dumps(described, indent=2).encode())
    if as_json:
        screen.say_json(described | {"variables": [asdict(variable) for variable in fitted.variables]})
    else:
        _show(fitted, target)
    if not fitted.networks:
        raise typer.Exit(1)


class ExportFormat(StrEnum):
    """Kinds of files that other programs read."""

    PKL = "pkl"
    SAFETENSORS = "safetensors"
    ONNX = "onnx"


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="NETWORK", exists=True, dir_okay=False, help="A network file.")],
    to: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="What to write: *.pkl, *.safetensors or *.onnx; default: beside NETWORK.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="The kind of file. Default: by FILE's name.", show_default=False),
    ] = None,
) -> None:
    """Write a network for other programs.

    *.pkl is an official snapshot that holds no program; *.safetensors holds the same networks as plain arrays; *.onnx
    holds Gs alone, to draw pictures with: inputs z, labels where there are any, and psi (1 unless given).
    """
    kind, target = _target(file, to, kind)
    with libraries.of_training():
        from shared.stylegan2 import network_file
        from shared.stylegan2.official import snapshot
    with _naming(file):
        networks = network_file.load(_content(file, snapshot.LARGEST_FILE))
        content = exported(networks, kind)
    _write(target, content)
    held = "Gs" if kind is ExportFormat.ONNX else "G, D and Gs"
    screen.say(f"{target}: {held} of {_sizes(networks.architecture)}")
    if kind is ExportFormat.PKL:
        screen.say(_how_to_read(networks.architecture).removesuffix("\n"))


def _target(file: Path, to: Path | None, kind: ExportFormat | None) -> tuple[ExportFormat, Path]:
    """Return the kind of the file to write and its path: either follows from the other."""
    if to is None:
        if kind is None:
            raise typer.BadParameter("give the file to write, or its kind with --format", param_hint="FILE")
        to = file.with_suffix(f".{kind}")
        if to == file:
            raise typer.BadParameter(f"{file.name} is such a file already", param_hint="--format")
        return kind, to
    _check_suffix(to, "FILE", *(f".{each}" for each in ([kind] if kind else ExportFormat)))
    return ExportFormat(to.suffix[1:]), to


def exported(networks: "Networks", kind: ExportFormat) -> bytes:
    """Return networks as the content of a file of this kind. Raises Unusable where a library for it is missing."""
    if kind is ExportFormat.ONNX:
        from shared.stylegan2 import onnx_file

        with libraries.of_training("onnx"):
            return onnx_file.dump(networks.architecture, networks.Gs)
    from shared.stylegan2 import network_file
    from shared.stylegan2.official import pickling

    return pickling.pickled(networks) if kind is ExportFormat.PKL else network_file.dump_tensors(networks)


def _how_to_read(architecture: "Architecture") -> str:
    from shared.stylegan2.official import pickling

    ada = pickling.program_of(architecture) is pickling.STYLEGAN2_ADA
    return _HOW_TO_READ_ADA if ada else _HOW_TO_READ


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    try:
        yield
    except (Poison, StyleGAN2Error) as error:
        raise Poison(f"{file}: {error}") from error


def _check_suffix(path: Path, parameter: str, *suffixes: str) -> None:
    if path.suffix not in suffixes:
        raise typer.BadParameter(f"{path.name} should end in {' or '.join(suffixes)}", param_hint=parameter)


def _content(file: Path, most: int) -> bytes:
    try:
        if not file.is_file():
            raise Poison("is no ordinary file")
        if file.stat().st_size > most:
            raise Poison(f"larger than {most >> 30} GiB: no network is")
        return file.read_bytes()
    except OSError as error:
        raise Poison(f"cannot be read: {error.strerror}") from error


def _write(target: Path, content: bytes) -> None:
    with replacing(target) as path:
        path.write_bytes(content)


def _description(found: "OfficialSnapshot", fitted: "Fitting") -> dict[str, Any]:
    programs = {source for network in (found.G, found.D, found.Gs) for source in network.sources}
    unused = [f"{each.network}/{each.name}" for each in fitted.variables if each.expected is None]
    return {
        "program": _PROGRAMS[found.G.version],
        "architecture": asdict(fitted.architecture),
        "usable": fitted.networks is not None,
        "unused_variables": unused,
        "ignored_settings": list(fitted.ignored_settings),
        "sha256_of_the_programs_that_were_not_run": sorted(programs),
    }


def _show(fitted: "Fitting", target: Path) -> None:
    console = screen.console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)
    console.print(_table(fitted.variables))
    for network, counts in _counts(fitted.variables).items():
        console.print(f"{network}: {', '.join(f'{count} {fate}' for fate, count in counts.items())}")
    if fitted.ignored_settings:
        screen.say(f"settings that were not looked at: {', '.join(fitted.ignored_settings)}")
    screen.say(_sizes(fitted.architecture))
    written = f"written to {target} and {target.with_suffix(_DESCRIPTION).name}"
    screen.say(written if fitted.networks else "nothing was written: some variables cannot be used")


def _counts(variables: "tuple[Variable, ...]") -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for variable in variables:
        counts.setdefault(variable.network, Counter())[variable.fate] += 1
    return counts


def _table(variables: "tuple[Variable, ...]") -> Table:
    table = Table("network", "variable", "shape", "what became of it", box=None, header_style="dim")
    for each in variables:
        style = "bold red" if each.fate.prevents else "yellow" if each.expected is None else None
        differs = f", not {_shape(each.expected)}" if each.found and each.expected not in (None, each.found) else ""
        shape = _shape(each.expected if each.found is None else each.found)
        table.add_row(each.network, each.name, shape, f"{each.fate}{differs}", style=style)
    for column in table.columns:
        column.overflow = "fold"
    return table


def _shape(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else "scalar"


def _sizes(architecture: "Architecture") -> str:
    labels = f"{architecture.label_size} labels" if architecture.label_size else "no labels"
    widest = max(architecture.fmaps(side) for side in architecture.sides)
    widest_of_d = max(architecture.d_fmaps(side) for side in (2, *architecture.sides))
    maps = f"up to {widest} maps" + (f" in G and {widest_of_d} in D" if widest_of_d != widest else "")
    clamp = f", activations clamped at {architecture.conv_clamp:g}" if architecture.conv_clamp else ""
    return (
        f"{architecture.resolution} px, {architecture.num_channels} channels, {labels}, z {architecture.z_size}, "
        f"w {architecture.w_size}, {architecture.mapping_layers} mapping layers, {maps}{clamp}"
    )
