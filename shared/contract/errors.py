"""Every exception that Magritte raises on purpose.

    MagritteError
    ├── RecipeError            the recipe cannot be used: names the file, line and field
    ├── SettingsError          an environment variable, or a place that a person has named, cannot be used
    ├── NotFound               the store has no such object, run or item
    ├── Transient              may work later: the runtime tries again
    │   ├── StoreUnavailable
    │   │   └── StoreFull      no space left: nothing is lost, the run goes on once there is some
    │   └── BusUnavailable
    ├── Interrupted            asked to stop while at work: the item is taken up again by the next run
    ├── TimeLimitExceeded      a library has not come back from one picture: tried once more, then dropped
    ├── Poison                 will never work: the item ends dead, with this text
    │   ├── WorkerVanished     it goes back to its queue again and again without an answer
    │   ├── RunUnusable        what its run asks for cannot be had or done: a model that is gone, or of something else
    │   │   └── AccountRefused a board does not let in the account that the settings name, or a visitor
    │   ├── HostRefuses        a host does not want to be asked any more: the source can be gone on with later
    │   └── Unreadable         a record in the store is damaged, or of another version: names it, and what to do
    └── Unusable               a part does not do its work on this machine (found by its self-test at start; an item
                               that finds it out later is tried again, perhaps by another machine)

What merely does not belong into the data set is no error but a value, `shared.contract.reasons.Drop`.
"""

import errno


class MagritteError(Exception):
    """Base of all of Magritte's errors; its text is fit for a person."""


class RecipeError(MagritteError):
    """The recipe cannot be used."""


class SettingsError(MagritteError):
    """An environment variable with our prefix is unknown or has an unusable value."""


class NotFound(MagritteError):
    """The store holds no such object, run or item."""


class Transient(MagritteError):
    """May work later; the runtime tries again with growing pauses."""


class StoreUnavailable(Transient):
    """The store does not answer or refuses for now."""


class StoreFull(StoreUnavailable):
    """The store has no space left."""


class BusUnavailable(Transient):
    """The broker does not answer or refuses for now."""


class Interrupted(MagritteError):
    """The process ends while a stage is at work; its message is delivered again."""


class TimeLimitExceeded(MagritteError):
    """The work on one picture has not ended within its limit."""


class Poison(MagritteError):
    """Will fail every time; the item ends dead with this text as its reason."""


class WorkerVanished(Poison):
    """Workers never answer a message: out of memory, a crash in a library, a hang, a refusal of the store."""


class RunUnusable(Poison):
    """A run needs something that cannot be had on any machine, such as a model; other runs go on."""


class AccountRefused(RunUnusable):
    """A board does not let in the account that the settings name, or asks for another one than they name."""


class HostRefuses(Poison):
    """A host has refused again and again, or sends challenges for people: its source ends here for now."""


class Unreadable(Poison):
    """A record in the store is damaged or of another version of Magritte: `problem` names it, `remedy` what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}"


class Unusable(MagritteError):
    """A library or model does not do its work here; raised by the self-test before any item is taken."""


_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def storage_error(error: OSError, where: object) -> StoreUnavailable:
    """Translate a failure of the disk at `where` into what it means to a run: wait for space, or for the disk."""
    if error.errno in _NO_SPACE:
        return StoreFull(f"no space left for the data in {where}: free some, then run again")
    return StoreUnavailable(f"{where}: {error.strerror or error}")


_NEVER_WRITABLE = {
    errno.EACCES,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


def output_error(error: OSError, where: object) -> MagritteError:
    """Translate a failure to write at `where`, which a person has named: to be named anew, or to be tried again."""
    if error.errno in _NEVER_WRITABLE:
        return SettingsError(f"{where} cannot be written ({error.strerror}): name another place")
    return storage_error(error, where)


USAGE, TRY_AGAIN = 2, 75
"""Exit codes; 75 is EX_TEMPFAIL of sysexits.h."""


def exit_code(error: MagritteError) -> int:
    """Return the exit code of a process that `error` ends: 2 to be mended by a person, 75 to be tried again, else 1."""
    if isinstance(error, RecipeError | SettingsError | AccountRefused):
        return USAGE
    return TRY_AGAIN if isinstance(error, Transient | HostRefuses) else 1
