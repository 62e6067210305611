"""One reader of the lab for all who watch: asks it at most once a tick, and encodes each answer once however many look."""

import gzip
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.lab import Lab, LabInfo, RunInfo
from explorer.errors import ExplorerError, UnknownRun
from explorer.messages import Snapshot
from ui.payload import encode_fixed, encode_history, encode_lab, encode_snapshot, to_json

TICK = 0.2
"""Seconds for which an answer of the lab is good enough for everybody."""


@dataclass(slots=True)
class _Watched:
    """What the hub holds of one run."""

    snapshot: Snapshot | None = None
    asked_at: float = -1e9
    encoded: bytes = b""
    fixed: bytes = b""
    histories: dict[tuple[int, ...], bytes] = field(default_factory=dict)
    trouble: str = ""


class Hub:
    """Answers the pages. Thread-safe; calls that find the lab asked already within the tick cost no lab call."""

    def __init__(self, lab: Lab, tick: float = TICK, clock: Callable[[], float] = time.monotonic) -> None:
        self._lab, self._tick, self._clock = lab, tick, clock
        self._lock = threading.Lock()
        self._boot = secrets.token_hex(4)
        self._listed_at = -1e9
        self._listing = 0
        self._list = b""
        self._runs: list[RunInfo] = []
        self._watched: dict[str, _Watched] = {}

    def touch(self) -> None:
        """Something was just changed through this page: let the next answer be fresh."""
        with self._lock:
            self._listed_at = -1e9
            for watched in self._watched.values():
                watched.asked_at = -1e9

    def runs(self) -> list[RunInfo]:
        """Every run, as of this tick."""
        with self._lock:
            self._refresh_list()
            return self._runs

    def find(self, run_id: object) -> RunInfo | None:
        """The run of that id, as of this tick."""
        return next((run for run in self.runs() if run.run_id == run_id), None)

    def answer(self, asked: object) -> bytes:
        """JSON of what is newer than what the page has.

        `asked` maps: `listed` (the list of runs that it has), `run` (the run on show), `version` (of its snapshot),
        `fixed` (true: has the run's labels and inputs), `history` (`generation`, `stride`, `step` of its curves).
        Anything else counts as having nothing.
        """
        known: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
        with self._lock:
            parts = self._list_parts(known.get("listed"))
            run_id = known.get("run")
            if isinstance(run_id, str) and run_id:
                parts |= self._run_parts(run_id, known)
        return b"{" + b",".join(to_json(name) + b":" + value for name, value in parts.items()) + b"}"

    def _list_parts(self, listed: object) -> dict[str, bytes]:
        self._refresh_list()
        token = f"{self._boot}-{self._listing}"
        return {} if listed == token else {"listed": to_json(token), "list": self._list}

    def _refresh_list(self) -> None:
        now = self._clock()
        if now - self._listed_at < self._tick:
            return
        try:
            info, self._runs = self._lab.info(), self._lab.runs()
        except ExplorerError as error:
            info = LabInfo("", ready=False, message=str(error))
        self._listed_at = now
        encoded = encode_lab(info, self._runs)
        if encoded != self._list:
            self._list, self._listing = encoded, self._listing + 1

    def _run_parts(self, run_id: str, known: Mapping[str, Any]) -> dict[str, bytes]:
        try:
            watched = self._watch(run_id)
        except UnknownRun:
            return {"unknown": to_json(run_id)}
        parts: dict[str, bytes] = {}
        if watched.trouble:
            parts["trouble"] = to_json(watched.trouble)
        snapshot = watched.snapshot
        if snapshot is None or snapshot.version == known.get("version"):
            return parts
        parts["snapshot"] = watched.encoded
        if watched.fixed and known.get("fixed") is not True:
            parts["fixed"] = watched.fixed
        if history := self._history(run_id, watched, known.get("history")):
            parts["history"] = history
        return parts

    def _watch(self, run_id: str) -> _Watched:
        """The run as of this tick. Raises UnknownRun."""
        watched = self._watched.get(run_id, _Watched())
        now = self._clock()
        if now - watched.asked_at < self._tick:
            return watched
        version = watched.snapshot.version if watched.snapshot else None
        try:
            newer = self._lab.poll({run_id: version}).get(run_id)
            watched.trouble = ""
        except UnknownRun:
            self._watched.pop(run_id, None)
            raise
        except ExplorerError as error:
            newer, watched.trouble = None, str(error)
        watched.asked_at = self._clock()
        if newer is not None:
            self._take(watched, newer)
        self._watched[run_id] = watched
        return watched

    def _take(self, watched: _Watched, snapshot: Snapshot) -> None:
        watched.snapshot = snapshot
        watched.encoded = encode_snapshot(snapshot)
        watched.histories = {}
        if snapshot.view is not None and not watched.fixed:
            watched.fixed = encode_fixed(snapshot.view)

    def _history(self, run_id: str, watched: _Watched, known: object) -> bytes:
        """The curves beyond what is known; all of them after a reset, or once their stride changed."""
        has: Mapping[str, Any] = known if isinstance(known, dict) else {}
        place = tuple(has.get(name, 0) for name in ("generation", "stride", "step"))
        if not all(isinstance(number, int) and 0 <= number < 2**62 for number in place):
            place = (0, 0, 0)
        if place not in watched.histories:
            try:
                watched.histories[place] = self._fetch_history(run_id, *place)
            except ExplorerError as error:
                watched.trouble = str(error)
                return b""
        return watched.histories[place]

    def _fetch_history(self, run_id: str, generation: int, stride: int, step: int) -> bytes:
        history = self._lab.get_history(run_id, step)
        if step and (history.generation != generation or history.stride != stride):
            step, history = 0, self._lab.get_history(run_id, 0)
        return encode_history(history, step)


def packed(answer: bytes) -> bytes:
    """Gzipped: an answer with a snapshot of the default run is then 6 to 7 kB."""
    return gzip.compress(answer, compresslevel=6, mtime=0)
