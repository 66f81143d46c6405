"""A review by hand for real: exported, edited with Pillow as a person would, imported, and gone on with."""

import json
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from shared.contract import keys
from tests.pipeline.conftest import RECIPE, Workplace
from tests.pipeline.test_verdicts import faces_of

SIZE = 128


def test_pictures_that_are_cropped_turned_and_deleted_are_so_in_the_next_version(workplace: Workplace) -> None:
    workplace.write_recipe(RECIPE.replace("size: 64", f"size: {SIZE}"))
    workplace.run()
    before, folder = faces_of(workplace, 1), workplace.root / "review"
    workplace.magritte("review", "export", "--out", str(folder), "--sort", "name")
    cropped, turned, deleted, *_ = sorted(folder.glob("*.png"))
    picture = Image.open(cropped).convert("RGB")
    picture.crop((16, 24, 112, 120)).save(cropped)
    Image.open(turned).convert("RGB").rotate(12, Resampling.BICUBIC).save(turned.with_suffix(".jpg"), quality=90)
    turned.unlink()
    deleted.unlink()
    said = workplace.magritte("review", "import", str(folder), "--yes")
    assert "box 2, drop 1" in said
    assert "nothing to do" in workplace.magritte("review", "import", str(folder), "--yes")
    workplace.run()
    after = faces_of(workplace, 2)
    names = [path.stem.partition("_")[2] for path in (cropped, turned, deleted)]
    assert {name for name in before if before[name] != after.get(name)} == set(names)
    assert names[2] not in after
    for name, degrees in zip(names, (0, 12), strict=False):
        (record,) = [each for each in exported(folder) if each["face"] == name]
        assert difference(workplace, record, after[name], degrees) < 4


def exported(folder: Path) -> list[dict[str, object]]:
    faces: list[dict[str, object]] = json.loads((folder / "export.json").read_text())["faces"]
    return faces


def difference(workplace: Workplace, record: dict[str, object], picture: str, degrees: float) -> float:
    """Mean difference, in levels, of a picture of the data set from what Pillow cuts out of the original.

    The square around the former crop is turned about its middle, or its part is taken that was cropped. Boxes have
    whole pixels, and half a pixel is much between the lines of a drawing: the best place within a pixel counts.
    """
    data = workplace.root / "data"
    original = Image.open(data / keys.original(str(record["image"]))).convert("RGB")
    left, top, width, height = record["box"]  # type: ignore[misc]
    side, middle = max(width, height), (left + width / 2, top + height / 2)
    edges = (0, 0, SIZE) if degrees else (16, 24, 96)
    corner = [round(middle[n] - side / 2 + edges[n] * side / SIZE) for n in range(2)]
    turned = original.rotate(degrees, Resampling.BICUBIC, center=middle)
    now = np.asarray(Image.open(data / keys.normalized(picture)).convert("RGB"), np.float32)
    found = []
    for right, down, more in product((-1, 0, 1), repeat=3):
        x, y, length = corner[0] + right, corner[1] + down, round(edges[2] * side / SIZE) + more
        cut = turned.resize((SIZE, SIZE), Resampling.LANCZOS, (x, y, x + length, y + length))
        inner = slice(SIZE // 6, -SIZE // 6)  # beyond the original one has a mirror image, the other black
        found.append(float(np.abs(now - np.asarray(cut, np.float32))[inner, inner].mean()))
    return min(found)
