import io

import pytest
from PIL import Image

from services.upscaler.noise import noise_level
from shared.pictures import PictureInfo, inspect


def info(kind: str, **options: object) -> PictureInfo:
    file = io.BytesIO()
    Image.effect_noise((40, 40), 60).convert("RGB").save(file, kind, **options)
    found = inspect(file.getvalue())
    assert isinstance(found, PictureInfo)
    return found


@pytest.mark.parametrize(
    ("quality", "level"), [(100, 0), (95, 0), (86, 0), (84, 1), (75, 1), (66, 1), (63, 2), (50, 2), (41, 2), (38, 3)]
)
def test_noise_is_reduced_the_more_the_lower_a_jpeg_s_quality_is(quality: int, level: int) -> None:
    assert noise_level(info("JPEG", quality=quality)) == level


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("GIF", {}), ("BMP", {}), ("WEBP", {"lossless": True})])
def test_nothing_is_reduced_of_a_lossless_file(kind: str, options: dict[str, object]) -> None:
    assert noise_level(info(kind, **options)) == -1


@pytest.mark.parametrize(("kind", "options"), [("WEBP", {"quality": 60}), ("TIFF", {"compression": "jpeg"})])
def test_a_lossy_file_that_tells_no_quality_gets_the_middle(kind: str, options: dict[str, object]) -> None:
    assert noise_level(info(kind, **options)) == 1
