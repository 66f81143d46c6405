"""What a stage declares of itself, and what follows from the declarations of several: queues, routes, containers."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contract.environment import Environment
from shared.contract.events import Event
from shared.contract.message_base import FaceMessage, ImageMessage, Message


@dataclass(frozen=True)
class Queue:
    """Messages that wait for a stage.

    With `single_active_consumer` one consumer at a time gets them: for state that has one owner. With `has_bulk_lane`
    bulk messages wait in a lane of their own (`shared.bus.lanes`).
    """

    name: str
    consumes: tuple[type[Message], ...]
    single_active_consumer: bool = False
    has_bulk_lane: bool = False


@dataclass(frozen=True)
class Batching:
    """Limits of the batches in which an owner gets its messages.

    A batch ends with its `most`th message, after `gap` seconds without another, or `longest` seconds after its first.
    """

    most: int = 1000
    gap: float = 0.1
    longest: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """Everything that can be known of a stage without loading it.

    `name` is its container's, which other stages may share; `queue` is its own, unless said otherwise of that name.
    `version` is part of every action's digest: raise it when the same input gives another result. Besides what it
    `produces` a stage may publish `ItemDied`; `emits` are the types of its events.

    Of `one_consumer` only one process at a time gets messages, though in several threads; the others stand by. So does
    an owner (`shared.contract.owner`), which says by its `batching` how many messages it takes at once.

    `threads` is the number of messages that it works on at once, when its operator cannot choose that. A message that
    takes longer than `longest` seconds hangs. `long` work is given up when a process is asked to end, since it
    takes longer than anybody waits. What is not `cancellable` is done for cancelled runs too. `environment` is the
    model of its own variables.

    `reads`, `writes` and `deletes` are patterns of keys (`shared.contract.patterns`), beside what the runtime needs.
    """

    name: str
    queue: str = ""
    version: int = 1
    consumes: tuple[type[Message], ...]
    produces: tuple[type[Message], ...] = ()
    emits: tuple[type[Event], ...] = ()
    batching: Batching | None = None
    one_consumer: bool = False
    threads: int | None = None
    longest: float = 600.0
    long: bool = False
    cancellable: bool = True
    environment: type[Environment] | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.queue:
            object.__setattr__(self, "queue", self.name)

    @property
    def inbox(self) -> Queue:
        """The stage's queue, for a bus; it has a bulk lane if its messages are about pictures or faces.

        A consumer holds messages of both lanes. One about a whole run can keep it busy for hours, in which no other
        consumer would get the one of the other lane. An owner's queue has one lane: two could have two owners.
        """
        is_single = self.one_consumer or self.batching is not None
        about_items = any(issubclass(kind, ImageMessage | FaceMessage) for kind in self.consumes)
        return Queue(self.queue, self.consumes, is_single, has_bulk_lane=about_items and not is_single)


@dataclass(frozen=True)
class Pipeline:
    """Stages that work together, by what they declare, in the order of the pictures' way."""

    declarations: tuple[Declaration, ...]

    @property
    def queues(self) -> tuple[Queue, ...]:
        """All queues, in pipeline order."""
        return tuple(each.inbox for each in self.declarations)

    @property
    def containers(self) -> Mapping[str, tuple[Declaration, ...]]:
        """The stages of each container by its name, in pipeline order."""
        names = dict.fromkeys(each.name for each in self.declarations)
        return {name: tuple(each for each in self.declarations if each.name == name) for name in names}

    @property
    def environments(self) -> tuple[type[Environment], ...]:
        """The models of variables that the stages declare."""
        return tuple(dict.fromkeys(each.environment for each in self.declarations if each.environment is not None))

    def routes(self, kind: type[Message]) -> tuple[Queue, ...]:
        """Return the queues that a message of this type goes to."""
        return tuple(queue for queue in self.queues if kind in queue.consumes)
