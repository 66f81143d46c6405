import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.child_processes import ChildProcesses
from shared.errors import Transient

ROOT = Path(__file__).parents[2]


@pytest.fixture
def one_child() -> Iterator[ChildProcesses]:
    children = ChildProcesses(1)
    yield children
    children.close()


def program(body: str) -> subprocess.Popen[str]:
    """A program in a session of its own, as a terminal starts it, that has `children` and prints to us."""
    head = "import os, time; from shared.child_processes import ChildProcesses; children = ChildProcesses(1)\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + body],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_work_is_done_in_another_process(one_child: ChildProcesses) -> None:
    assert one_child.run(os.getpid) != os.getpid()


def test_a_child_does_one_piece_of_work_after_the_other(one_child: ChildProcesses) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(lambda _: one_child.run(os.getpid), range(8)))) == 1


def test_no_child_is_started_before_there_is_work() -> None:
    before = multiprocessing.active_children()
    ChildProcesses(2).close()
    assert multiprocessing.active_children() == before


def test_what_the_function_raises_is_raised(one_child: ChildProcesses) -> None:
    with pytest.raises(ValueError, match="math domain error"):
        one_child.run(math.sqrt, -1)


def test_the_item_at_which_a_child_dies_may_be_tried_again(one_child: ChildProcesses) -> None:
    with pytest.raises(Transient, match="child process died"):
        one_child.run(os._exit, 3)
    assert one_child.run(math.sqrt, 4) == 2


def test_a_child_that_dies_fails_nothing_but_what_it_was_at() -> None:
    children = ChildProcesses(2)
    with ThreadPoolExecutor(2) as threads:
        long = threads.submit(children.run, time.sleep, 0.5)
        time.sleep(0.2)
        for _ in range(3):
            with pytest.raises(Transient):
                children.run(os._exit, 3)
        assert long.result(20) is None
    children.close()


def test_children_are_gone_after_closing(one_child: ChildProcesses) -> None:
    pid = one_child.run(os.getpid)
    one_child.close()
    assert not is_running(pid)


def test_an_interrupt_does_not_reach_a_child(one_child: ChildProcesses) -> None:
    pid = one_child.run(os.getpid)
    os.kill(pid, signal.SIGINT)
    assert one_child.run(os.getpid) == pid


def test_an_interrupt_is_not_held_back_from_us_for_good(one_child: ChildProcesses) -> None:
    one_child.run(os.getpid)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_ctrl_c_while_a_child_starts_leaves_no_traceback_of_the_child() -> None:
    ours = program(
        "try:\n"
        "    print('ready', flush=True); children.run(time.sleep, 1.0); time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    children.close(); print('stopped')\n"
    )
    assert ours.stdout is not None
    assert ours.stdout.readline() == "ready\n"
    time.sleep(0.1)  # the child is importing
    os.killpg(ours.pid, signal.SIGINT)
    output, errors = ours.communicate(timeout=60)
    assert (output, errors) == ("stopped\n", "")


def test_children_end_when_their_parent_is_killed() -> None:
    ours = program("print(children.run(os.getpid), flush=True); time.sleep(60)")
    assert ours.stdout is not None
    child = int(ours.stdout.readline())
    ours.kill()
    ours.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while is_running(child):
        assert time.monotonic() < deadline, "the child outlives its parent"
        time.sleep(0.02)
