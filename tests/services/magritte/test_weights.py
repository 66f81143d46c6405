import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from services.trainer.start import Shape, starting_networks
from shared.contract.errors import Poison, StoreUnavailable, Unusable
from shared.recipe.training import Training
from shared.store import FolderStore
from shared.stylegan2 import network_file, onnx_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.official.pickling import pickled
from shared.stylegan2.weights import Networks
from tests.shared.stylegan2.official.program import snapshot
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]

ARCHITECTURE = Architecture(8, fmap_max=8, z_size=6, w_size=5, mapping_layers=2, mapping_fmaps=7)


@pytest.fixture
def networks() -> Networks:
    return Networks.fresh(ARCHITECTURE, seed=3)


@pytest.fixture
def official(tmp_path: Path, networks: Networks) -> Path:
    """A snapshot as the official program writes it."""
    path = tmp_path / "network-snapshot-010060.pkl"
    path.write_bytes(snapshot(networks, conv_clamp=None))
    return path


def same(found: Networks, expected: Networks) -> bool:
    return all(
        getattr(found, network)[name].tobytes() == value.tobytes()
        for network in ("G", "D", "Gs")
        for name, value in getattr(expected, network).items()
    )


def test_an_imported_network_and_its_description_lie_beside_the_snapshot(
    magritte: Magritte, official: Path, networks: Networks
) -> None:
    done = magritte("weights", "import", str(official))
    assert done.exit_code == 0, done.exception
    assert same(network_file.load(official.with_suffix(".safetensors").read_bytes()), networks)
    described = json.loads(official.with_suffix(".json").read_bytes())
    assert described["sha256"] == hashlib.sha256(official.read_bytes()).hexdigest()
    assert described["architecture"]["resolution"] == 8
    assert described["unused_variables"] == ["G/lod", "Gs/lod"]
    assert described["program"] == "stylegan2"


def test_every_variable_is_printed_with_its_fate(magritte: Magritte, official: Path, networks: Networks) -> None:
    lines = [line.split() for line in magritte("weights", "import", str(official)).stdout.splitlines()]
    for network in ("G", "D", "Gs"):
        for name, value in getattr(networks, network).items():
            assert [network, name, "×".join(map(str, value.shape)) or "scalar", "used"] in lines
    assert ["G", "lod", "scalar", "unused"] in lines
    assert ["D:", "13", "used"] in lines
    assert ["8", "px,", "3", "channels,", "no", "labels,"] in [line[:6] for line in lines]


def test_the_report_is_json_on_request(magritte: Magritte, official: Path) -> None:
    report = json.loads(magritte("weights", "import", str(official), "--json").stdout)
    assert report["usable"] is True
    assert {"network": "G", "name": "lod", "found": [], "expected": None, "fate": "unused"} in report["variables"]


def test_a_training_starts_from_an_imported_network(
    magritte: Magritte, official: Path, networks: Networks, tmp_path: Path
) -> None:
    target = tmp_path / "new folder" / "base.safetensors"
    magritte("weights", "import", str(official), "--to", str(target))
    settings = Training(start_from=target, minibatch=4).resolved(8)
    found = starting_networks(settings, Shape(8, 3), FolderStore(tmp_path), lambda *_, **__: None)
    assert same(found, networks)


def test_a_network_that_does_not_fit_is_told_and_not_written(
    magritte: Magritte, tmp_path: Path, networks: Networks
) -> None:
    del networks.G["G_synthesis/8x8/Conv1/mod_bias"]
    networks.D["Output/bias"] = np.zeros(9, np.float32)
    path = tmp_path / "odd.pkl"
    path.write_bytes(snapshot(networks))
    done = magritte("weights", "import", str(path))
    assert done.exit_code == 1
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["G", "G_synthesis/8x8/Conv1/mod_bias", "8", "missing"] in lines
    assert ["D", "Output/bias", "9", "of", "another", "shape,", "not", "1"] in lines
    assert "nothing was written" in done.stdout
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["odd.pkl"]


