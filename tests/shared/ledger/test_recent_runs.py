from shared.ledger.recent_runs import RecentRuns


def recent(most: int) -> RecentRuns[str]:
    return RecentRuns(most, len)


def test_what_is_kept_can_be_taken_once() -> None:
    runs = recent(100)
    runs.keep("a-001", "known")
    assert runs.take("a-001") == "known"
    assert runs.take("a-001") is None


def test_any_number_of_small_runs_stays() -> None:
    runs = recent(100)
    for number in range(50):
        runs.keep(f"a-{number}", "xx")
    assert all(runs.take(f"a-{number}") for number in range(50))


def test_the_least_recently_used_leaves_when_there_is_no_room() -> None:
    runs = recent(10)
    runs.keep("a-001", "xxxx")
    runs.keep("a-002", "xxxx")
    runs.keep("a-001", "xxxx")
    runs.keep("a-003", "xxxx")
    assert [runs.take(run) is not None for run in ("a-001", "a-002", "a-003")] == [True, False, True]


def test_the_last_one_stays_however_large_it_is() -> None:
    runs = recent(10)
    runs.keep("a-001", "x")
    runs.keep("a-002", "x" * 50)
    assert runs.take("a-001") is None
    assert runs.take("a-002") == "x" * 50
