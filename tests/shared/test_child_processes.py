import ctypes
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from shared.child_processes import ChildProcesses, after
from shared.contract.errors import Interrupted, Transient

ROOT = Path(__file__).parents[2]


def wanted() -> bool:
    """Say that a result has not been given up."""
    return False


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


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} goes on"
        time.sleep(0.02)


def test_work_is_done_in_another_process(one_child: ChildProcesses) -> None:
    assert one_child.run(wanted, os.getpid) != os.getpid()


def test_a_child_does_one_piece_of_work_after_the_other(one_child: ChildProcesses) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(lambda _: one_child.run(wanted, os.getpid), range(8)))) == 1


def test_no_child_is_started_before_there_is_work() -> None:
    before = multiprocessing.active_children()
    ChildProcesses(2).close()
    assert multiprocessing.active_children() == before


def test_what_the_function_raises_is_raised(one_child: ChildProcesses) -> None:
    with pytest.raises(ValueError, match="math domain error"):
        one_child.run(wanted, math.sqrt, -1)


def test_the_item_at_which_a_child_dies_may_be_tried_again(one_child: ChildProcesses) -> None:
    with pytest.raises(Transient, match="child process died"):
        one_child.run(wanted, os._exit, 3)
    assert one_child.run(wanted, math.sqrt, 4) == 2


@pytest.mark.parametrize("code", [0, 3])
def test_a_library_that_exits_in_a_child_does_not_end_us(one_child: ChildProcesses, code: int) -> None:
    with pytest.raises(Transient, match="child process died in exit"):
        one_child.run(wanted, sys.exit, code)
    assert one_child.run(wanted, math.sqrt, 4) == 2


def test_a_child_that_dies_fails_nothing_but_what_it_was_at() -> None:
    children = ChildProcesses(2)
    with ThreadPoolExecutor(2) as threads:
        long = threads.submit(children.run, wanted, time.sleep, 0.5)
        time.sleep(0.2)
        for _ in range(3):
            with pytest.raises(Transient):
                children.run(wanted, os._exit, 3)
        assert long.result(20) is None
    children.close()


def test_children_are_gone_after_closing(one_child: ChildProcesses) -> None:
    pid = one_child.run(wanted, os.getpid)
    one_child.close()
    assert not is_running(pid)


def test_an_interrupt_does_not_reach_a_child(one_child: ChildProcesses) -> None:
    pid = one_child.run(wanted, os.getpid)
    os.kill(pid, signal.SIGINT)
    assert one_child.run(wanted, os.getpid) == pid


def test_an_interrupt_is_not_held_back_from_us_for_good(one_child: ChildProcesses) -> None:
    one_child.run(wanted, os.getpid)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_ctrl_c_while_a_child_starts_leaves_no_traceback_of_the_child() -> None:
    ours = program(
        "try:\n"
        "    print('ready', flush=True); children.run(lambda: False, time.sleep, 1.0); time.sleep(60)\n"
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
    ours = program("print(children.run(lambda: False, os.getpid), flush=True); time.sleep(60)")
    assert ours.stdout is not None
    child = int(ours.stdout.readline())
    ours.kill()
    ours.communicate(timeout=60)
    wait_until_gone(child)


def hold_the_gil(seconds: int) -> None:
    """Hang as a C extension does that never returns: no line of Python runs meanwhile, no signal handler either."""
    ctypes.PyDLL(None).sleep(seconds)


def test_a_child_that_hangs_is_killed_when_it_is_given_up_and_replaced(one_child: ChildProcesses) -> None:
    pid = one_child.run(wanted, os.getpid)
    with pytest.raises(Interrupted, match="hold_the_gil was given up"):
        one_child.run(after(0.5), hold_the_gil, 600)
    assert not is_running(pid)
    assert one_child.run(wanted, math.sqrt, 4) == 2


def test_children_that_hang_are_gone_after_closing() -> None:
    children = ChildProcesses(1)
    pid = children.run(wanted, os.getpid)
    closing = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(children.run, closing.is_set, hold_the_gil, 600)
        time.sleep(0.5)
        closing.set()
        children.close()
        assert not is_running(pid)
        assert isinstance(hanging.exception(20), Interrupted)


def test_a_child_that_hangs_does_not_outlive_a_parent_that_is_killed() -> None:
    body = (
        "from threading import Thread\n"
        "from tests.shared.test_child_processes import hold_the_gil\n"
        "print(children.run(lambda: False, os.getpid), flush=True)\n"
        "Thread(target=children.run, args=(lambda: False, hold_the_gil, 600)).start()\n"
        "time.sleep(0.5); print('hanging', flush=True); time.sleep(600)\n"
    )
    with program(body) as ours:
        assert ours.stdout is not None
        pid = int(ours.stdout.readline())
        assert ours.stdout.readline() == "hanging\n"
        ours.kill()
    wait_until_gone(pid)


def test_a_child_that_died_while_idle_is_replaced(one_child: ChildProcesses) -> None:
    pid = one_child.run(wanted, os.getpid)
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    with suppress(Transient):  # while its death has not been noticed
        one_child.run(wanted, os.getpid)
    assert one_child.run(wanted, math.sqrt, 4) == 2
