"""What a comparison is told of a run."""

from dataclasses import dataclass

from explorer.config import RunConfig
from explorer.messages import History, Snapshot, View


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A run of a comparison."""

    name: str
    config: RunConfig
    snapshot: Snapshot
    history: History

    @property
    def view(self) -> View:
        """The snapshot's. Raises ValueError if it has none."""
        if self.snapshot.view is None:
            raise ValueError(f"{self.name} has no model yet: there is nothing to draw")
        return self.snapshot.view
