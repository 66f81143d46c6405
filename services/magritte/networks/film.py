"""Films of pictures, written frame by frame: MP4 (H.264) and animated WebP, both by FFmpeg's libraries in PyAV."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import av
import numpy as np

from services.magritte.atomic_file import replacing

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from shared.stylegan2.grid import PictureArray


class _Kind(NamedTuple):
    """A kind of film: FFmpeg's names of container, encoder and pixels, and the options of both."""

    container: str
    encoder: str
    pixels: str
    container_options: dict[str, str]
    encoder_options: dict[str, str]


_KINDS = {
    # What every player and browser shows: 4:2:0, and the index before the frames. CRF 16 is visually lossless.
    ".mp4": _Kind("mp4", "libx264", "yuv420p", {"movflags": "+faststart"}, {"crf": "16", "preset": "medium"}),
    ".webp": _Kind("webp", "libwebp_anim", "yuv420p", {"loop": "0"}, {"quality": "90"}),
}

SUFFIXES = tuple(_KINDS)
"""Of the names of files that films can be written to."""


class Film:
    """A film that is being written; its size is that of the first frame, and `frames` counts what is in it."""

    def __init__(self, path: Path, kind: _Kind, fps: int) -> None:
        self.frames = 0
        self._container = av.open(str(path), "w", format=kind.container, container_options=kind.container_options)
        stream = self._container.add_stream(kind.encoder, rate=fps, options=kind.encoder_options)
        self._stream = cast("VideoStream", stream)  # PyAV's types know no encoder by this name
        self._stream.pix_fmt = kind.pixels
        self._stream.time_base = Fraction(1, fps)

    def write(self, picture: "PictureArray") -> None:
        """Append a picture [H, W, 1 or 3]; an odd side gets its last row or column once more, as 4:2:0 needs."""
        height, width, channels = picture.shape
        even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").repeat(3 // channels, axis=2)
        if not self.frames:
            self._stream.height, self._stream.width = even.shape[:2]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        frame.pts = self.frames
        self._container.mux(self._stream.encode(frame))
        self.frames += 1

    def close(self) -> None:
        """Write what the encoder holds back, and the index."""
        if self.frames:
            self._container.mux(self._stream.encode())
        self._container.close()


@contextmanager
def recording(target: Path, fps: int) -> Iterator[Film]:
    """Write a film, of the kind that the target's suffix names, as `atomic_file.replacing` writes files.

    Ctrl-C ends the film early: it has the frames that were written until then, and KeyboardInterrupt goes on.
    """
    stop: KeyboardInterrupt | None = None
    with replacing(target) as path:
        film = Film(path, _KINDS[target.suffix.lower()], fps)
        try:
            yield film
        except KeyboardInterrupt as interrupt:
            if not film.frames:
                raise
            stop = interrupt
        finally:
            film.close()
    if stop:
        raise stop
