"""The trainer's events beside `Tick` and `Quality`."""

from shared.contract.events import Event, Level


class StartFrom(Event):
    """The training starts from the networks of a file."""

    file: str
    sizes: str = "those of the file; the recipe's are not used"


class ClassesAdded(Event):
    """Networks of a file that know no classes have been made ready for those of the pictures."""

    file: str
    classes: int


class StateNotCarried(Event):
    """A training goes on with the networks of another's leg, and without the rest of its state."""

    level = Level.WARNING

    leg: int
    reason: str
    effect: str = "Adam's moments and p begin anew"


class Diverged(Event):
    """A leg's numbers are not finite any more, which is mended once in the way that `remedy` says."""

    level = Level.WARNING

    leg: int
    failure: str
    remedy: str = "goes back, with other random numbers"


class CheckpointUnreadable(Event):
    """The checkpoint of a leg is missing or damaged."""

    level = Level.WARNING

    leg: int


class ThreadsNotKept(Event):
    """A training is resumed with another number of threads than the one that was recorded."""

    level = Level.WARNING

    recorded: int
    used: int
    reason: str = "TensorFlow is at work in this process already"
    effect: str = "the bytes will differ from those of a training that was not interrupted"


EVENTS = (StartFrom, ClassesAdded, StateNotCarried, Diverged, CheckpointUnreadable, ThreadsNotKept)
