"""What can go wrong, as a tree: every error that a user can cause is an `ExplorerError` whose text says what to do.

ExplorerError
├── ConfigError     a setting is wrong: its name, its value, the allowed range
├── DataError       a data set cannot be had
├── UnknownRun      no run of that id; lists the known ones
├── RunLost         the run's process is gone or does not answer
├── NoCapacity      the machine or cluster cannot hold the run; what was asked, what there is
└── LabUnavailable  the lab (Ray) is not there yet, or no longer
"""

from collections.abc import Iterable


class ExplorerError(Exception):
    """Base of every error whose message is written for the user."""


class ConfigError(ExplorerError):
    """A setting was refused."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        shown = repr(value)
        if len(shown) > 60:
            shown = shown[:57] + "..."
        super().__init__(f"{field} must be {allowed}; got {shown}")
        self.field = field

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), str(self), {"field": self.field})


class DataError(ExplorerError):
    """A data set is unknown, unreadable or cannot be downloaded."""


class UnknownRun(ExplorerError):
    """There is no run of that id."""

    def __init__(self, run_id: object, known: Iterable[str]) -> None:
        names = ", ".join(sorted(known)) or "none: start one first"
        super().__init__(f"there is no run {str(run_id)[:60]!r}; known runs: {names}")

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), str(self), {})


class RunLost(ExplorerError):
    """The run's process is gone, or does not answer."""


class NoCapacity(ExplorerError):
    """No machine of the lab can hold the run."""


class LabUnavailable(ExplorerError):
    """The lab is still starting, or could not be reached."""


def shown(text: object) -> str:
    """The text, such as a path, printable and in a length that can be read in a message."""
    printable = "".join(character if character.isprintable() else "?" for character in str(text))
    return printable if len(printable) <= 200 else f"{printable[:100]}…{printable[-80:]}"


def _restore(kind: type[ExplorerError], message: str, state: dict[str, object]) -> ExplorerError:
    """Rebuild an error on the other side of a process boundary without running its constructor again."""
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error
