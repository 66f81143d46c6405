"""How many faces each detector finds in a folder of labelled pictures, how often it is wrong, and its processor time.

    python -m benchmarks.faces FOLDER --cascade lbpcascade_animeface.xml

Times are of this process and its children, as multiples of animeface's at 900 pixels, the default of before 2026-11-28.
"""

import argparse
import resource
from pathlib import Path

import numpy as np

from benchmarks.labelled import Labelled, Score, labelled
from services.face_detector.acceptance import Acceptance, accepted
from services.face_detector.choice import Detectors, searches
from shared.recipe.detectors import Animeface, Cascade, DetectorKind
from shared.recipe.faces import Faces


def rows(cascade: str) -> dict[str, Faces]:
    """Return recipes' sections by name, the one to compare times with first."""
    found = {
        "animeface, 900 pixels": Faces(detector=DetectorKind.ANIMEFACE, animeface=Animeface(reduce_to=900)),
        "animeface": Faces(detector=DetectorKind.ANIMEFACE),
        "libfacedetection": Faces(detector=DetectorKind.LIBFACEDETECTION),
        "vote without a cascade": Faces(),
        "the same, upright": Faces(upright=True),
    }
    if cascade:
        model = Cascade(model=cascade)
        found["cascade"] = Faces(detector=DetectorKind.CASCADE, cascade=model)
        found["preset hand-made"] = Faces.model_validate({"preset": "hand-made", "cascade": {"model": cascade}})
        found["vote"] = Faces(cascade=model)
        found["vote, upright"] = Faces(cascade=model, upright=True)
    return found


def measured(faces: Faces, pictures: list[Labelled]) -> tuple[Score, float]:
    """Return the score of a section, and the processor seconds that it took for all pictures."""
    detectors, score = Detectors(), Score()
    detector = detectors.of(searches(faces))
    detector.detect(np.zeros((64, 64, 3), np.uint8))
    images = [np.asarray(picture.image()) for picture in pictures]
    before = _processor_seconds(detectors)
    for image, picture in zip(images, pictures, strict=True):
        score.add([face.box for face in accepted(detector.detect(image), Acceptance.of(faces))], picture)
    return score, _processor_seconds(detectors) - before


def _processor_seconds(detectors: Detectors) -> float:
    """Return the time of this process and of its children, which are ended, since only then it is known."""
    detectors.close()
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Print a line per detector."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="holds manifest.json and images/; nothing is done without")
    parser.add_argument("--cascade", default="", help="model file; without it, rows of the cascade are left out")
    options = parser.parse_args()
    if options.folder is None:
        print("faces: no folder of labelled pictures was named")
        return
    pictures, first = list(labelled(options.folder)), 0.0
    for name, faces in rows(options.cascade).items():
        score, seconds = measured(faces, pictures)
        first = first or seconds
        print(f"{name:24} {score}, {1000 * seconds / len(pictures):4.0f} ms a picture, {seconds / first:.2f} times")


if __name__ == "__main__":
    main()
