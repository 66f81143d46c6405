"""Objects in the store, and requests to it, for a picture; nearly all of them have one face.

Drawings of the demo's character go through all stages up to the data set, in one process and on a folder: enlarging is
off, as for faces that are large enough, and every drawing differs enough from the others to be kept. A call of the
store counts as one request, which it is on S3; a listing counts as one for each thousand keys.
"""

import argparse
import tempfile
from pathlib import Path
from random import Random

from benchmarks.counting_store import CountingStore
from demo.character import HEROINE, any_pose
from demo.drawing import draw
from services.magritte.pipeline import load_all
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run, read_state
from shared.runtime import logs
from shared.runtime.resources import Resources
from shared.runtime.single_process import Options, SingleProcess
from shared.settings import LogFormat


def counted(pictures: int, folder: Path) -> CountingStore:
    """Take `pictures` drawings through all stages, and return the store."""
    source = folder / "pictures"
    source.mkdir()
    for number in range(pictures):
        random = Random(f"requests {number}")
        (source / f"{number}.png").write_bytes(draw(HEROINE, any_pose(random), random, (360, 450)))
    sections = {"normalized": {"size": 64}, "upscaling": {"enabled": False}, "training": {"kimg": 0}}
    recipe = Recipe.model_validate(
        {"name": "bench", "sources": [{"folder": source}], "duplicates": {"strictness": 100}, **sections}
    )
    store = CountingStore(folder / "store")
    run = open_run(store, recipe)
    process = SingleProcess(run, store, load_all(), Options(Resources(2)))
    process.set_up(recipe)
    store.requests.clear()
    process.run()
    requests, state = store.requests.copy(), read_state(store, run.name)
    print(f"{state.pictures} pictures, {state.faces} faces in the data set")
    store.requests = requests
    return store


def main() -> None:
    """Print objects and requests per picture."""
    logs.set_up(LogFormat.PRETTY, "warning")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store = counted(options.pictures, Path(scratch))
        objects = sum(path.is_file() for path in store.root.rglob("*"))
    calls = {call: round(count / options.pictures, 2) for call, count in store.requests.most_common()}
    total = store.requests.total() / options.pictures
    print(f"for a picture: {objects / options.pictures:.1f} objects, {total:.1f} requests: {calls}")


if __name__ == "__main__":
    main()
