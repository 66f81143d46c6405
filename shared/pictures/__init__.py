"""Safe decoding and encoding of pictures, used by every stage; the limits hold before memory is allocated.

Bytes that are no usable picture are answered with a `Drop`, never with an exception. All functions may be called from
many threads at once. Pillow images become arrays by `numpy.asarray(picture.image)`.
"""

from shared.pictures.decoding import WHITE, Picture, decode, flatten, thumbnail
from shared.pictures.encoding import Compression, encode_jpeg, encode_png, to_image
from shared.pictures.formats import Format
from shared.pictures.inspection import ANY_SHAPE, DEFAULT_LIMITS, OUR_OWN_LIMITS, Limits, Note, PictureInfo, inspect

__all__ = [
    "ANY_SHAPE",
    "DEFAULT_LIMITS",
    "OUR_OWN_LIMITS",
    "WHITE",
    "Compression",
    "Format",
    "Limits",
    "Note",
    "Picture",
    "PictureInfo",
    "decode",
    "encode_jpeg",
    "encode_png",
    "flatten",
    "inspect",
    "thumbnail",
    "to_image",
]
