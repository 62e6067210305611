"""A run that nobody runs, read from its folder: it answers like one that has ended."""

from collections.abc import Mapping
from typing import NoReturn

from actors.lab import RunInfo
from actors.storage.archive import Archive
from explorer.config import Lambdas
from explorer.errors import ExplorerError
from explorer.messages import History, Probes, RunState, Snapshot


class PastRun:
    """Has the methods of a Run that make sense without a process; the others say that it is to be resumed first."""

    def __init__(self, archive: Archive, info: RunInfo) -> None:
        self._archive, self._info = archive, info

    def info(self) -> RunInfo:
        """The run in a line."""
        return self._info

    def get_snapshot(self, since: int | None = None) -> Snapshot | None:
        """Its last picture, for who has none."""
        return None if since else self._archive.snapshot(self._info)

    def get_history(self, since: int = 0) -> History:
        """Its curves up to the newest checkpoint, and all its events."""
        return self._archive.history(self._info, since)

    def get_probes(self) -> Probes:
        """It, seen through the probe over its life."""
        return self._archive.probes(self._info)

    def get_state(self) -> RunState:
        """All that a fork carries on from: its newest checkpoint."""
        from actors.storage.checkpoints import newest_state  # imports jax

        return newest_state(str(self._archive.folder(self._info.run_id).path))

    def describe(self, values: Mapping[str, object]) -> None:
        """Change what is written on its card. Raises ConfigError."""
        self._archive.describe(self._info, self._info.card.updated(values))

    def set_lambdas(self, _lambdas: Lambdas | Mapping[str, float]) -> NoReturn:
        """Refuse."""
        self._refuse("change its loss weights")

    def set_live(self, _values: Mapping[str, float]) -> NoReturn:
        """Refuse."""
        self._refuse("change its live settings")

    def cure(self, _remedy: str) -> NoReturn:
        """Refuse."""
        self._refuse("treat its dead codes")

    def pause(self) -> NoReturn:
        """Refuse."""
        self._refuse("pause")

    def step(self, _n: int = 1) -> NoReturn:
        """Refuse."""
        self._refuse("step")

    def reset(self) -> NoReturn:
        """Refuse."""
        self._refuse("reset")

    def close(self) -> None:
        """Nothing: it has ended."""

    def _refuse(self, verb: str) -> NoReturn:
        name = f"{self._info.name} ({self._info.run_id})"
        why = "resume it first" if self._info.resumable else self._info.reason or "start a new run"
        raise ExplorerError(f"{name} cannot {verb}: it is {self._info.status}; {why}")
