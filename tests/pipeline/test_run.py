import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import RECIPE, Workplace

Fates = Callable[[dict[str, Any]], dict[str, int]]


@pytest.mark.parametrize("threads", ["1", "4"])
def test_every_file_ends_in_exactly_one_fate(workplace: Workplace, fates_of: Fates, threads: str) -> None:
    workplace.run(MAGRITTE_THREADS=threads)
    status = workplace.status()
    fates = fates_of(status)
    assert status["pictures"] == sum(fates.values()) == 12
    assert status["finished"]
    assert fates["exact-duplicate"] == 1
    assert fates["truncated"] == 1
    assert fates["empty-file"] == 1
    assert fates["in-dataset"] >= 6


def test_a_second_run_with_another_crop_reads_no_file_again(workplace: Workplace) -> None:
    workplace.run()
    before = workplace.dataset_digest()
    for path in workplace.pictures.rglob("*.*"):
        data = path.stat()
        path.write_bytes(b"x" * data.st_size)  # would be dropped if it were read
        os.utime(path, ns=(data.st_atime_ns, data.st_mtime_ns))
    workplace.write_recipe(RECIPE + "faces: {expand: {top: 0.6}}\n")
    workplace.run()
    status = workplace.status()
    assert status["run"] == "anya-002"
    assert next(entry for entry in status["fates"] if entry["fate"] == "in-dataset")["pictures"] >= 6
    digests = {path.name for path in (workplace.root / "data" / "datasets").iterdir()}
    assert before[:20] in digests
    assert len(digests) == 2


def test_killed_at_any_moment_a_run_ends_as_if_undisturbed(workplace: Workplace, finished: Workplace) -> None:
    for delay in (1.5, 2.5, 3.0, 3.5):
        process = workplace.start("run", str(workplace.root / "recipe.yaml"), store="killed")
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    workplace.run(store="killed")
    assert workplace.dataset_digest("killed") == finished.dataset_digest()
    assert workplace.status("killed")["fates"] == finished.status()["fates"]


def test_ctrl_c_drains_and_the_next_run_goes_on(workplace: Workplace) -> None:
    process = workplace.start("run", str(workplace.root / "recipe.yaml"))
    while not (workplace.root / "data" / "runs").exists():  # until something about a picture is written down
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    workplace.run()
    assert workplace.status()["pictures"] == 12
    assert workplace.status()["finished"]


def test_a_missing_folder_is_refused_with_the_field_s_name(workplace: Workplace) -> None:
    workplace.write_recipe(RECIPE.replace("./pictures", "./nowhere"))
    process = workplace.start("run", str(workplace.root / "recipe.yaml"))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "recipe.yaml:3: sources[0].folder: there is no" in err


def test_trace_tells_what_happened_to_a_file(finished: Workplace) -> None:
    trace = finished.magritte("trace", "1.png", "--json")
    for message in ("image-fetched", "image-fingerprinted", "image-kept", "faces-counted", "face-normalized"):
        assert message in trace
    assert "truncated" in finished.ask("trace", "half.png", "--json")


def test_verify_names_a_damaged_record(finished: Workplace, tmp_path: Path) -> None:
    workplace = finished.copy(tmp_path)
    assert "every record of every level is right" in workplace.magritte("verify")
    file = _level(workplace, 6)
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.write_bytes(data)
    assert "data-checksum" in workplace.magritte("verify", "--json", expect=1)


def _level(workplace: Workplace, log2: int) -> Path:
    return next((workplace.root / "data" / "datasets").glob(f"*/*-r{log2:02d}.tfrecords"))
