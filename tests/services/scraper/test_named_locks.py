import threading

from services.scraper.named_locks import NamedLocks


def test_one_name_is_held_by_one_at_a_time_and_others_are_free() -> None:
    locks, order = NamedLocks(), list[str]()

    def wait_for_a() -> None:
        with locks.held("a"):
            order.append("second")

    waiting = threading.Thread(target=wait_for_a)
    with locks.held("a"):
        waiting.start()
        waiting.join(0.3)  # time in which it would go on if nothing held it up
        with locks.held("b"):
            order.append("first")
    waiting.join(30)
    assert order == ["first", "second"]


def test_nothing_is_left_of_locks_that_nobody_holds() -> None:
    locks = NamedLocks()
    with locks.held("a"), locks.held("b"):
        pass
    assert vars(locks)["_locks"] == {}
