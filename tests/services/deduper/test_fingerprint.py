import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps

from services.deduper.fingerprint import Fingerprint, fingerprint
from services.deduper.look import without_borders
from services.deduper.words import decoded
from shared.contract.reasons import Drop, Reason
from shared.pictures import Limits
from tests.services.deduper.conftest import Drawing, Encoded


def _bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _of(data: bytes) -> Fingerprint:
    found = fingerprint(data, Limits())
    assert isinstance(found, Fingerprint)
    return found


@pytest.mark.parametrize("quality", [None, 90])
@pytest.mark.parametrize("size", [(400, 500), (1600, 1200), (100, 120)])
def test_the_hash_of_the_reduced_picture_is_close_to_the_full_pictures(
    drawing: Drawing, encoded: Encoded, size: tuple[int, int], quality: int | None
) -> None:
    for seed in range(5):
        image = drawing(seed, size)
        whole = Image.fromarray(without_borders(np.asarray(image)))
        assert _bits(_of(encoded(image, quality)).phash, str(imagehash.phash(whole))) <= 8


def test_the_mirrored_hashes_are_those_of_the_mirrored_picture(drawing: Drawing, encoded: Encoded) -> None:
    for seed in range(5):
        one, other = _of(encoded(drawing(seed))), _of(encoded(ImageOps.mirror(drawing(seed))))
        assert _bits(one.mirrored_phash, other.phash) <= 2
        assert _bits(one.phash, other.mirrored_phash) <= 2
        assert _bits(one.phash, other.phash) > 16


def test_a_border_does_not_matter_to_the_hashes(drawing: Drawing, encoded: Encoded) -> None:
    for seed in range(5):
        one, framed = _of(encoded(drawing(seed))), _of(encoded(ImageOps.expand(drawing(seed), 25, "white")))
        assert _bits(one.phash, framed.phash) <= 8


def test_the_words_are_those_of_the_details(drawing: Drawing, encoded: Encoded) -> None:
    assert len(decoded(_of(encoded(drawing(0))).words)) > 50
    assert _of(encoded(Image.new("RGB", (200, 200), "red"))).words == ""


def test_the_size_is_that_of_the_full_upright_picture(drawing: Drawing) -> None:
    image, file = drawing(0, (300, 200)), io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(file, "JPEG", exif=exif)
    found = _of(file.getvalue())
    assert (found.width, found.height, found.lossless) == (200, 300, False)


def test_a_truncated_picture_is_dropped_as_truncated(drawing: Drawing, encoded: Encoded) -> None:
    for data in (encoded(drawing(0)), encoded(drawing(0), 90)):
        found = fingerprint(data[: len(data) // 2], Limits())
        assert isinstance(found, Drop)
        assert found.reason is Reason.TRUNCATED
