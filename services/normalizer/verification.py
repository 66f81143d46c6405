"""Checks an encoded picture by decoding it again."""

from shared.contract.reasons import Drop, Reason
from shared.pictures import Format, Limits, PictureInfo, decode


def verify_picture(data: bytes, size: int, kind: Format) -> Drop | None:
    """Decode `data` and check size, mode and format; return None, or a drop with `Reason.NOT_VERIFIED`.

    It must decode in full, in the format `kind`, to `size` x `size` pixels of RGB with 8 bits a channel, upright,
    without a profile.
    """
    picture = decode(data, Limits(max_pixels=size * size, min_side=size))
    if isinstance(picture, Drop):
        return Drop(Reason.NOT_VERIFIED, f"written, but not to be read: {picture.detail}")
    found, wanted = _description(picture.info), f"{size} x {size} RGB {kind.upper()}, 8 bits"
    return None if found == wanted else Drop(Reason.NOT_VERIFIED, f"written as {found} instead of {wanted}")


def _description(info: PictureInfo) -> str:
    extras = [*sorted(info.notes), *(["with a profile"] if info.has_profile else [])]
    return ", ".join([f"{info.width} x {info.height} {info.mode} {info.format.upper()}", f"{info.depth} bits", *extras])
