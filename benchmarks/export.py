"""How fast a data set is exported in each format, against copying its pictures; and how long a folder of results takes.

Run with `python -m benchmarks.export`. Pictures are smooth noise, and lie in a store in a folder. Each round writes
every format once, so that a busy machine slows all alike; the medians over the rounds are shown.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from services.magritte.exports import imagefolder, kohya, stylegan3, webdataset_shards
from services.magritte.exports.pictures import DataPictures
from services.magritte.results_folder import Wanted, opened
from shared.contract import keys
from shared.pictures import encode_png
from shared.store import FolderStore

TAGS = {"general": [f"tag_number_{number}" for number in range(30)], "character": ["margot_(painting)"]}
CAPTIONS = kohya.Captions("margot", "margot", 10)
FORMATS: Mapping[str, Callable[[Any, Path], None]] = {
    "stylegan3": stylegan3.write,
    "imagefolder": imagefolder.write,
    "kohya": partial(kohya.write, captions=CAPTIONS),
    "webdataset": partial(webdataset_shards.write, name="margot", shard_size=1000),
}


def main() -> None:
    """Print pictures per second of each format and of `shutil.copyfile`, and seconds for a folder of results."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="magritte-") as folder:
        store = FolderStore(Path(folder, "store"))
        manifest = _pack(store, options.pictures, options.resolution)
        seconds = _measure(store, manifest, Path(folder, "out"), options)
        print(
            f"{options.pictures} pictures of {options.resolution} px, {options.rounds} rounds, {os.cpu_count()} cores"
        )
        for name, rounds in seconds.items():
            print(f"{name:12}{options.pictures / statistics.median(rounds):8.0f} pictures/s")
        print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB of memory")
        _results(Path(folder), options.network)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--network", type=int, default=350, help="megabytes of the network in the folder of results")
    return parser.parse_args()


def _pack(store: FolderStore, count: int, resolution: int) -> dict[str, Any]:
    """Put pictures into the store, and return a manifest of them."""
    random, members = np.random.default_rng(0), []
    for number in range(count):
        small = Image.fromarray(random.integers(0, 256, (resolution // 8, resolution // 8, 3), np.uint8))
        content = encode_png(small.resize((resolution, resolution), Image.Resampling.BICUBIC))
        digest = hashlib.sha256(content).hexdigest()
        store.put(keys.normalized(digest), content)
        post = {"board": "b.example", "number": number, "address": f"https://b.example/{number}", "tags": TAGS}
        origins = [{"source": "danbooru", "post": post, "tags": [tag for tags in TAGS.values() for tag in tags]}]
        member = {"name": f"{digest[:20]}-000", "picture": digest, "image": digest, "face": 0}
        members.append(member | {"index": number, "origins": origins})
    return {"members": members}


def _measure(
    store: FolderStore, manifest: dict[str, Any], out: Path, options: argparse.Namespace
) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in ("copyfile", *FORMATS)}
    for _ in range(options.rounds):
        for name, rounds in seconds.items():
            begin = time.perf_counter()
            if name == "copyfile":
                _copy(store, manifest, out)
            else:
                FORMATS[name](DataPictures(store, manifest, {}, options.threads), out)
            rounds.append(time.perf_counter() - begin)
            shutil.rmtree(out) if out.is_dir() else out.unlink()
    return seconds


def _copy(store: FolderStore, manifest: dict[str, Any], out: Path) -> None:
    out.mkdir()
    for member in manifest["members"]:
        shutil.copyfile(store.root / keys.normalized(member["picture"]), out / f"{member['name']}.png")


def _results(folder: Path, megabytes: int) -> None:
    """Print how long a folder of results takes: with a new network, copied or linked, and with nothing new."""
    networks = []
    for number in range(2):
        networks.append(folder / f"network-{number}")
        networks[-1].write_bytes(os.urandom(megabytes << 20))
    for how, write in (("copied", shutil.copyfile), ("linked", os.link)):
        for number, network in enumerate(networks):
            begin = time.perf_counter()
            with opened(folder / how) as results:
                changes = results.update({"network.npz": Wanted(str(number), partial(write, network))})
            print(
                f"network of {megabytes} MB, {how:8}{time.perf_counter() - begin:8.3f} s {json.dumps(changes.written)}"
            )
    begin = time.perf_counter()
    with opened(folder / "copied") as results:
        results.update({"network.npz": Wanted("1", partial(shutil.copyfile, networks[1]))})
    print(f"nothing new                {time.perf_counter() - begin:8.3f} s")


if __name__ == "__main__":
    main()
