"""How the processor time and memory of the deduper's index grow with the pictures that it holds.

    python -m benchmarks.index_scale [FOLDER] [--pictures N]

There are not as many real pictures, so that they are put together: a cut of one picture of FOLDER (or of 60 drawings),
warped, mirrored and recoloured, with parts of up to three others in soft ellipses over it. The first lines compare how
near to each other they are with the pictures that they are made of, in bits of phash and in common words (FOLDER has a
few variants, which lie within 12 bits). Times are processor time of each arrival since the line before. At each line
altered copies of 30 of the pictures come as well, to see whether they are still found. Real pictures of one folder
are nearer to each other than these (within 20 bits twice as often), so that more of them are looked at.
"""

import argparse
import hashlib
import io
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.duplicates import ALTERED, jpeg
from benchmarks.labelled import labelled
from demo.character import any_character, any_pose
from demo.drawing import draw
from services.deduper.fingerprint import Fingerprint, fingerprint
from services.deduper.likeness import Eyes, Looking
from services.deduper.run_index import RunIndex
from services.deduper.words import decoded
from shared.contract import keys
from shared.contract.messages import ImageFingerprinted
from shared.contract.reasons import Reason
from shared.pictures import Limits
from shared.recipe.duplicates import Duplicates
from shared.store import FolderStore

SIDE = 320
"""Pixels of the longer side of the pictures that are put together: the deduper looks at 256."""

LIMITS = Limits(min_side=1, max_elongation=100)
Pixels = NDArray[np.uint8]


def sources(folder: Path | None) -> list[Pixels]:
    """Return what pictures are put together of."""
    if folder is not None:
        images = [each.image() for each in labelled(folder)]
    else:
        randoms = [Random(f"scale {number}") for number in range(60)]
        drawn = (draw(any_character(random), any_pose(random), random) for random in randoms)
        images = [Image.open(io.BytesIO(png)).convert("RGB") for png in drawn]
    for image in images:
        image.thumbnail((2 * SIDE, 2 * SIDE))
    return [np.asarray(image) for image in images]


