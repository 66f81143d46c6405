from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from services.tfrecord_packer.packing import PictureShape, pack
from shared.stylegan2.errors import NoSuchFolder
from shared.stylegan2.example import encode_picture
from shared.stylegan2.labels_file import LabelArray, encode_labels, one_hot
from shared.stylegan2.tfrecords import frame, read_records
from shared.stylegan2.verification import Problem, Verification, verify_dataset

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden" / "tfrecords" / "golden64"
RECORDS = 5
LABELS_FILE = "anya-rxx.labels"
LABELS = one_hot([2, 0, 1, 2, 0], 3)

Place = tuple[str, int | None, Problem]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    pictures = {f"{index}.png": random.integers(0, 256, (16, 16, 3), np.uint8) for index in range(RECORDS)}
    pack(pictures, pictures.__getitem__, tmp_path / "anya", PictureShape(16), threads=1)
    return tmp_path / "anya"


def places(verification: Verification) -> list[Place]:
    return [(finding.file, finding.record, finding.problem) for finding in verification.findings]


def rewrite(file: Path, change: Callable[[list[bytes]], None]) -> None:
    records = list(read_records(file))
    change(records)
    file.write_bytes(b"".join(map(frame, records)))


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def swap(records: list[bytes]) -> None:
    records[1], records[3] = records[3], records[1]


def put(picture_shape: tuple[int, ...]) -> Callable[[list[bytes]], None]:
    def change(records: list[bytes]) -> None:
        records[2] = encode_picture(np.zeros(picture_shape, np.uint8))

    return change


def test_a_sound_data_set_has_no_findings(dataset: Path) -> None:
    assert verify_dataset(dataset) == verify_dataset(dataset, resolution=16) == Verification(16, 3, RECORDS, ())


def test_labels_beside_the_levels_are_counted(dataset: Path) -> None:
    (dataset / LABELS_FILE).write_bytes(encode_labels(LABELS))
    sound = Verification(16, 3, RECORDS, (), classes=3)
    assert verify_dataset(dataset) == verify_dataset(dataset, labels=LABELS) == sound


@pytest.mark.parametrize("content", [b"", encode_labels(LABELS)[:-1], encode_labels(LABELS[0])])
def test_a_file_that_holds_no_labels_is_named(dataset: Path, content: bytes) -> None:
    (dataset / LABELS_FILE).write_bytes(content)
    assert places(verify_dataset(dataset)) == [(LABELS_FILE, None, Problem.NOT_LABELS)]


@pytest.mark.parametrize("labels", [LABELS[:-1], np.concatenate([LABELS, LABELS[:1]])])
def test_too_few_or_too_many_labels_are_named(dataset: Path, labels: LabelArray) -> None:
    (dataset / LABELS_FILE).write_bytes(encode_labels(labels))
    expected = [(LABELS_FILE, None, Problem.WRONG_NUMBER_OF_LABELS)]
    assert places(verify_dataset(dataset)) == places(verify_dataset(dataset, labels=LABELS)) == expected


def test_every_label_that_is_not_one_hot_is_named_with_its_record(dataset: Path) -> None:
    labels = LABELS.copy()
    labels[1], labels[3] = 0, 1
    (dataset / LABELS_FILE).write_bytes(encode_labels(labels))
    expected = [(LABELS_FILE, record, Problem.NOT_ONE_HOT) for record in (1, 3)]
    assert places(verify_dataset(dataset)) == places(verify_dataset(dataset, labels=LABELS)) == expected


def test_a_label_that_says_another_class_than_the_manifest_is_named_with_its_record(dataset: Path) -> None:
    (dataset / LABELS_FILE).write_bytes(encode_labels(LABELS[[0, 2, 1, 3, 4]]))
    expected = [(LABELS_FILE, record, Problem.NOT_AS_LISTED) for record in (1, 2)]
    assert places(verify_dataset(dataset, labels=LABELS)) == expected
    assert verify_dataset(dataset).findings == ()


def test_labels_of_other_classes_than_the_manifest_names_are_named(dataset: Path) -> None:
    (dataset / LABELS_FILE).write_bytes(encode_labels(LABELS))
    for classes in (0, 2, 4):
        listed = one_hot([0] * RECORDS, classes)
        assert places(verify_dataset(dataset, labels=listed)) == [(LABELS_FILE, None, Problem.NOT_AS_LISTED)]


