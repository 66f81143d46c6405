"""What a folder does beside the interface: file systems without hard links, and being made ready."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.contract.errors import StoreUnavailable
from shared.store import FolderStore


def test_it_is_made_when_it_is_prepared(tmp_path: Path) -> None:
    FolderStore(tmp_path / "new" / "store").prepare()
    assert list((tmp_path / "new" / "store").iterdir()) == []


def test_it_cannot_be_prepared_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in ("file", "file/store"):
        with pytest.raises(StoreUnavailable, match="file"):
            FolderStore(tmp_path / place).prepare()


READ_ONLY = """
import os, sys
from pathlib import Path
from shared.contract.errors import StoreUnavailable
from shared.store import FolderStore

if os.geteuid() == 0:
    os.seteuid(65534)
try:
    FolderStore(Path(sys.argv[1])).prepare()
except StoreUnavailable as error:
    print(error)
"""


def test_it_cannot_be_prepared_where_nothing_can_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    command = [sys.executable, "-c", READ_ONLY, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"{tmp_path}: Permission denied\n"


class TestWithoutHardLinks:
    """No file system without them can be had here, so what is done there is asked for by its name."""

    def test_a_name_that_is_free_is_taken(self, tmp_path: Path) -> None:
        (tmp_path / "temporary").write_bytes(b"1")
        assert FolderStore(tmp_path).created_under_lock(tmp_path / "object", tmp_path / "temporary")
        assert (tmp_path / "object").read_bytes() == b"1"

    def test_a_name_that_is_taken_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "temporary").write_bytes(b"2")
        (tmp_path / "object").write_bytes(b"1")
        assert not FolderStore(tmp_path).created_under_lock(tmp_path / "object", tmp_path / "temporary")
        assert (tmp_path / "object").read_bytes() == b"1"

    def test_of_many_exactly_one_succeeds(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path)

        def create(number: int) -> bool:
            temporary = tmp_path / f"temporary{number}"
            temporary.write_bytes(bytes([number % 16]))
            return store.created_under_lock(tmp_path / f"object{number // 16}", temporary)

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(create, range(16 * 50)))
        for round_number in range(50):
            created = answers[16 * round_number :][:16]
            assert created.count(True) == 1
            assert (tmp_path / f"object{round_number}").read_bytes() == bytes([created.index(True)])

    CREATE = """
import sys
from pathlib import Path
from shared.store import FolderStore

folder, me = Path(sys.argv[1]), sys.argv[2]
for number in range(300):
    temporary = folder / f"{me}-{number}"
    temporary.write_text(me)
    if FolderStore(folder).created_under_lock(folder / f"object{number}", temporary):
        print(number)
"""

    def test_of_several_processes_exactly_one_succeeds(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", self.CREATE, str(tmp_path)]
        processes = [subprocess.Popen([*command, me], stdout=subprocess.PIPE, text=True) for me in "abc"]
        created = {me: process.communicate(timeout=60)[0].split() for me, process in zip("abc", processes, strict=True)}
        assert sorted(int(number) for numbers in created.values() for number in numbers) == list(range(300))
        for me, numbers in created.items():
            assert {(tmp_path / f"object{number}").read_text() for number in numbers} <= {me}
