import io

import pytest
from PIL import Image

from shared.pictures import PictureInfo, inspect

PLAIN = Image.new("RGB", (48, 48), (9, 80, 200))


def quality(image: Image.Image, **options: object) -> int | None:
    file = io.BytesIO()
    image.save(file, **{"format": "JPEG", **options})
    found = inspect(file.getvalue())
    assert isinstance(found, PictureInfo)
    return found.jpeg_quality


@pytest.mark.parametrize("stored", [20, 40, 50, 65, 75, 85, 90, 95, 100])
def test_the_quality_is_read_from_the_header(stored: int) -> None:
    assert quality(PLAIN, quality=stored) == pytest.approx(stored, abs=1)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_printers_pictures_tell_it_as_well(mode: str) -> None:
    assert quality(PLAIN.convert(mode), quality=70) == pytest.approx(70, abs=1)


def test_tables_of_another_program_get_the_quality_that_is_as_coarse() -> None:
    assert quality(PLAIN, qtables=[[3] * 64, [3] * 64]) == 97


def test_what_is_no_jpeg_has_none() -> None:
    assert quality(PLAIN, format="PNG") is None
