"""How many altered copies of a folder's pictures are found, and how many different ones are taken for one.

    python -m benchmarks.duplicates FOLDER [--every N]

Copies are altered in 16 ways. Beside the deduper stand imagehash's phash within 10 bits, as many programs have it, and
dupeGuru's comparison at the strictness 50 and at its default, 95. Pictures come one after the other, the originals
first, and each is compared with all before it. A picture counts as wrong if another drawing is among what is found.
"""

import argparse
import hashlib
import io
import tempfile
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from benchmarks.labelled import labelled
from services.deduper.fingerprint import Fingerprint, fingerprint
from services.deduper.likeness import Looking
from services.deduper.run_index import RunIndex
from shared.contract import keys
from shared.contract.messages import ImageFingerprinted
from shared.pictures import Limits
from shared.recipe.duplicates import Duplicates
from shared.store import FolderStore

LIMITS = Limits(min_side=1, max_elongation=100)


def cropped(image: Image.Image, side: float, below: float = 0) -> Image.Image:
    """Cut a share off on each side, or below."""
    x, y = round(image.width * side), round(image.height * side)
    return image.crop((x, y, image.width - x, image.height - y - round(image.height * below)))


def bubbled(image: Image.Image, share: float) -> Image.Image:
    """Draw a speech bubble over a share of the area, at a place that depends on the picture's size."""
    image, random = image.copy(), Random(image.width * 10_000 + image.height)
    area = share * image.width * image.height * 4 / np.pi
    width = min(0.95 * image.width, (1.4 * area) ** 0.5)
    height = min(0.95 * image.height, area / width)
    x, y = random.uniform(0, image.width - width), random.uniform(0, image.height - height)
    draw = ImageDraw.Draw(image)
    draw.ellipse((x, y, x + width, y + height), fill="white", outline="black", width=3)
    draw.text((x + 0.2 * width, y + 0.4 * height), "Where are we?", fill="black", font_size=max(8, width / 10))
    return image


def watermarked(image: Image.Image) -> Image.Image:
    """Write over the middle, half transparent."""
    over = Image.new("RGBA", image.size, (0, 0, 0, 0))
    place = (0.1 * image.width, 0.45 * image.height)
    ImageDraw.Draw(over).text(place, "SAMPLE", fill=(255, 255, 255, 140), font_size=max(10, image.width / 8))
    return Image.alpha_composite(image.convert("RGBA"), over).convert("RGB")


def letterboxed(image: Image.Image) -> Image.Image:
    """Add black bars of a tenth above and below."""
    boxed = Image.new("RGB", (image.width, round(image.height * 1.2)), "black")
    boxed.paste(image, (0, round(image.height * 0.1)))
    return boxed


