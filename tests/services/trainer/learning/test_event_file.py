from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event

from services.trainer.learning.event_file import Image, Scalar, encode
from shared.contract.errors import Poison
from shared.pictures import encode_png
from shared.stylegan2.tfrecords import read_records

START = 1_700_000_000.25


def png(mode: str = "RGB") -> bytes:
    return encode_png(Pillow.new(mode, (5, 3), (7, 80, 200, 255)[: len(mode)]))


def read(folder: Path, *records: Scalar | Image) -> EventAccumulator:
    (folder / "events.out.tfevents.0000000001.magritte").write_bytes(encode(records, START))
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    found.Reload()
    return found


def test_tensorboard_reads_the_numbers(tmp_path: Path) -> None:
    records = [Scalar("loss/g", kimg * 1000, START + kimg, kimg / 7) for kimg in range(200)]
    found = read(tmp_path, *records, Scalar("loss/d", 5_000_000_000, START, -1e30))
    assert found.FirstEventTimestamp() == START
    assert found.file_version == 2
    assert sorted(found.Tags()["scalars"]) == ["loss/d", "loss/g"]
    events = found.Scalars("loss/g")
    assert [event.step for event in events] == [record.step for record in records]
    assert [event.wall_time for event in events] == [record.time for record in records]
    np.testing.assert_allclose([event.value for event in events], [record.value for record in records], rtol=1e-6)
    assert found.Scalars("loss/d")[0].step == 5_000_000_000
    assert found.Scalars("loss/d")[0].value == pytest.approx(-1e30)


def test_numbers_that_are_none_stay_so(tmp_path: Path) -> None:
    found = read(tmp_path, Scalar("loss", 1, START, float("nan")), Scalar("loss", 2, START, float("inf")))
    assert np.isnan(found.Scalars("loss")[0].value)
    assert found.Scalars("loss")[1].value == float("inf")


@pytest.mark.parametrize(("mode", "colour_space"), [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)])
def test_the_colour_space_is_that_of_the_picture(tmp_path: Path, mode: str, colour_space: int) -> None:
    path = tmp_path / "events"
    path.write_bytes(encode([Image("fakes", 4000, START, png(mode))], START))
    *_, record = read_records(path)
    assert Event.FromString(record).summary.value[0].image.colorspace == colour_space


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_tensorboard_reads_the_pictures(tmp_path: Path, mode: str) -> None:
    found = read(tmp_path, Image("fakes", 4000, START + 1, png(mode)))
    (event,) = found.Images("fakes")
    assert (event.step, event.wall_time, event.width, event.height) == (4000, START + 1, 5, 3)
    assert event.encoded_image_string == png(mode)
    assert Pillow.open(BytesIO(event.encoded_image_string)).mode == mode


def test_the_same_records_give_the_same_bytes() -> None:
    records = [Scalar("loss", 1000, START, 0.5), Image("fakes", 1000, START, png())]
    assert encode(records, START) == encode(iter(records), START)
    assert encode(records, START) != encode(records, START + 1)


def test_an_image_that_is_no_png_is_refused() -> None:
    with pytest.raises(Poison, match="image fakes at step 1000 is no PNG"):
        encode([Image("fakes", 1000, START, b"\xff\xd8\xff\xe0 a JPEG, of some length")], START)