def put_together(of: list[Pixels], random: Random) -> Pixels:
    """Make a picture of parts of others."""
    width, height = random.choice([(SIDE, SIDE), (SIDE * 3 // 4, SIDE), (SIDE, SIDE * 3 // 4)])
    made = part(random.choice(of), (width, height), random, (0.5, 0.95)).astype(np.float32)
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(random.randint(1, 3)):
        over = part(random.choice(of), (width, height), random, (0.4, 0.95))
        x, y = random.uniform(0.2, 0.8) * width, random.uniform(0.2, 0.8) * height
        wide, tall = random.uniform(0.25, 0.6) * width, random.uniform(0.25, 0.6) * height
        far = ((across - x) / wide) ** 2 + ((down - y) / tall) ** 2
        there = np.clip((1.1 - far) * 8, 0, 1)[..., None]
        made += (over - made) * there
    return made.astype(np.uint8)


def part(picture: Pixels, size: tuple[int, int], random: Random, share: tuple[float, float]) -> Pixels:
    """Cut a part out of a picture, by a quadrilateral, and give it other tones and colours."""
    height, width = picture.shape[:2]
    wide, tall = random.uniform(*share) * width, random.uniform(*share) * height
    x, y = random.uniform(0, width - wide), random.uniform(0, height - tall)
    corners = np.array([(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)], np.float32)
    corners += np.array([[random.gauss(0, 0.05 * wide), random.gauss(0, 0.05 * tall)] for _ in range(4)], np.float32)
    if random.random() < 0.5:
        corners = corners[[1, 0, 3, 2]]
    onto = np.array([(0, 0), (size[0], 0), (size[0], size[1]), (0, size[1])], np.float32)
    way = cv2.getPerspectiveTransform(corners, onto)
    cut = cv2.warpPerspective(picture, way, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    gains, gamma = [random.uniform(0.6, 1.15) for _ in range(3)], random.uniform(0.6, 1.6)
    curve = [[min(255, round(255 * gain * (level / 255) ** gamma)) for gain in gains] for level in range(256)]
    return np.asarray(cv2.LUT(cut, np.array(curve, np.uint8)[None]), np.uint8)


@dataclass
class Spent:
    """Processor seconds and numbers of looks."""

    total: float = 0.0
    looking: float = 0.0
    looks: int = 0


class Scale:
    """An index with its store, and what it costs."""

    def __init__(self, folder: Path) -> None:
        self._store, self.index, self.spent = FolderStore(folder), RunIndex(Duplicates()), Spent()
        self._eyes = Looking(Duplicates()).within(self._store)

    def add(self, data: bytes) -> tuple[Fingerprint, set[int]]:
        """Let a picture arrive; return its fingerprint, and the numbers of those that it is a duplicate of."""
        image = hashlib.sha256(data).hexdigest()
        self._store.put_new(keys.original(image), data)
        found = fingerprint(data, LIMITS)
        assert isinstance(found, Fingerprint)
        about = {"run": "bench", "entry": f"{len(self.index):020x}", "image": image, "score": 0}
        message = ImageFingerprinted.model_validate(about | asdict(found))
        start = time.process_time()
        judged = self.index.add(message, Eyes(self._doubt, self._eyes.resolution))
        self.spent.total += time.process_time() - start
        return found, set(judged.findings.pairs)

    def refound(self, pictures: list[tuple[int, bytes]]) -> dict[str, float]:
        """Let altered copies of numbered pictures arrive; return the share of each kind that is found."""
        spent, self.spent = self.spent, Spent()
        shares = {}
        for name, (alter, quality) in ALTERED.items():
            copies = ((number, alter(Image.open(io.BytesIO(data)))) for number, data in pictures)
            shares[name] = float(np.mean([number in self.add(jpeg(copy, quality))[1] for number, copy in copies]))
        self.spent = spent
        return shares

    def _doubt(self, one: str, other: str, kind: Reason) -> float:
        start = time.process_time()
        doubt = self._eyes.doubt(one, other, kind)
        self.spent.looking += time.process_time() - start
        self.spent.looks += 1
        return doubt


def nearness(found: list[Fingerprint]) -> str:
    """Say how near pictures are to each other, in pairs."""
    hashes = np.array([int(each.phash, 16) for each in found], np.uint64)
    mirrored = np.array([int(each.mirrored_phash, 16) for each in found], np.uint64)
    upper = np.triu_indices(len(found), 1)
    bits = np.bitwise_count(hashes[:, None] ^ hashes)[upper]
    turned = np.bitwise_count(hashes[:, None] ^ mirrored)[upper]
    words = [set(decoded(each.words).tolist()) for each in found]
    common = np.array([len(words[one] & words[other]) for one, other in zip(*upper, strict=True)])
    near = (
        f"{most}: {1e4 * np.mean(bits <= most):.1f} / {1e4 * np.mean(turned <= most):.1f}" for most in (8, 12, 16, 20)
    )
    return (
        f"{np.percentile(bits, 0.1):.0f} bits (one pair of 1000), {np.median(bits):.0f} (median); of 10,000 pairs "
        f"within bits, straight / mirrored, {', '.join(near)}; {common.mean():.1f} common words (mean), "
        f"{np.percentile(common, 99.9):.0f} (one pair of 1000); {np.mean([*map(len, words)]):.0f} words a picture"
    )


def resident() -> float:
    """Return the memory of this process, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def lines(upto: int) -> Iterator[int]:
    """Yield 1000, 2000, 5000, 10,000 and so on."""
    for power in range(3, 7):
        yield from (number for number in (10**power, 2 * 10**power, 5 * 10**power) if number <= upto)


def main() -> None:
    """Print a line for each size of the index."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="holds manifest.json and images/")
    parser.add_argument("--pictures", type=int, default=2000)
    options = parser.parse_args()
    of = sources(options.folder)
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as other:
        alone = Scale(Path(other))
        print("made of:      ", nearness([alone.add(jpeg(Image.fromarray(picture), 92))[0] for picture in of]))
        grow(Scale(Path(scratch)), of, options.pictures)


def grow(scale: Scale, of: list[Pixels], upto: int) -> None:
    """Let pictures arrive and print what they take."""
    random, known, count, before = Random("scale"), list[tuple[int, bytes]](), 0, resident()
    for until in lines(upto):
        found = []
        for _ in range(until - count):
            data = jpeg(Image.fromarray(put_together(of, random)), 92)
            if random.random() < 0.1:
                known.append((len(scale.index), data))
            found.append(scale.add(data)[0])
        if not count:
            print("put together: ", nearness(found[:: max(1, len(found) // 400)]))
        spent, scale.spent = scale.spent, Spent()
        memory = f"{scale.index.memory / 1e6:.0f} MB by its own count, {resident() - before:.0f} MB more of the process"
        print(f"{until:7} pictures: {costs(spent, until - count)}; {memory}", flush=True)
        shares = scale.refound(random.sample(known, 30))
        worst = ", ".join(f"{name} {share:.2f}" for name, share in shares.items() if share < 0.95)
        print(f"{'':17} copies found {np.mean([*shares.values()]):.3f}: {worst}", flush=True)
        count = until


def costs(spent: Spent, arrivals: int) -> str:
    """Say what arrivals took."""
    total, looking = (1000 * seconds / arrivals for seconds in (spent.total, spent.looking))
    looks = spent.looks / arrivals
    return f"{total:.1f} ms an arrival, of it {total - looking:.2f} candidates, {looking:.1f} for {looks:.2f} looks"


if __name__ == "__main__":
    main()
