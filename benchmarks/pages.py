"""How many comic pages are told from other pictures, among drawn ones and in a folder of labelled pictures.

    python -m benchmarks.pages [FOLDER] [--drawn N]

The thresholds were chosen on drawn pages of other seeds. Most of the drawn pages have a panel without
a frame, a figure that reaches beyond its panel, or a sound across a gutter.
"""

import argparse
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from PIL import Image

from benchmarks.labelled import labelled
from demo.pages import comic_page, single_picture, strip_of_four
from services.face_detector.panels import is_comic_page

DRAWN: dict[str, Callable[[Random], Image.Image]] = {
    "drawn pages": comic_page,
    "drawn strips of four": strip_of_four,
    "drawn pictures that are no page": single_picture,
}


def taken(images: Iterable[Image.Image]) -> tuple[int, int, float]:
    """Return how many pictures are taken for pages, of how many, and the milliseconds of processor time of each."""
    verdicts, seconds = [], 0.0
    for image in images:
        start = time.process_time()
        verdicts.append(is_comic_page(image))
        seconds += time.process_time() - start
    return sum(verdicts), len(verdicts), 1000 * seconds / max(1, len(verdicts))


def main() -> None:
    """Print a line for each kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="holds manifest.json and images/")
    parser.add_argument("--drawn", type=int, default=60, help="pictures of each kind that are drawn")
    options = parser.parse_args()
    for name, draw in DRAWN.items():
        images = (draw(Random(f"benchmark {name} {number}")) for number in range(options.drawn))
        print("{}: {} of {} taken for pages, {:.0f} ms each".format(name, *taken(images)))
    for page in (True, False) if options.folder else ():
        images = (each.image() for each in labelled(options.folder) if each.page is page)
        name = "labelled pages" if page else "other labelled pictures"
        print("{}: {} of {} taken for pages, {:.0f} ms each".format(name, *taken(images)))


if __name__ == "__main__":
    main()
