"""How many altered copies of a folder's pictures are found, and how many different ones are taken for one.

    python -m benchmarks.duplicates FOLDER [--every N]

Copies are altered in 16 ways. Beside the deduper stands imagehash's phash within 10 bits, as many programs have it.
Pictures come to the deduper's index one after the other, the originals first.
"""

import argparse
import hashlib
import io
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from random import Random

import imagehash
import numpy as np
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


class Deduper:
    """The deduper's index, with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self._store = FolderStore(folder)
        self._index = RunIndex(Duplicates())
        self._eyes = Looking(Duplicates()).within(self._store)
        self.fingerprinting = self.judging = 0.0
        self.pictures = 0

    def add(self, data: bytes) -> set[int]:
        """Let a picture arrive; return the numbers of the earlier ones that it is a duplicate of."""
        image = hashlib.sha256(data).hexdigest()
        self._store.put_new(keys.original(image), data)
        start = time.process_time()
        found = fingerprint(data, LIMITS)
        assert isinstance(found, Fingerprint)
        self.fingerprinting += time.process_time() - start
        about = {"run": "bench", "entry": f"{self.pictures:020x}", "image": image, "score": 0}
        start = time.process_time()
        judged = self._index.add(ImageFingerprinted.model_validate(about | asdict(found)), self._eyes)
        self.judging += time.process_time() - start
        self.pictures += 1
        return set(judged.findings.pairs)


def by_phash(one: Image.Image, other: Image.Image) -> bool:
    """Compare as many programs do."""
    return bool(imagehash.phash(one) - imagehash.phash(other) <= 10)


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
        measured(images, images[:: options.every], Deduper(Path(scratch)))


def measured(images: list[Image.Image], chosen: list[Image.Image], deduper: Deduper) -> None:
    """Print what is found among all pictures, and of altered copies of those that were chosen."""
    wrong = sum(len(deduper.add(jpeg(image, 92))) for image in images)
    alone = 1000 * deduper.judging / len(images)
    pairs = [(first.resize((256, 256)), second.resize((256, 256))) for first, second in combinations(images, 2)]
    print(f"wrong among {len(pairs)} pairs: deduper {wrong}, phash {sum(by_phash(*pair) for pair in pairs)}")
    found = defaultdict[str, list[tuple[bool, bool]]](list)
    for image in chosen:
        number = next(index for index, each in enumerate(images) if each is image)
        for name, (alter, quality) in ALTERED.items():
            data = jpeg(alter(image), quality)
            found[name].append((number in deduper.add(data), by_phash(image, Image.open(io.BytesIO(data)))))
    for name, rows in found.items():
        ours, phash = np.mean(rows, axis=0)
        print(f"  {name:20} deduper {ours:.2f}, phash {phash:.2f}")
    ours, phash = np.mean([row for rows in found.values() for row in rows], axis=0)
    print(f"found of all copies: deduper {ours:.3f}, phash {phash:.3f}")
    each = 1000 * deduper.fingerprinting / deduper.pictures
    print(f"processor time: {each:.1f} ms a fingerprint, {alone:.1f} ms an arrival that has no copy")


if __name__ == "__main__":
    main()
