from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import product

import numpy
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from services.normalizer.colour import Origin, to_srgb
from shared.pictures import Picture, decode

Values = NDArray[numpy.float64]
LITTLE_CMS = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
COLOURS = numpy.array(list(product((0, 40, 100, 180, 255), repeat=3)), dtype=numpy.uint8)


def strip(colours: NDArray[numpy.uint8]) -> Image.Image:
    return Image.fromarray(colours[None])


def values(image: Image.Image) -> Values:
    row: NDArray[numpy.uint8] = numpy.asarray(image)[0]
    return row.astype(numpy.float64)


@pytest.mark.parametrize(("space", "gamma"), [("Display P3", None), ("Adobe RGB", 563 / 256)])
def test_a_wide_gamut_is_converted_as_the_matrices_say(
    rgb_profile: Callable[..., bytes], expected_srgb: Callable[..., Values], space: str, gamma: float | None
) -> None:
    done = to_srgb(strip(COLOURS), rgb_profile(space, gamma))
    assert done.origin is Origin.OTHER_RGB
    assert done.image.info == {}
    expected = expected_srgb(space, COLOURS.astype(float), gamma)
    assert abs(values(done.image) - expected).max() <= 3
    assert abs(values(done.image) - expected).mean() < 0.6


def test_srgbs_primaries_as_display_p3_spells_them_are_found_again(rgb_profile: Callable[..., bytes]) -> None:
    """By CSS Color 4's conversion, sRGB's red is color(display-p3 0.9175 0.2003 0.1386), and so on."""
    spelt = numpy.array([[234, 51, 35], [117, 251, 76], [0, 0, 245]], dtype=numpy.uint8)
    done = to_srgb(strip(spelt), rgb_profile("Display P3"))
    assert abs(values(done.image) - [[255, 0, 0], [0, 255, 0], [0, 0, 255]]).max() <= 4


def test_a_wide_gamut_file_gets_from_bytes_to_srgb(rgb_profile: Callable[..., bytes]) -> None:
    file = BytesIO()
    Image.new("RGB", (64, 64), (255, 0, 0)).save(file, "PNG", icc_profile=rgb_profile("Adobe RGB", 2.2))
    picture = decode(file.getvalue())
    assert isinstance(picture, Picture)
    assert to_srgb(picture.image, picture.profile).image.getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("bits", [LITTLE_CMS, None])
def test_where_the_profile_is_srgb_nothing_is_computed(rgb_profile: Callable[..., bytes], bits: bytes | None) -> None:
    image = strip(COLOURS)
    done = to_srgb(image, bits or rgb_profile("sRGB"))
    assert done.origin is Origin.SRGB
    assert done.image is image


def test_srgbs_primaries_under_another_gamma_are_converted(rgb_profile: Callable[..., bytes]) -> None:
    assert to_srgb(strip(COLOURS), rgb_profile("sRGB", 1.8)).origin is Origin.OTHER_RGB
    assert to_srgb(strip(COLOURS), rgb_profile("sRGB", 2.2)).origin is Origin.OTHER_RGB


def test_without_a_profile_the_image_is_taken_for_srgb() -> None:
    image = strip(COLOURS)
    done = to_srgb(image, None)
    assert (done.image, done.origin) == (image, Origin.UNTAGGED)


def test_a_broken_profile_is_told_and_the_image_taken_for_srgb(rgb_profile: Callable[..., bytes]) -> None:
    image, profile = strip(COLOURS), rgb_profile("Display P3")
    grey = profile[:16] + b"GRAY" + profile[20:]
    for broken in (b"", b"not a profile", profile[:200], grey, profile[:128] + bytes(len(profile) - 128)):
        done = to_srgb(image, broken)
        assert (done.image, done.origin) == (image, Origin.UNUSABLE_PROFILE)


def test_alpha_is_left_as_it_is(rgb_profile: Callable[..., bytes]) -> None:
    image = strip(COLOURS).convert("RGBA")
    image.putalpha(Image.frombytes("L", image.size, bytes(range(len(COLOURS)))))
    done = to_srgb(image, rgb_profile("Display P3"))
    assert done.image.mode == "RGBA"
    assert done.image.getchannel("A").tobytes() == bytes(range(len(COLOURS)))
    opaque = to_srgb(strip(COLOURS), rgb_profile("Display P3"))
    assert done.image.convert("RGB").tobytes() == opaque.image.tobytes()


def test_threads_that_share_profiles_convert_as_one_does(rgb_profile: Callable[..., bytes]) -> None:
    noise = numpy.random.default_rng(5).integers(0, 256, (24, 64, 64, 3), dtype=numpy.uint8)
    images = [Image.fromarray(pixels) for pixels in noise]
    profiles = [rgb_profile("Display P3"), rgb_profile("Adobe RGB", 2.2), rgb_profile("sRGB", 1.8)] * 8

    def work(image: Image.Image, profile: bytes) -> bytes:
        return to_srgb(image, profile).image.tobytes()

    alone = list(map(work, images, profiles))
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, images * 20, profiles * 20)) == alone * 20
