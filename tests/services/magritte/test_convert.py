from collections.abc import Callable

from click.testing import Result

from shared.contract.messages import ImageFetched
from shared.ledger.ledger import Ledger
from shared.store import FolderStore
from tests.shared.runs.test_conversion import leave

Magritte = Callable[..., Result]
FETCHED = {"entry": "0a" * 10, "image": "0b" * 32, "source": 0}


def test_the_records_of_an_old_run_become_its_journal(magritte: Magritte, store: FolderStore, run: str) -> None:
    message = ImageFetched.model_validate(FETCHED | {"run": run})
    leave(store, "scraper", message, "none.0.0", 1)
    converted = magritte("convert")
    assert (converted.exit_code, converted.stdout) == (0, f"{run}: 1 messages written into its journal\n")
    assert [record.message for record in Ledger(store, run).records()] == [message]
    again = magritte("convert", run)
    assert (again.exit_code, again.stdout) == (0, f"{run} has a journal: nothing to convert\n")


def test_a_run_without_old_records_is_not_converted(magritte: Magritte, run: str) -> None:
    result = magritte("convert", run)
    assert (result.exit_code, result.stdout) == (1, f"{run}: 0 messages written into its journal\n")
