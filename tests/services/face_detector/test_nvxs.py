import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from services.face_detector import nvxs
from services.face_detector.detector import overlap
from services.face_detector.known_face import PLACE

Drawn = Callable[..., Image.Image]
ROOT = Path(__file__).parents[3]


def test_a_face_is_found_at_its_place(drawn: Drawn) -> None:
    image = drawn()
    (face,) = nvxs.faces(image.tobytes(), image.size)
    assert overlap(face.box, PLACE) > 0.5
    assert face.likelihood > 0.9


def test_several_faces_are_told_apart(drawn: Drawn) -> None:
    image = drawn(heads=3)
    assert len({face.box for face in nvxs.faces(image.tobytes(), image.size)}) == 3


def test_tiny_pictures_have_no_face() -> None:
    for size in [(1, 1), (1, 300), (300, 1), (5, 5)]:
        assert nvxs.faces(Image.new("RGB", size, "white").tobytes(), size) == []


def test_threads_find_what_one_thread_finds(drawn: Drawn) -> None:
    images = [drawn(heads, scale) for heads in (1, 2) for scale in (0.6, 0.75, 0.9)]
    alone = [nvxs.faces(image.tobytes(), image.size) for image in images]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda image: nvxs.faces(image.tobytes(), image.size), images * 3))
    assert together == alone * 3


_AGAIN_AND_AGAIN = """
import io
from PIL import Image
from demo.pictures import drawing
from services.face_detector import nvxs

picture = Image.open(io.BytesIO(drawing(6))).convert("RGB")
picture.thumbnail((900, 900), Image.Resampling.LANCZOS)
print(len({tuple(nvxs.faces(picture.tobytes(), picture.size)) for _ in range(12)}))
"""


def test_a_picture_on_which_the_analysis_of_colours_never_ends_is_looked_at_again_and_again() -> None:
    """animeface's own module does not return from the third call in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", _AGAIN_AND_AGAIN], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
