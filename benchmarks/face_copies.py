"""How many faces that came twice the deduper's second pass finds, and how many different ones it takes for one.

    python -m benchmarks.face_copies FOLDER

Each labelled face is cut out twice: from the picture, and from a smaller JPEG of it by a box that is a little
elsewhere, as from another picture that has the same face in a collage.
"""

import argparse
import hashlib
import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from PIL import Image

from benchmarks.labelled import labelled
from services.deduper.face_index import FaceIndex, ReadyFace, by_digest, face_eyes
from services.deduper.pair_verdicts import PairVerdicts
from services.face_detector.crop import expanded
from services.face_detector.detector import Box
from shared.contract import keys
from shared.contract.items import Face
from shared.pictures import encode_png
from shared.recipe.duplicates import Duplicates
from shared.recipe.faces import Expansion
from shared.store import FolderStore

SMALLEST, SCALE, QUALITY, SHIFT, GROWTH = 64, 0.7, 75, 0.04, 0.06
"""Pixels of a face's side; of the second copy: the picture's scale, its JPEG quality, and by which share of its side
its box may be moved and may be larger or smaller."""


def crop(image: Image.Image, face: Box) -> Image.Image:
    """Cut a face out with the default margins."""
    box = expanded(face, Expansion()).within(*image.size)
    return image.crop((box.x, box.y, box.x + box.width, box.y + box.height))


def smaller(image: Image.Image) -> bytes:
    """Encode a picture again, reduced, as a JPEG."""
    file = io.BytesIO()
    size = max(1, round(image.width * SCALE)), max(1, round(image.height * SCALE))
    image.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def elsewhere(face: Box, random: Random) -> Box:
    """Return a face's box in the smaller picture, a little elsewhere."""
    grown = random.uniform(1 - GROWTH, 1 + GROWTH)
    x = face.x + (random.uniform(-SHIFT, SHIFT) + (1 - grown) / 2) * face.width
    y = face.y + (random.uniform(-SHIFT, SHIFT) + (1 - grown) / 2) * face.height
    return Box(*(round(value * SCALE) for value in (x, y, face.width * grown, face.height * grown)))


def faces_of(folder: Path, store: FolderStore) -> Iterator[ReadyFace]:
    """Put both copies of each face into the store; the number of a face is 0 for the first and 1 for the second."""
    random, count = Random(1), 0
    for each in labelled(folder):
        image = each.image()
        encoded = each.path.read_bytes(), smaller(image)
        originals = [hashlib.sha256(data).hexdigest() for data in encoded]
        for original, data in zip(originals, encoded, strict=True):
            store.put(keys.original(original), data)
        small = Image.open(io.BytesIO(encoded[1])).convert("RGB")
        for face in each.faces:
            if min(face.width, face.height) >= SMALLEST:
                count += 1
                for number, copy in enumerate((crop(image, face), crop(small, elsewhere(face, random)))):
                    data = encode_png(copy)
                    digest = hashlib.sha256(data).hexdigest()
                    store.put(keys.crop(digest), data)
                    yield ReadyFace(Face(f"{count:020x}", number), originals[number], digest, digest)


def main() -> None:
    """Print what was found and what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    with tempfile.TemporaryDirectory() as root:
        store, rules = FolderStore(Path(root)), Duplicates()
        faces = by_digest(list(faces_of(parser.parse_args().folder, store)))
        index, eyes = FaceIndex(rules), face_eyes(rules, faces, PairVerdicts("nobody"), store)
        start = time.process_time()
        for face in index.missing(faces.values()):
            index.add(face, store, eyes)
        seconds = time.process_time() - start
    pairs = [(faces[each.image].item, faces[each.by].item) for each in index.decisions() if each.by is not None]
    found = sum(one.entry == other.entry for one, other in pairs)
    better = sum(one.entry == other.entry and one.number == 1 for one, other in pairs)
    print(f"{len(faces) // 2} faces that came twice: {found} found, of which the larger was kept {better} times")
    print(f"taken for one that are different: {len(pairs) - found} of {len(faces)} faces")
    print(f"processor time: {1000 * seconds / len(faces):.1f} ms a face")


if __name__ == "__main__":
    main()
