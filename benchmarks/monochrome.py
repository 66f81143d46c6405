"""How often black and white is told from colour, among drawn pictures and in a folder of labelled ones.

    python -m benchmarks.monochrome [FOLDER] [--drawn N]

Drawn pictures are changed in the ways below; those of a folder are counted as they are, and the same ways again.
"""

import argparse
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from benchmarks.labelled import labelled
from demo.character import any_character, any_pose
from demo.drawing import draw
from services.face_detector.monochrome import is_monochrome

Change = Callable[[Image.Image, Random], Image.Image]


def grey(image: Image.Image, random: Random) -> Image.Image:
    """Take the colours away."""
    return ImageOps.grayscale(image).convert("RGB")


def scanned(image: Image.Image, random: Random) -> Image.Image:
    """Take the colours away, add the noise of a scanner's colours, and store as JPEG."""
    noise = np.random.default_rng(random.randrange(1000)).normal(0, 12, (image.height, image.width, 3))
    return stored(Image.fromarray(np.clip(np.asarray(grey(image, random)) + noise, 0, 255).astype(np.uint8)), 50)


def sepia(image: Image.Image, random: Random) -> Image.Image:
    """Turn to brown, as image programs do, by a fixed mixture of the channels."""
    matrix = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)
    return image.convert("RGB", matrix)


def duotone(image: Image.Image, random: Random) -> Image.Image:
    """Draw with one coloured ink on tinted paper."""
    hue = random.randrange(360)
    ink, paper = f"hsl({hue}, {random.randint(20, 70)}%, 15%)", f"hsl({random.randrange(30, 60)}, 40%, 92%)"
    return ImageOps.colorize(ImageOps.grayscale(image), ink, paper)


def tinted(image: Image.Image, random: Random) -> Image.Image:
    """Lay one colour over a grey picture."""
    return Image.blend(
        grey(image, random), Image.new("RGB", image.size, f"hsl({random.randrange(360)}, 60%, 50%)"), 0.2
    )


def stamped(image: Image.Image, random: Random) -> Image.Image:
    """Put a coloured stamp of half a percent of the area on a grey picture."""
    stamp, side = grey(image, random), (0.005 * image.width * image.height) ** 0.5
    ImageDraw.Draw(stamp).rectangle((9, 9, 9 + side, 9 + side), fill="#d02020")
    return stamp


def unchanged(image: Image.Image, random: Random) -> Image.Image:
    """Leave it as it is."""
    return image


def pale(image: Image.Image, random: Random) -> Image.Image:
    """Wash half of the colours out into white."""
    return Image.blend(image, Image.new("RGB", image.size, "white"), 0.5)


def dull(image: Image.Image, random: Random) -> Image.Image:
    """Take half of the saturation away."""
    return ImageEnhance.Color(image).enhance(0.5)


def small_figure(image: Image.Image, random: Random) -> Image.Image:
    """Put the picture on a grey page, of which it takes up a tenth."""
    page = Image.new("RGB", image.size, "white")
    page.paste(grey(image, random).resize((image.width // 2, image.height // 2)), (9, 9))
    part = image.resize((image.width * 10 // 32, image.height * 10 // 32))
    page.paste(part, (image.width - part.width - 9, image.height - part.height - 9))
    return page


def poor(image: Image.Image, random: Random) -> Image.Image:
    """Store as JPEG of low quality."""
    return stored(image, 25)


def stored(image: Image.Image, quality: int) -> Image.Image:
    """Store as JPEG and read it again."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


MONOCHROME: tuple[Change, ...] = (grey, scanned, sepia, duotone, tinted, stamped)
COLOURED: tuple[Change, ...] = (unchanged, pale, dull, small_figure, poor)


def measured(name: str, images: list[Image.Image], is_coloured: Callable[[Image.Image], bool]) -> None:
    """Print the share that is judged rightly, of each way of changing `images`, and of both kinds."""
    for wanted, changes in ((True, MONOCHROME), (False, COLOURED)):
        rows = {}
        for change in changes:
            chosen = images if wanted else [image for image in images if is_coloured(image)]
            rows[change.__name__] = share(wanted, (change(image, Random(n)) for n, image in enumerate(chosen)))
        each = ", ".join(f"{change} {right:.3f}" for change, right in rows.items())
        kind = "monochrome" if wanted else "coloured"
        print(f"{name}, {kind}: {np.mean(list(rows.values())):.3f} right ({each})")


def share(wanted: bool, images: Iterable[Image.Image]) -> float:
    """Return the share of pictures that are judged as `wanted`."""
    return float(np.mean([is_monochrome(image) is wanted for image in images]))


def drawn(number: int) -> Image.Image:
    """Draw a coloured picture of some character."""
    random = Random(f"monochrome {number}")
    return Image.open(io.BytesIO(draw(any_character(random), any_pose(random), random))).convert("RGB")


def main() -> None:
    """Print the shares of drawn pictures, and of labelled ones if a folder is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="holds manifest.json and images/")
    parser.add_argument("--drawn", type=int, default=40, help="pictures that are drawn")
    options = parser.parse_args()
    measured("drawn", [drawn(number) for number in range(options.drawn)], lambda image: True)
    if options.folder is None:
        return
    pictures = list(labelled(options.folder))
    for wanted in (True, False):
        chosen = [each.image() for each in pictures if each.monochrome is wanted]
        kind = "monochrome" if wanted else "coloured"
        print(f"labelled, {kind}, as they are: {share(wanted, chosen):.3f} of {len(chosen)} right")
    coloured = [each.image() for each in pictures if not each.monochrome]
    measured("labelled, changed", coloured, lambda image: True)


if __name__ == "__main__":
    main()
