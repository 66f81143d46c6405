from PIL import Image, ImageCms

from shared.pictures.profiles import Space, in_srgb, lab_profile, space_of

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


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


def test_black_ink_is_black(cmyk_profile: bytes) -> None:
    black = in_srgb(Image.new("CMYK", (1, 1), (0, 0, 0, 255)), cmyk_profile)
    assert black is not None
    assert black.getpixel((0, 0)) == (0, 0, 0)
