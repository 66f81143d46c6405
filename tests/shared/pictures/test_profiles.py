from io import BytesIO

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageCms

from shared.pictures import Picture, decode
from shared.pictures.profiles import Space, in_srgb, lab_profile, space_of

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes) -> Picture:
    picture = decode(data)
    assert isinstance(picture, Picture), picture
    return picture


def pixels(image: Image.Image) -> NDArray[numpy.int64]:
    return numpy.asarray(image).astype(numpy.int64)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two images of one size, in levels of 255."""
    return float(abs(pixels(one) - pixels(other)).mean())


def test_the_space_is_read_from_the_profiles_header(grey_profile: bytes, cmyk_profile: bytes) -> None:
    assert space_of(SRGB) is Space.RGB
    assert space_of(grey_profile) is Space.GREY
    assert space_of(cmyk_profile) is Space.CMYK
    assert space_of(lab_profile()) is Space.LAB


def test_what_is_no_profile_or_enormous_or_of_another_space_has_no_space() -> None:
    xyz = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for profile in (None, b"", b"acsp", bytes(200), SRGB[:30], SRGB + bytes(5_000_000), xyz):
        assert space_of(profile) is None


def test_colours_in_srgb_stay_what_they_are(drawing: Image.Image) -> None:
    converted = in_srgb(drawing, SRGB)
    assert converted is not None
    pairs = zip(converted.tobytes(), drawing.tobytes(), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 1


def test_alpha_survives_the_conversion(drawing: Image.Image, grey_profile: bytes) -> None:
    alpha = drawing.convert("L")
    for mode, profile in (("RGBA", SRGB), ("LA", grey_profile)):
        image = drawing.convert(mode)
        image.putalpha(alpha)
        converted = in_srgb(image, profile)
        assert converted is not None
        assert converted.mode == "RGBA"
        assert converted.getchannel("A").tobytes() == alpha.tobytes()


def test_a_broken_or_unfitting_profile_converts_nothing(drawing: Image.Image, cmyk_profile: bytes) -> None:
    for profile in (SRGB[:140], SRGB[:128] + bytes(len(SRGB) - 128), cmyk_profile):
        assert in_srgb(drawing, profile) is None
        assert in_srgb(drawing.convert("LA"), profile) is None


def test_black_ink_becomes_black_though_it_is_dark_grey_on_paper(cmyk_profile: bytes) -> None:
    black = in_srgb(Image.new("CMYK", (1, 1), (0, 0, 0, 255)), cmyk_profile)
    assert black is not None
    assert max(black.tobytes()) <= 2


def test_cmyk_is_converted_by_its_profile_which_is_then_dropped(cmyk_profile: bytes) -> None:
    inks = Image.new("CMYK", (96, 64))
    inks.paste((255, 0, 0, 0), (0, 0, 32, 64))
    inks.paste((0, 0, 0, 255), (64, 0, 96, 64))
    picture = decoded(saved(inks, "JPEG", quality=100, icc_profile=cmyk_profile))
    found = pixels(picture.image)[32, [8, 48, 88]]
    assert abs(found - [[255, 0, 0], [255, 255, 255], [0, 0, 0]]).max() <= 8
    assert picture.profile is None


def test_grey_is_converted_by_its_profile_which_is_then_dropped(grey_profile: bytes) -> None:
    linear = Image.linear_gradient("L").rotate(90)
    expected = [round(255 * (1.055 * (v / 255) ** (1 / 2.4) - 0.055)) for v in range(64, 256)]
    for mode in ("L", "LA"):
        picture = decoded(saved(linear.convert(mode), "PNG", icc_profile=grey_profile))
        assert abs(pixels(picture.image)[0, 64:, 0] - expected).max() <= 1
        assert picture.image.mode == ("RGBA" if mode == "LA" else "RGB")
        assert picture.profile is None


def test_lab_becomes_srgb(drawing: Image.Image) -> None:
    into_lab = ImageCms.ImageCmsTransform(
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")),
        "RGB",
        "LAB",
    )
    picture = decoded(saved(into_lab.apply(drawing), "TIFF"))
    assert difference(picture.image, drawing) < 3
    assert picture.profile is None


def test_an_rgb_profile_is_kept_for_whoever_needs_srgb(drawing: Image.Image) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        assert decoded(saved(drawing, kind, icc_profile=SRGB)).profile == SRGB


def test_a_profile_of_another_space_than_the_pixels_or_a_broken_one_is_ignored(
    drawing: Image.Image, cmyk_profile: bytes
) -> None:
    for profile in (cmyk_profile, cmyk_profile[:150], b"no profile at all"):
        picture = decoded(saved(drawing, "PNG", icc_profile=profile))
        assert picture.profile is None
        assert difference(picture.image, drawing) == 0
    for profile in (SRGB, cmyk_profile[:150]):
        picture = decoded(saved(drawing.convert("CMYK"), "JPEG", quality=95, icc_profile=profile))
        assert picture.profile is None
        assert difference(picture.image, drawing) < 3
