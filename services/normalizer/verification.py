"""The last look: what was encoded is read back and must be what the data set demands."""

from shared.fates import Drop, Reason
from shared.pictures import Format, Limits, decode


def verify(data: bytes, size: int, kind: Format) -> Drop | None:
    """None if `data` is to the data set's measure, a drop with `Reason.NOT_VERIFIED` if not.

    The measure: decodes in full, in the format `kind`, to `size` x `size` pixels of RGB with 8 bits a channel,
    upright, without a profile.
    """
    picture = decode(data, Limits(max_pixels=size * size, min_side=size))
    if isinstance(picture, Drop):
        return Drop(Reason.NOT_VERIFIED, f"written, but not to be read: {picture.detail}")
    info = picture.info
    found = (info.format, info.width, info.height, info.mode, info.depth, info.has_profile, len(info.notes))
    if found != (kind, size, size, "RGB", 8, False, 0):
        return Drop(
            Reason.NOT_VERIFIED,
            f"written as {info.width} x {info.height} {info.mode} {info.format.upper()} of {info.depth} bits",
        )
    return None
