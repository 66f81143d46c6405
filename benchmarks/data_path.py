"""How much faster the runtime is than a straight line: folder to normalised 512 px PNG, enlarging off.

The straight-line script makes the same library calls for one picture after the other, without runtime, records or
messages, and writes the same artifacts. OpenCV's own threads are at their default in it, so that it uses all cores
where OpenCV can; since the cascade can, and most of a picture's time is the cascade's, the script is timed with one
thread of OpenCV's as well. Magritte's detector keeps OpenCV to one, as in any run.

All start with an empty folder, and with detectors that have been loaded and tested; rounds alternate; medians.
"""

import argparse
import hashlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import cv2
import numpy as np

from demo.character import any_character, any_pose
from demo.drawing import draw
from services.deduper.fingerprint import fingerprint
from services.face_detector import cascade
from services.face_detector.acceptance import Acceptance, accepted
from services.face_detector.choice import Detectors, searches
from services.face_detector.crop import CropRules, Measures, crops
from services.face_detector.monochrome import is_monochrome
from services.magritte.pipeline import load
from services.normalizer.stage import normalize
from services.normalizer.verification import verify_picture
from shared.contract import keys
from shared.contract.reasons import Drop
from shared.pictures import OUR_OWN_LIMITS, Compression, Format, Limits, Picture, decode, encode_png, flatten, inspect
from shared.recipe.detectors import Cascade, DetectorKind
from shared.recipe.faces import Faces
from shared.recipe.normalized import Normalized
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.recipe.upscaling import Upscaling
from shared.runs.registry import open_run
from shared.runtime import logs
from shared.runtime.resources import Resources
from shared.runtime.single_process import Options, SingleProcess
from shared.settings import LogFormat
from shared.store.folder import FolderStore

UNMEASURED = Measures(lambda box: 1.0, lambda box: 100)
"""A plain script measures nothing of faces."""

_TO_NORMALIZER = ("scraper", "deduper", "face-detector", "upscaler", "normalizer")


def straight_line(folder: Path, recipe: Recipe, store: FolderStore, detectors: Detectors) -> int:
    """Process the pictures one by one; return the number of faces normalised."""
    limits, rules, faces = Limits.of(recipe.pictures), CropRules.of(recipe.faces), 0
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if isinstance(inspect(data, limits), Drop) or isinstance(fingerprint(data, limits), Drop):
            continue
        store.put_new(keys.original(digest), data)
        picture = decode(data, limits)
        assert isinstance(picture, Picture)
        flat = flatten(picture.image)
        if is_monochrome(flat):
            continue
        found = detectors.of(searches(recipe.faces)).detect(np.asarray(flat))
        boxes = crops(accepted(found, Acceptance.of(recipe.faces)), picture.image.size, rules, UNMEASURED)
        for box in [] if isinstance(boxes, Drop) else boxes:
            if not isinstance(box, Drop):
                faces += _finished(picture, box, recipe, store)
    return faces


def _finished(picture: Picture, box: tuple[int, int, int, int], recipe: Recipe, store: FolderStore) -> int:
    x, y, width, height = box
    crop = encode_png(picture.image.crop((x, y, x + width, y + height)), picture.profile, Compression.FAST)
    store.put_new(keys.crop(hashlib.sha256(crop).hexdigest()), crop)
    again = decode(crop, OUR_OWN_LIMITS)
    assert isinstance(again, Picture)
    data = normalize(again, recipe.normalized)
    assert verify_picture(data, recipe.normalized.size, Format.PNG) is None
    store.put_new(keys.normalized(hashlib.sha256(data).hexdigest()), data)
    return 1


def ours(recipe: Recipe, store: FolderStore, threads: int) -> SingleProcess:
    """Return a single-process run up to the normaliser, ready to begin."""
    stages = [stage for container in _TO_NORMALIZER for stage in load(container)]
    process = SingleProcess(open_run(store, recipe), store, stages, Options(Resources(threads)))
    process.set_up(recipe)
    return process


def main() -> None:
    """Print seconds and ratios."""
    logs.set_up(LogFormat.PRETTY, "warning")  # as `magritte run` does
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="pictures to use; default: drawn ones")
    parser.add_argument("--pictures", type=int, default=80, help="how many to draw")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cascade", default="", help="model file for the cascade detector; default: a vote")
    parser.add_argument("--scratch", type=Path, help="where pictures and stores lie meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        folder = options.folder or _drawn(Path(scratch, "drawn"), options.pictures)
        faces = (
            Faces(detector=DetectorKind.CASCADE, cascade=Cascade(model=options.cascade)) if options.cascade else Faces()
        )
        recipe = Recipe(
            name="bench",
            sources=(FolderSource(folder=folder),),
            faces=faces,
            upscaling=Upscaling(enabled=False),
            normalized=Normalized(size=512),
        )
        _compare(folder, recipe, Path(scratch), options.rounds, options.threads)


def _compare(folder: Path, recipe: Recipe, scratch: Path, rounds: int, threads: int) -> None:
    detectors = Detectors()
    detectors.of(searches(recipe.faces))
    scripts = {"straight line": cv2.getNumberOfCPUs()}
    if recipe.faces.detector is DetectorKind.CASCADE:
        scripts["with one OpenCV thread"] = 1
    seconds: dict[str, list[float]] = {name: [] for name in (*scripts, "magritte")}
    faces = set()
    for _ in range(rounds):
        for name, opencv_threads in scripts.items():
            cv2.setNumThreads(opencv_threads)
            with _store(scratch) as store, _timed(seconds[name]):
                faces.add(straight_line(folder, recipe, store, detectors))
        cv2.setNumThreads(cascade.OPENCV_THREADS)
        with _store(scratch) as store:
            process = ours(recipe, store, threads)
            with _timed(seconds["magritte"]):
                process.run()
            faces.add(sum(1 for _ in store.list("normalized/")))
    files = sum(1 for _ in folder.iterdir())
    print(f"data path, {files} pictures, {recipe.faces.detector.value}, {threads} threads, faces: {faces}")
    _print(seconds, files)


def _print(seconds: dict[str, list[float]], files: int) -> None:
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in medians.items():
        each, ratio = 1000 * value / files, value / medians["magritte"]
        print(f"  {name:>22} {value:7.2f} s  {each:7.1f} ms per picture  ratio {ratio:.2f}")


@contextmanager
def _store(scratch: Path) -> Iterator[FolderStore]:
    store = FolderStore(scratch / "store")
    yield store
    shutil.rmtree(store.root)


@contextmanager
def _timed(spent: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    spent.append(time.perf_counter() - started)


def _drawn(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        random = Random(f"bench {number}")
        (folder / f"{number}.png").write_bytes(draw(any_character(random), any_pose(random), random, (1000, 1250)))
    return folder


if __name__ == "__main__":
    main()