def test_labels_are_missing_where_the_manifest_names_classes(dataset: Path) -> None:
    assert places(verify_dataset(dataset, labels=LABELS)) == [(LABELS_FILE, None, Problem.MISSING_LABELS)]
    assert verify_dataset(dataset, labels=one_hot([0] * RECORDS, 0)).findings == ()


def test_labels_of_another_data_set_are_a_foreign_file(dataset: Path) -> None:
    (dataset / "other-rxx.labels").write_bytes(encode_labels(LABELS))
    assert places(verify_dataset(dataset)) == [("other-rxx.labels", None, Problem.FOREIGN_FILE)]


def test_a_data_set_in_a_renamed_directory_is_sound(dataset: Path) -> None:
    assert verify_dataset(dataset.rename(dataset.with_name("other"))).findings == ()


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the reference shelf is not here")
def test_what_the_official_tool_wrote_is_sound() -> None:
    assert verify_dataset(GOLDEN, resolution=64) == Verification(64, 3, 12, ())


def test_a_directory_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NoSuchFolder, match="no directory"):
        verify_dataset(tmp_path / "absent")


def test_a_directory_without_levels_is_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    verification = verify_dataset(tmp_path)
    assert places(verification) == [(tmp_path.name, None, Problem.NO_DATASET)]
    assert (verification.resolution, verification.channels, verification.records) == (0, 0, 0)


@pytest.mark.parametrize(
    "name", ["cat.png", "anya-r01.tfrecords", "other-r03.tfrecords", "anya-r3.tfrecords", ".DS_Store"]
)
def test_a_foreign_file_is_named(dataset: Path, name: str) -> None:
    (dataset / name).touch()
    assert places(verify_dataset(dataset)) == [(name, None, Problem.FOREIGN_FILE)]


def test_a_directory_named_like_a_level_is_foreign_and_the_level_missing(dataset: Path) -> None:
    (dataset / "anya-r03.tfrecords").unlink()
    (dataset / "anya-r03.tfrecords").mkdir()
    problems = [Problem.FOREIGN_FILE, Problem.MISSING_LEVEL]
    assert places(verify_dataset(dataset)) == [("anya-r03.tfrecords", None, problem) for problem in problems]


@pytest.mark.parametrize("name", ["anya-r02.tfrecords", "anya-r03.tfrecords"])
def test_a_missing_level_is_named(dataset: Path, name: str) -> None:
    (dataset / name).unlink()
    assert places(verify_dataset(dataset)) == [(name, None, Problem.MISSING_LEVEL)]


def test_a_missing_top_level_is_named_when_the_resolution_is_known(dataset: Path) -> None:
    (dataset / "anya-r04.tfrecords").unlink()
    assert places(verify_dataset(dataset, resolution=16)) == [("anya-r04.tfrecords", None, Problem.MISSING_LEVEL)]


def test_a_larger_data_set_than_wanted_is_named(dataset: Path) -> None:
    assert places(verify_dataset(dataset, resolution=8)) == [("anya-r04.tfrecords", None, Problem.TOO_LARGE)]


@pytest.mark.parametrize("level", ["r02", "r03", "r04"])
def test_a_truncated_file_is_named_with_the_record_that_is_cut(dataset: Path, level: str) -> None:
    file = dataset / f"anya-{level}.tfrecords"
    file.write_bytes(file.read_bytes()[:-3])
    verification = verify_dataset(dataset)
    assert places(verification) == [(file.name, RECORDS - 1, Problem.CUT_SHORT)]
    assert verification.records == RECORDS


@pytest.mark.parametrize("level", ["r02", "r03", "r04"])
def test_a_file_that_ends_between_two_records_misses_the_rest(dataset: Path, level: str) -> None:
    file = dataset / f"anya-{level}.tfrecords"
    rewrite(file, lambda records: records.__delitem__(slice(3, None)))
    assert places(verify_dataset(dataset)) == [(file.name, 3, Problem.MISSING_RECORDS)]


@pytest.mark.parametrize("level", ["r02", "r03", "r04"])
def test_an_extra_record_is_named(dataset: Path, level: str) -> None:
    file = dataset / f"anya-{level}.tfrecords"
    rewrite(file, lambda records: records.append(records[0]))
    assert places(verify_dataset(dataset)) == [(file.name, RECORDS, Problem.EXTRA_RECORDS)]


