import subprocess
import sys
from pathlib import Path

import pytest

from shared.stylegan2.errors import BadFile
from shared.stylegan2.tfrecords import Damage, Fault, frame, level_file_name, read_records, scan_records

REPOSITORY = Path(__file__).resolve().parents[3]
PAYLOADS = [b"first", b"again", b"third"]
SIZE = len(frame(b"first"))


def written(directory: Path, content: bytes) -> Path:
    file = directory / "some.tfrecords"
    file.write_bytes(content)
    return file


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def faults(file: Path) -> list[bytes | Fault]:
    return [record.fault if isinstance(record, Damage) else record for record in scan_records(file)]


@pytest.fixture
def content() -> bytes:
    return b"".join(map(frame, PAYLOADS))


def test_a_level_is_named_by_the_logarithm_of_its_side() -> None:
    assert level_file_name("anya", 9) == "anya-r09.tfrecords"
    assert level_file_name("anya", 10) == "anya-r10.tfrecords"


def test_payloads_come_back_in_order(tmp_path: Path, content: bytes) -> None:
    assert list(read_records(written(tmp_path, content))) == PAYLOADS


def test_an_empty_payload_and_an_empty_file_are_allowed(tmp_path: Path) -> None:
    assert list(read_records(written(tmp_path, frame(b"")))) == [b""]
    assert list(read_records(written(tmp_path, b""))) == []


def test_the_checksum_is_the_masked_crc32c() -> None:
    # RFC 3720, B.4: the CRC32C of 32 zero bytes is 8A9136AA; rotated right by 15, plus A282EAD8.
    mask = ((0x8A9136AA >> 15 | 0x8A9136AA << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert frame(bytes(32))[-4:] == mask.to_bytes(4, "little")


def test_a_flipped_byte_of_the_data_costs_one_record(tmp_path: Path, content: bytes) -> None:
    file = written(tmp_path, flipped(content, SIZE + 13))
    assert faults(file) == [b"first", Fault.DATA_CHECKSUM, b"third"]


@pytest.mark.parametrize("place", range(12))
def test_a_flipped_byte_of_the_length_costs_one_record(tmp_path: Path, content: bytes, place: int) -> None:
    file = written(tmp_path, flipped(content, SIZE + place))
    assert faults(file) == [b"first", Fault.LENGTH_CHECKSUM, b"third"]


def test_a_lost_length_hides_the_rest_when_no_other_record_tells_how_long_they_are(
    tmp_path: Path, content: bytes
) -> None:
    (damage,) = scan_records(written(tmp_path, flipped(content, 0)))
    assert isinstance(damage, Damage)
    assert damage.fault is Fault.LENGTH_CHECKSUM
    assert damage.hides_rest


@pytest.mark.parametrize("kept", range(2 * SIZE + 1, 3 * SIZE))
def test_a_truncated_file_is_cut_short_wherever_it_ends(tmp_path: Path, content: bytes, kept: int) -> None:
    assert faults(written(tmp_path, content[:kept])) == [b"first", b"again", Fault.CUT_SHORT]


def test_a_damaged_record_is_poison_that_names_file_and_record(tmp_path: Path, content: bytes) -> None:
    records = read_records(written(tmp_path, flipped(content, 2 * SIZE - 1)))
    assert next(records) == b"first"
    with pytest.raises(BadFile, match=r"some\.tfrecords, record 1: .*checksum"):
        next(records)


def test_reading_and_packing_import_neither_tensorflow_nor_keras() -> None:
    modules = "shared.stylegan2.tfrecords, shared.stylegan2.verification, services.tfrecord_packer.packing"
    program = f"import sys, {modules}; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    loaded = set(answer.stdout.split())
    assert "google_crc32c" in loaded
    assert not {"tensorflow", "keras"} & loaded
