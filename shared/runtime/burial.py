"""What is done about a message, or one of the items that it is about, that cannot be processed."""

from collections.abc import Iterable, Iterator

import structlog

from shared.bus.interface import Delivery
from shared.contract.declaration import Declaration
from shared.contract.errors import MagritteError
from shared.contract.messages import ItemDied, Message, kebab, of_revision
from shared.contract.stage import Death, sentence
from shared.runs import dead_letters
from shared.runs.dead_letters import Letter
from shared.runtime import metrics
from shared.runtime.announcements import Announcements
from shared.store.interface import Store

log = structlog.get_logger()


class Burial:
    """Logs the deaths of one stage, keeps a letter of each, and tells of it. Raises `Transient` if that cannot be done.

    What has died may die again before the delivery is answered: there is one letter even so.
    """

    def __init__(self, declaration: Declaration, store: Store, announcements: Announcements) -> None:
        self._declaration = declaration
        self._store = store
        self._announcements = announcements

    def bury(self, delivery: Delivery, message: Message | None, error: Exception) -> Letter:
        """Bury a whole message, or a delivery that is none: keep a letter and tell of the death."""
        letter = self._kept(delivery, message, error)
        if message is not None and not isinstance(message, ItemDied):  # or one death would tell of the next
            entry, face = getattr(message, "entry", None), getattr(message, "face", None)
            self._publish(ItemDied(run=message.run, entry=entry, face=face, **self._why(letter)), delivery, message)
        return letter

    def bury_item(self, delivery: Delivery, message: Message, death: Death) -> Letter:
        """Bury one of the items that a message is about; a replay of its letter is the whole message once more."""
        letter = self._kept(delivery, message, death.error, death.entry)
        self._publish(ItemDied(run=message.run, entry=death.entry, **self._why(letter)), delivery, message)
        return letter

    def survivors(self, outgoing: Iterable[Message | Death], delivery: Delivery, message: Message) -> Iterator[Message]:
        """Pass on the messages that a stage makes of one, as they come, and bury the items that have died."""
        for found in outgoing:
            if isinstance(found, Death):
                self.bury_item(delivery, message, found)
            else:
                yield found

    def _kept(self, delivery: Delivery, message: Message | None, error: Exception, entry: str = "") -> Letter:
        about = {"item": entry} if entry else {}
        surprising = None if isinstance(error, MagritteError) else error
        log.error("dead", error=type(error).__name__, detail=sentence(error), exc_info=surprising, **about)
        letter = dead_letters.bury(
            self._store, self._declaration.queue, delivery.body, message, (delivery.attempt, error), entry
        )
        metrics.DEAD.labels(self._declaration.name, letter.error).inc()
        return letter

    def _why(self, letter: Letter) -> dict[str, str]:
        return {"stage": self._declaration.name, "error": kebab(letter.error), "detail": letter.reason}

    def _publish(self, died: ItemDied, delivery: Delivery, message: Message) -> None:
        self._announcements.publish(of_revision(died, message), attempt=delivery.attempt, bulk=delivery.bulk)


def survivors(outgoing: Iterable[Message | Death]) -> Iterator[Message]:
    """Pass on the messages that a stage makes of one about a single item; raises the error that this has died of."""
    for found in outgoing:
        if isinstance(found, Death):
            raise found.error
        yield found