ALTERED: dict[str, tuple[Callable[[Image.Image], Image.Image], int]] = {
    "JPEG 60": (lambda image: image, 60),
    "JPEG 40": (lambda image: image, 40),
    "half size": (lambda image: image.resize((image.width // 2, image.height // 2)), 90),
    "cropped 4 % a side": (lambda image: cropped(image, 0.04), 90),
    "cropped 8 % a side": (lambda image: cropped(image, 0.08), 90),
    "cropped 8 % below": (lambda image: cropped(image, 0, 0.08), 90),
    "border 5 %": (lambda image: ImageOps.expand(image, max(image.size) // 20, "white"), 90),
    "letterbox": (letterboxed, 90),
    "bubble on 7 %": (lambda image: bubbled(image, 0.07), 90),
    "bubble on 20 %": (lambda image: bubbled(image, 0.2), 90),
    "watermark": (watermarked, 90),
    "turned 2 degrees": (lambda image: image.rotate(2, Image.Resampling.BICUBIC, fillcolor="white"), 90),
    "mirrored": (ImageOps.mirror, 90),
    "20 % brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.2), 90),
    "20 % darker": (lambda image: ImageEnhance.Brightness(image).enhance(0.8), 90),
    "gamma 1.4": (lambda image: image.point([round(255 * (level / 255) ** 1.4) for level in range(256)] * 3), 90),
}


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Encode as JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


class Method(ABC):
    """A way to find duplicates among the pictures that have come so far, which are numbered from 0."""

    def __init__(self) -> None:
        self.pictures = 0
        self.describing = self.comparing = 0.0  # seconds of processor time

    def add(self, data: bytes) -> set[int]:
        """Let a picture arrive; return the numbers of the earlier ones that it is a duplicate of."""
        start = time.process_time()
        described = self.described(data)
        between = time.process_time()
        found = self.found(described)
        self.describing += between - start
        self.comparing += time.process_time() - between
        self.pictures += 1
        return found

    @abstractmethod
    def described(self, data: bytes) -> Any:
        """Return what is known of a picture alone."""

    @abstractmethod
    def found(self, described: Any) -> set[int]:
        """Compare a picture with all before it, and keep it."""


class Deduper(Method):
    """The deduper's index, with a store of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._store = FolderStore(folder)
        self._index = RunIndex(Duplicates())
        self._eyes = Looking(Duplicates()).within(self._store)

    def described(self, data: bytes) -> ImageFingerprinted:
        """Store a picture and return its fingerprint."""
        image = hashlib.sha256(data).hexdigest()
        self._store.put_new(keys.original(image), data)
        found = fingerprint(data, LIMITS)
        assert isinstance(found, Fingerprint)
        about = {"run": "bench", "entry": f"{self.pictures:020x}", "image": image, "score": 0}
        return ImageFingerprinted.model_validate(about | asdict(found))

    def found(self, described: ImageFingerprinted) -> set[int]:
        """Have the index judge the arrival."""
        return set(self._index.add(described, self._eyes).findings.pairs)


class Phash(Method):
    """Hashes of 64 bits, which may differ in 10."""

    def __init__(self) -> None:
        super().__init__()
        self._hashes: list[imagehash.ImageHash] = []

    def described(self, data: bytes) -> imagehash.ImageHash:
        """Return the hash."""
        return imagehash.phash(Image.open(io.BytesIO(data)))

    def found(self, described: imagehash.ImageHash) -> set[int]:
        """Count the bits that differ."""
        near = {number for number, other in enumerate(self._hashes) if described - other <= 10}
        self._hashes.append(described)
        return near


class DupeGuru(Method):
    """The comparison of dupeGuru (commit 8f197ea, core/pe: matchblock.py and modules/block.c), with `match scaled`.

    A picture becomes 15 x 15 tiles of mean red, green and blue, rounded down; what is left over to the right and below
    is not looked at. Two pictures differ by the mean over the tiles, rounded down, of the sum of the absolute
    differences of the three, and match by 100 minus that in percent. `strictness`, there "filter hardness", is the
    least match. From the third tile on, the mean of those so far must lie within the limit as well.
    """

    def __init__(self, strictness: int) -> None:
        super().__init__()
        self._limit = 100 - strictness
        self._tiles = np.empty((0, 15 * 15, 3), np.int32)

    def described(self, data: bytes) -> NDArray[np.int32]:
        """Return the means of the tiles [225, 3]."""
        rgb = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        height, width = max(1, rgb.shape[0] // 15), max(1, rgb.shape[1] // 15)
        tiles = rgb[: 15 * height, : 15 * width].reshape(15, height, 15, width, 3)
        return (tiles.sum(axis=(1, 3), dtype=np.int64) // (height * width)).astype(np.int32).reshape(-1, 3)

    def found(self, described: NDArray[np.int32]) -> set[int]:
        """Compare tile by tile, from the left above."""
        sums = np.abs(self._tiles - described).sum(axis=2).cumsum(axis=1)
        within = sums <= self._limit * np.arange(1, 15 * 15 + 1)
        self._tiles = np.concatenate([self._tiles, described[None]])
        return set(np.flatnonzero(within[:, 2:].all(axis=1)).tolist())


@dataclass
class Tally:
    """Counts of what a method has found: of each kind of copy whether its original, and pictures that are wrong."""

    kinds: defaultdict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    wrong: int = 0
    wrong_originals: int = 0

    def __str__(self) -> str:
        found = [each for kind in self.kinds.values() for each in kind]
        recall, precision = float(np.mean(found)), sum(found) / max(1, sum(found) + self.wrong)
        f1 = 2 * recall * precision / max(1e-9, recall + precision)
        return (
            f"found {recall:.3f}, F1 {f1:.3f}, wrong {self.wrong} pictures, {self.wrong_originals} pairs of originals"
        )


def main() -> None:
    """Print the share that is found for each way of altering, and wrong pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="holds manifest.json and images/; nothing is done without")
    parser.add_argument("--every", type=int, default=1, help="alter every N-th picture only")
    options = parser.parse_args()
    if options.folder is None:
        print("duplicates: no folder of labelled pictures was named")
        return
    images = [each.image() for each in labelled(options.folder)]
    for image in images:
        image.thumbnail((1400, 1400))
    with tempfile.TemporaryDirectory() as scratch:
        methods: dict[str, Method] = {
            "deduper": Deduper(Path(scratch)),
            "phash": Phash(),
            "dupeGuru 50": DupeGuru(50),
            "dupeGuru 95": DupeGuru(95),
        }
        measured(images, options.every, methods)


def measured(images: list[Image.Image], every: int, methods: dict[str, Method]) -> None:
    """Print what is found among all pictures, and of altered copies of every N-th."""
    tallies = {name: Tally() for name in methods}
    for image in images:
        data = jpeg(image, 92)
        for name, method in methods.items():
            found = method.add(data)
            tallies[name].wrong += bool(found)
            tallies[name].wrong_originals += len(found)
    alone = 1000 * methods["deduper"].comparing / len(images)
    sources = list(range(len(images)))
    for number in range(0, len(images), every):
        for kind, (alter, quality) in ALTERED.items():
            data = jpeg(alter(images[number]), quality)
            for name, method in methods.items():
                found = method.add(data)
                tallies[name].kinds[kind].append(number in found)
                tallies[name].wrong += any(sources[each] != number for each in found)
            sources.append(number)
    _print(tallies, methods)
    print(f"an arrival at the deduper that has no copy: {alone:.1f} ms")


def _print(tallies: dict[str, Tally], methods: dict[str, Method]) -> None:
    print(f"{'share that is found':24}" + "".join(f"{name:>13}" for name in tallies))
    for kind in ALTERED:
        shares = (float(np.mean(tally.kinds[kind])) for tally in tallies.values())
        print(f"  {kind:22}" + "".join(f"{share:13.2f}" for share in shares))
    for name, method in methods.items():
        describing, comparing = (1000 * each / method.pictures for each in (method.describing, method.comparing))
        print(f"{name:12} {tallies[name]}; {describing:.1f} + {comparing:.1f} ms a picture, of {method.pictures}")


if __name__ == "__main__":
    main()
