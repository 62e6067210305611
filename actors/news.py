"""A run's snapshot and the curves that belong to it, asked for and told at once: under Ray each question costs a millisecond."""

from typing import NamedTuple, Protocol

from explorer.messages import History, Snapshot


class Known(NamedTuple):
    """What somebody has of a run: the version of its snapshot (None: nothing), and its curves up to a step."""

    version: int | None
    step: int


class News(NamedTuple):
    """The newest snapshot, and what the curves gained after step `after`."""

    snapshot: Snapshot
    history: History
    after: int


class Telling(Protocol):
    """Whatever can be asked for both, one by one."""

    def get_snapshot(self, since: int | None = None) -> Snapshot | None: ...  # noqa: D102

    def get_history(self, since: int = 0) -> History: ...  # noqa: D102


def news_of(run: Telling, known: Known) -> News | None:
    """Both, if the snapshot is newer than the one that is known."""
    snapshot = run.get_snapshot(known.version)
    return None if snapshot is None else News(snapshot, run.get_history(known.step), known.step)
