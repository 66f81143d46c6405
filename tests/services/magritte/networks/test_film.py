from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from services.magritte.networks.film import recording

FRAMES = 12


def picture(number: int, side: int = 16, channels: int = 3) -> np.ndarray:
    """Grey that grows by 20 with each frame; its right half is 30 brighter."""
    made = np.full((side, side, channels), number * 15 + 20, np.uint8)
    made[:, side // 2 :] += 30
    return made


def record(path: Path, frames: int = FRAMES, error: BaseException | None = None, **shape: int) -> Path:
    """Write a film, and raise the error when all frames are written."""
    with recording(path, 24) as film:
        for number in range(frames):
            film.write(picture(number, **shape))
        if error:
            raise error
    return path


def frames_of(path: Path) -> tuple[np.ndarray, float]:
    """The frames of a film and its frames per second, as OpenCV and Pillow read them."""
    if path.suffix == ".mp4":
        film = cv2.VideoCapture(str(path))
        read = iter(film.read, (False, None))
        return np.stack([frame for _, frame in read])[..., ::-1].astype(int), film.get(cv2.CAP_PROP_FPS)
    found, milliseconds = [], 0
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        for number in range(film.n_frames):
            film.seek(number)
            film.load()
            found.append(np.asarray(film.convert("RGB")))
            milliseconds += film.info["duration"]
    return np.stack(found).astype(int), 1000 * len(found) / milliseconds


@pytest.mark.parametrize("suffix", [".mp4", ".webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_another_program_reads_every_frame_in_order(tmp_path: Path, suffix: str, channels: int) -> None:
    found, fps = frames_of(record(tmp_path / f"film{suffix}", channels=channels))
    assert found.shape == (FRAMES, 16, 16, 3)
    assert fps == pytest.approx(24, rel=0.03)
    for number, frame in enumerate(found):
        np.testing.assert_allclose(frame, np.broadcast_to(picture(number), frame.shape), atol=8)


def test_what_mp4_holds_is_h264_in_pixels_that_every_player_shows(tmp_path: Path) -> None:
    film = cv2.VideoCapture(str(record(tmp_path / "film.mp4")))
    assert int(film.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little") in (b"avc1", b"h264")
    assert int(film.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)).to_bytes(4, "little") == b"I420"


@pytest.mark.parametrize("suffix", [".mp4", ".webp"])
def test_an_odd_side_becomes_even(tmp_path: Path, suffix: str) -> None:
    found, _ = frames_of(record(tmp_path / f"film{suffix}", side=17))
    assert found.shape[1:3] == (18, 18)
    np.testing.assert_allclose(found[3, 17, 17], picture(3)[8, 15], atol=8)


@pytest.mark.parametrize("suffix", [".mp4", ".webp"])
def test_an_interrupted_film_has_the_frames_until_then(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    with pytest.raises(KeyboardInterrupt):
        record(path, 5, KeyboardInterrupt())
    assert len(frames_of(path)[0]) == 5
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("frames", "error"), [(0, KeyboardInterrupt()), (3, ValueError())])
def test_nothing_is_left_of_a_film_without_frames_or_with_an_error(
    tmp_path: Path, frames: int, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        record(tmp_path / "film.mp4", frames, error)
    assert list(tmp_path.iterdir()) == []
