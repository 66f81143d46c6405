import threading
import time

from shared.runtime.quarantine import Quarantine

SOON = 20.0


def test_many_work_in_company_at_once() -> None:
    quarantine, together = Quarantine(), threading.Barrier(3)

    def work() -> None:
        with quarantine.company():
            together.wait(SOON)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert not together.broken


def test_whoever_wants_to_be_alone_waits_for_all_and_is_waited_for() -> None:
    quarantine, story = Quarantine(), list[str]()
    first_is_in, first_may_go, alone_may_go = (threading.Event() for _ in range(3))

    def first() -> None:
        with quarantine.company():
            first_is_in.set()
            first_may_go.wait(SOON)
            story.append("first")

    def alone() -> None:
        with quarantine.alone():
            alone_may_go.wait(SOON)
            story.append("alone")

    def later() -> None:
        with quarantine.company():
            story.append("later")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert first_is_in.wait(SOON)
    for work in (alone, later):
        threads.append(threading.Thread(target=work))
        threads[-1].start()
        time.sleep(0.05)
    first_may_go.set()
    time.sleep(0.05)
    alone_may_go.set()
    for thread in threads:
        thread.join(SOON)
    assert story == ["first", "alone", "later"]