@pytest.mark.parametrize("level", ["r02", "r03", "r04"])
@pytest.mark.parametrize(
    ("place", "problem"), [(3, Problem.LENGTH_CHECKSUM), (-5, Problem.DATA_CHECKSUM), (-1, Problem.DATA_CHECKSUM)]
)
def test_a_flipped_byte_is_named_with_its_record(dataset: Path, level: str, place: int, problem: Problem) -> None:
    file = dataset / f"anya-{level}.tfrecords"
    record_size = file.stat().st_size // RECORDS
    flip(file, 2 * record_size + place % record_size)
    assert places(verify_dataset(dataset)) == [(file.name, 2, problem)]


@pytest.mark.parametrize("level", ["r02", "r03", "r04"])
def test_swapped_records_are_named_in_the_file_that_is_at_fault(dataset: Path, level: str) -> None:
    file = dataset / f"anya-{level}.tfrecords"
    rewrite(file, swap)
    assert places(verify_dataset(dataset)) == [(file.name, record, Problem.DIFFERENT_PICTURE) for record in (1, 3)]


def test_a_level_that_is_off_by_one_in_one_value_is_named(dataset: Path) -> None:
    file = dataset / "anya-r02.tfrecords"

    def change(records: list[bytes]) -> None:
        place = records[4].index(b"data") + 20
        records[4] = records[4][:place] + bytes([records[4][place] ^ 1]) + records[4][place + 1 :]

    rewrite(file, change)
    assert places(verify_dataset(dataset)) == [(file.name, 4, Problem.DIFFERENT_PICTURE)]


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ((3, 12, 12), Problem.NOT_A_POWER_OF_TWO),
        ((3, 8, 16), Problem.NOT_A_POWER_OF_TWO),
        ((3, 32, 32), Problem.WRONG_SHAPE),
        ((1, 16, 16), Problem.WRONG_SHAPE),
        ((4, 16, 16), Problem.WRONG_SHAPE),
    ],
)
def test_a_picture_of_another_shape_is_named(dataset: Path, shape: tuple[int, ...], problem: Problem) -> None:
    rewrite(dataset / "anya-r04.tfrecords", put(shape))
    assert places(verify_dataset(dataset)) == [("anya-r04.tfrecords", 2, problem)]


def test_a_record_that_is_no_example_is_named(dataset: Path) -> None:
    rewrite(dataset / "anya-r03.tfrecords", lambda records: records.__setitem__(0, b"what?"))
    assert places(verify_dataset(dataset)) == [("anya-r03.tfrecords", 0, Problem.NOT_AN_EXAMPLE)]


def test_levels_without_a_record_are_named(dataset: Path) -> None:
    for file in dataset.iterdir():
        file.write_bytes(b"")
    files = [f"anya-r{log2:02d}.tfrecords" for log2 in (4, 3, 2)]
    assert places(verify_dataset(dataset)) == [(file, None, Problem.NO_RECORDS) for file in files]


def test_all_problems_are_returned_at_once(dataset: Path) -> None:
    (dataset / "cat.png").touch()
    rewrite(dataset / "anya-r04.tfrecords", put((3, 12, 12)))
    rewrite(dataset / "anya-r03.tfrecords", swap)
    rewrite(dataset / "anya-r03.tfrecords", lambda records: records.append(b""))
    flip(dataset / "anya-r02.tfrecords", -1)
    verification = verify_dataset(dataset, resolution=32)
    assert places(verification) == [
        ("cat.png", None, Problem.FOREIGN_FILE),
        ("anya-r05.tfrecords", None, Problem.MISSING_LEVEL),
        ("anya-r04.tfrecords", 2, Problem.NOT_A_POWER_OF_TWO),
        ("anya-r03.tfrecords", 1, Problem.DIFFERENT_PICTURE),
        ("anya-r03.tfrecords", 3, Problem.DIFFERENT_PICTURE),
        ("anya-r03.tfrecords", RECORDS, Problem.NOT_AN_EXAMPLE),
        ("anya-r03.tfrecords", RECORDS, Problem.EXTRA_RECORDS),
        ("anya-r02.tfrecords", RECORDS - 1, Problem.DATA_CHECKSUM),
    ]
    assert all(finding.sentence.endswith(".") for finding in verification.findings)
