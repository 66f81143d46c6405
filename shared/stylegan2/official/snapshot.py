"""Contents of an official snapshot: three networks with their variables and the settings that made them."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official import torch_modules
from shared.stylegan2.official.objects import PickledArray, PickledModule, PickledNetwork, Values
from shared.stylegan2.official.unpickling import unpickled

LARGEST_FILE = 4 << 30
"""Bytes; the largest known snapshots have a quarter of it."""

NAMES = ("G", "D", "Gs")
_NAMES_OF_TORCH = ("G", "D", "G_ema")

_VERSIONS = (4, 5)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}")
"""Names end up on terminals, so no other characters."""

_NO_PICKLES = (
    (re.compile(rb"version https://git-lfs"), "a pointer of Git LFS; fetch the file itself with `git lfs pull`"),
    (re.compile(rb"\s*<(!doctype|html|\?xml|head)", re.IGNORECASE), "a web page; the download did not give the file"),
    (re.compile(rb"PK\x03\x04"), "a zip archive: a PyTorch checkpoint, a .npz or a packed file"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|\xfd7zXZ|Rar!"), "a compressed file; unpack it first"),
    (re.compile(rb"\x89HDF"), "an HDF5 file"),
)


@dataclass(frozen=True, eq=False)
class OfficialNetwork:
    """One network: variables with those of its components (`G_mapping/...`), settings, and what it was made by.

    `version` is 4 for stylegan2, 5 for stylegan2-ada and 6 for stylegan2-ada-pytorch and stylegan3; `sources` are the
    SHA-256 of the programs that it carries.
    """

    variables: dict[str, Values]
    settings: dict[str, object]
    version: int
    sources: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class OfficialSnapshot:
    """The networks of a file; `Gs` is the running average that draws the pictures."""

    G: OfficialNetwork
    D: OfficialNetwork
    Gs: OfficialNetwork


def read_snapshot(file: bytes) -> OfficialSnapshot:
    """Read the snapshot in `file` without running any of it.

    Raises BadFile where it is another file (and says which), is damaged, or holds what no snapshot needs.
    """
    _recognize(file)
    found = unpickled(file)
    most = 2 * len(file)
    networks = _of_torch(found, most) if isinstance(found, dict) else _of_tensorflow(found)
    if sum(value.nbytes for network in networks for value in network.variables.values()) > most:
        raise BadFile("its variables come to more than the file's size: some are named again and again")
    return OfficialSnapshot(*networks)


def _of_tensorflow(found: object) -> list[OfficialNetwork]:
    if not isinstance(found, tuple | list) or not all(isinstance(network, PickledNetwork) for network in found):
        raise BadFile("not an official snapshot: that is a tuple of three networks, G, D and Gs")
    if len(found) != len(NAMES):
        raise BadFile(f"holds {len(found)} networks; a snapshot holds three, G, D and Gs")
    return [_network(name, network) for name, network in zip(NAMES, found, strict=True)]


def _of_torch(found: dict[object, object], most: int) -> list[OfficialNetwork]:
    networks = []
    for name in _NAMES_OF_TORCH:
        module = found.get(name)
        if not isinstance(module, PickledModule):
            raise BadFile(f"not an official snapshot: a dictionary without the network {name}; it needs G, D and G_ema")
        made = torch_modules.converted(name, module, most)
        networks.append(OfficialNetwork(made.variables, made.settings, torch_modules.VERSION, made.sources))
    return networks


def _recognize(file: bytes) -> None:
    if not file:
        raise BadFile("an empty file")
    if len(file) > LARGEST_FILE:
        raise BadFile(f"larger than {LARGEST_FILE >> 30} GiB: no snapshot is")
    for pattern, what in _NO_PICKLES:
        if pattern.match(file):
            raise BadFile(f"not a pickle but {what}")


def _network(name: str, pickled: PickledNetwork) -> OfficialNetwork:
    kind = name[0]
    parts = {"": pickled} | {f"{kind}_{key}/": part for key, part in _components(name, pickled)}
    variables: dict[str, Values] = {}
    for prefix, part in parts.items():
        for variable, value in _variables(name, part):
            if prefix + variable in variables:
                raise BadFile(f"{name} has {prefix}{variable} twice")
            variables[prefix + variable] = value
    settings = {key: value for part in parts.values() for key, value in _settings(part)}
    sources = tuple(sorted({_digest(part.state.get("build_module_src")) for part in parts.values()}))
    return OfficialNetwork(variables, settings, _version(name, pickled), sources)


def _components(name: str, pickled: PickledNetwork) -> Iterator[tuple[str, PickledNetwork]]:
    components = pickled.state.get("components", {})
    if not isinstance(components, dict):
        raise BadFile(f"the components of {name} are no dictionary")
    for key, part in components.items():
        if not _is_name(key) or not isinstance(part, PickledNetwork) or part.state.get("components"):
            raise BadFile(f"{name} has a component that is no network of its own")
        yield key, part


def _version(name: str, pickled: PickledNetwork) -> int:
    version = pickled.state.get("version")
    if type(version) is not int or version > max(_VERSIONS):
        raise BadFile(f"{name} is of an unknown version; stylegan2 writes 4, stylegan2-ada 5")
    if version not in _VERSIONS:
        raise BadFile(f"{name} is of version {version}, that of StyleGAN 1 and older: only StyleGAN2 can be read")
    return version


def _variables(name: str, part: PickledNetwork) -> Iterator[tuple[str, Values]]:
    listed = part.state.get("variables")
    if not isinstance(listed, list):
        raise BadFile(f"{name} lists no variables")
    for entry in listed:
        match entry:
            case (str(variable), PickledArray(values=values)) if _is_name(variable) and values is not None:
                yield variable, values
            case _:
                raise BadFile(f"{name} has a variable that is not a name and an array")


def _settings(part: PickledNetwork) -> Iterator[tuple[str, object]]:
    """Yield the settings that a network was built with, those with plain names."""
    settings = part.state.get("static_kwargs", {})
    if not isinstance(settings, dict):
        raise BadFile("the settings of a network are no dictionary")
    for key, value in settings.items():
        if _is_name(key):
            yield key, value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _digest(source: object) -> str:
    text = source if isinstance(source, str) else ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