def test_what_is_no_snapshot_is_an_error_that_names_the_file(magritte: Magritte, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    error = magritte("weights", "import", str(path)).exception
    assert isinstance(error, Poison)
    assert str(error).startswith(f"{path}: not a pickle but a pointer of Git LFS")


def test_an_absurdly_large_file_is_not_read(magritte: Magritte, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    error = magritte("weights", "import", str(path)).exception
    assert isinstance(error, Poison)
    assert "larger than 4 GiB" in str(error)


@pytest.mark.parametrize("source", ["network.npz", "network.safetensors"])
def test_an_exported_snapshot_comes_back_as_the_same_network(
    magritte: Magritte, tmp_path: Path, networks: Networks, source: str
) -> None:
    dump = network_file.dump if source.endswith("npz") else network_file.dump_tensors
    (tmp_path / source).write_bytes(dump(networks))
    done = magritte("weights", "export", str(tmp_path / source), str(tmp_path / "out.pkl"))
    assert done.exit_code == 0, done.exception
    assert "holds no program" in done.stdout
    assert (tmp_path / "out.pkl").read_bytes() == pickled(networks)
    magritte("weights", "import", str(tmp_path / "out.pkl"))
    assert same(network_file.load((tmp_path / "out.safetensors").read_bytes()), networks)


def test_a_network_of_a_run_is_exported_as_safetensors(magritte: Magritte, tmp_path: Path, networks: Networks) -> None:
    (tmp_path / "network.npz").write_bytes(network_file.dump(networks))
    magritte("weights", "export", str(tmp_path / "network.npz"), str(tmp_path / "out.safetensors"))
    assert (tmp_path / "out.safetensors").read_bytes() == network_file.dump_tensors(networks)


def test_a_generator_is_exported_as_onnx(magritte: Magritte, tmp_path: Path, networks: Networks) -> None:
    pytest.importorskip("onnx", reason="needs magritte[onnx]")
    (tmp_path / "network.npz").write_bytes(network_file.dump(networks))
    done = magritte("weights", "export", str(tmp_path / "network.npz"), str(tmp_path / "out.onnx"))
    assert done.exit_code == 0, done.exception
    assert done.stdout.startswith(f"{tmp_path / 'out.onnx'}: Gs of 8 px")
    assert (tmp_path / "out.onnx").read_bytes() == onnx_file.dump(ARCHITECTURE, networks.Gs)


@pytest.mark.parametrize("kind", ["pkl", "safetensors", "onnx"])
def test_the_kind_of_file_may_be_said_instead_of_its_name(
    magritte: Magritte, tmp_path: Path, networks: Networks, kind: str
) -> None:
    if kind == "onnx":
        pytest.importorskip("onnx", reason="needs magritte[onnx]")
    (tmp_path / "network.npz").write_bytes(network_file.dump(networks))
    assert magritte("weights", "export", str(tmp_path / "network.npz"), "--format", kind).exit_code == 0
    assert magritte("weights", "export", str(tmp_path / "network.npz"), str(tmp_path / f"x.{kind}")).exit_code == 0
    assert (tmp_path / f"network.{kind}").read_bytes() == (tmp_path / f"x.{kind}").read_bytes()


def test_without_onnx_it_says_what_to_install(
    magritte: Magritte, tmp_path: Path, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "network.npz").write_bytes(network_file.dump(networks))
    monkeypatch.setitem(sys.modules, "onnx", None)
    error = magritte("weights", "export", str(tmp_path / "network.npz"), "--format", "onnx").exception
    assert isinstance(error, Unusable)
    assert str(error) == "onnx is not installed: install magritte[onnx]"
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["network.npz"]


def test_a_network_of_stylegan2_ada_goes_out_for_that_program(magritte: Magritte, tmp_path: Path) -> None:
    architecture = Architecture(8, 3, 2, fmap_max=8, z_size=6, w_size=5, mapping_fmaps=7, label_fmaps=6, cmap_fmaps=8)
    networks = Networks.fresh(architecture, seed=3)
    (tmp_path / "network.npz").write_bytes(network_file.dump(networks))
    done = magritte("weights", "export", str(tmp_path / "network.npz"), "--format", "pkl")
    assert 'open("training/networks.py")' in done.stdout
    done = magritte("weights", "import", str(tmp_path / "network.pkl"), "--json")
    assert json.loads(done.stdout)["program"] == "stylegan2-ada"
    assert same(network_file.load((tmp_path / "network.safetensors").read_bytes()), networks)


@pytest.mark.parametrize(
    "words",
    [
        ("export", "in.npz", "out.h5"),
        ("export", "in.npz", "--format", "onnx", "out.pkl"),
        ("export", "in.npz"),
        ("import", "in.npz", "--to", "out.npz"),
        ("import", "nowhere.pkl"),
    ],
)
def test_other_kinds_of_files_are_wrong_usage(
    magritte: Magritte, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.npz").touch()
    assert magritte("weights", *words).exit_code == 2
    assert [file.name for file in Path().iterdir() if file.is_file()] == ["in.npz"]


def test_without_the_libraries_of_a_stage_it_says_what_to_install(official: Path) -> None:
    done = without_libraries(official.parent, "weights", "import", official.name)
    assert done.returncode == 1
    assert done.stderr == "magritte: numpy is not installed: install magritte[trainer]\n"


def test_a_place_that_cannot_be_written_is_told(magritte: Magritte, official: Path) -> None:
    error = magritte("weights", "import", str(official), "--to", str(official / "x.safetensors")).exception
    assert isinstance(error, StoreUnavailable)
    assert str(official) in str(error)
