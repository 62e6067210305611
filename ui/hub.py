"""One reader of the lab for all who watch: asks it at most once a tick, and encodes each answer once however many look."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from actors.lab import Lab, LabInfo, RunInfo
from actors.news import Known, News
from explorer.divergence import divergence
from explorer.errors import ExplorerError, UnknownRun
from ui.packing import Part, as_object
from ui.payload import encode_divergence, encode_lab, to_json
from ui.watched import Watched

TICK = 0.2
"""Seconds for which an answer of the lab is good enough for everybody."""
LISTED = 4
"""Ticks for which the list of runs is good enough, unless something was changed through this page: a run's own status comes with
its snapshot, and asking every run and the cluster costs as much as the snapshots do."""
LIFE = 10
"""The same for the views over a run's life: all of them come at once, and small runs have new ones all the time."""
MOST_RUNS = 16
"""Runs that one page can watch."""
Parts = list[Part | bytes]


class Hub:
    """Answers the pages. Thread-safe; calls that find the lab asked already within the tick cost no lab call."""

    def __init__(self, lab: Lab, tick: float = TICK, clock: Callable[[], float] = time.monotonic) -> None:
        self._lab, self._tick, self._clock = lab, tick, clock
        self._lock = threading.Lock()
        self._boot = secrets.token_hex(4)
        self._listed_at = -1e9
        self._listing = 0
        self._list = Part(b"")
        self._runs: list[RunInfo] = []
        self._watched: dict[str, Watched] = {}

    def touch(self) -> None:
        """Something was just changed through this page: let the next answer be fresh."""
        with self._lock:
            self._listed_at = -1e9
            for watched in self._watched.values():
                watched.asked_at = watched.life_asked_at = -1e9

    def runs(self) -> list[RunInfo]:
        """Every run, as of this tick."""
        with self._lock:
            self._refresh_list()
            return self._runs

    def find(self, run_id: object) -> RunInfo | None:
        """The run of that id, as of this tick."""
        return next((run for run in self.runs() if run.run_id == run_id), None)

    def answer(self, asked: object) -> Parts:
        """JSON of what is newer than what the page with one run on show has.

        `asked` maps: `listed` (the list of runs that it has), `run` (the run on show), `version` (of its snapshot),
        `fixed` (true: has the run's labels and inputs), `history` (`generation`, `stride`, `step` of its curves).
        `diagnosis` (the `version` that it has; `images`: wants those of each level) and `life` (`generation`, `count`, `step`
        of the last probe) are answered only where they are asked for. Anything else counts as having nothing.
        """
        known: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
        with self._lock:
            members = self._list_parts(known.get("listed"))
            run_id = known.get("run")
            if isinstance(run_id, str) and run_id:
                self._refresh([run_id])
                members |= self._run_parts(run_id, known, all_metrics=False)
                members |= self._diagnosis_parts(run_id, known)
        return as_object(members)

    def answer_many(self, asked: object) -> Parts:
        """The same for a page that compares: `runs` maps ids to what it has of each, with `probe` (`generation`, `count`).

        `divergence` names two of them. Runs beyond the sixteenth are left out.
        """
        known: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
        asked_runs = known.get("runs")
        runs: dict[str, Any] = asked_runs if isinstance(asked_runs, dict) else {}
        wanted = [run_id for run_id in runs if isinstance(run_id, str) and run_id][:MOST_RUNS]
        with self._lock:
            members = self._list_parts(known.get("listed"))
            self._refresh(wanted)
            for run_id in wanted:
                self._probe(run_id)
            told = {run_id: self._compared(run_id, runs[run_id]) for run_id in wanted}
            told = {run_id: parts for run_id, parts in told.items() if parts}
            if told:
                members["runs"] = as_object({run_id: as_object(parts) for run_id, parts in told.items()})
            pair = known.get("divergence")
            if isinstance(pair, list) and len(pair) == 2 and all(run_id in self._watched for run_id in map(str, pair)):
                members["divergence"] = [self._diverged(*map(str, pair))]
        return as_object(members)

    def _list_parts(self, listed: object) -> dict[str, Parts]:
        self._refresh_list()
        token = f"{self._boot}-{self._listing}"
        return {} if listed == token else {"listed": [to_json(token)], "list": [self._list]}

    def _refresh_list(self) -> None:
        now = self._clock()
        if now - self._listed_at < LISTED * self._tick:
            return
        try:
            info, self._runs = self._lab.info(), self._lab.runs()
        except ExplorerError as error:
            info = LabInfo("", ready=False, message=str(error))
        self._listed_at = now
        encoded = encode_lab(info, self._runs)
        if encoded != self._list.raw:
            self._list, self._listing = Part(encoded), self._listing + 1

    def _run_parts(self, run_id: str, known: Mapping[str, Any], *, all_metrics: bool) -> dict[str, Parts]:
        watched = self._watched.get(run_id)
        if watched is None:
            return {"unknown": [to_json(run_id)]}
        members: dict[str, Parts] = {}
        if watched.trouble:
            members["trouble"] = [to_json(watched.trouble)]
        snapshot = watched.snapshot
        if snapshot is None or watched.encoded is None or snapshot.version == known.get("version"):
            return members
        members["snapshot"] = [watched.encoded]
        if watched.fixed and known.get("fixed") is not True:
            members["fixed"] = [watched.fixed]
        if history := watched.history(known.get("history"), all_metrics=all_metrics):
            members["history"] = [history]
        return members

    def _diagnosis_parts(self, run_id: str, known: Mapping[str, Any]) -> dict[str, Parts]:
        watched = self._watched.get(run_id)
        members: dict[str, Parts] = {}
        if watched is None:
            return members
        if "diagnosis" in known and (diagnosis := watched.diagnosis(known["diagnosis"])):
            members["diagnosis"] = [diagnosis]
        if "life" in known:
            self._probe(run_id)
            if life := watched.life(known["life"]):
                members["life"] = [life]
        return members

    def _compared(self, run_id: str, known: object) -> dict[str, Parts]:
        has: Mapping[str, Any] = known if isinstance(known, dict) else {}
        members = self._run_parts(run_id, has, all_metrics=True)
        watched = self._watched.get(run_id)
        probe = has.get("probe")
        place = (probe.get("generation"), probe.get("count")) if isinstance(probe, dict) else (0, 0)
        if watched is not None and watched.encoded_probes is not None and watched.probed != place:
            members["probe"] = [watched.encoded_probes]
        return members

    def _diverged(self, a: str, b: str) -> bytes:
        one, other = self._watched[a].probes, self._watched[b].probes
        if one is None or other is None:
            return to_json({"a": a, "b": b, "error": "one of the runs has not begun yet"})
        try:
            return encode_divergence(a, b, divergence(one, other))
        except ExplorerError as error:
            return to_json({"a": a, "b": b, "error": str(error)})

    # Asking the lab --------------------------------------------------------------------------------------------------

    def _refresh(self, run_ids: Iterable[str]) -> None:
        """Ask for what is newer of all these runs at once, unless that was done in this tick."""
        now = self._clock()
        due: dict[str, Known] = {}
        for run_id in run_ids:
            watched = self._watched.get(run_id)
            if watched is None or now - watched.asked_at >= self._tick:
                version = watched.snapshot.version if watched and watched.snapshot else None
                due[run_id] = Known(version, watched.place[2] if watched else 0)
        if not due:
            return
        try:
            newer, unknown = self._poll(due)
        except ExplorerError as error:
            for run_id in due:
                self._hear(run_id).trouble = str(error)
            return
        for run_id in unknown:
            self._watched.pop(run_id, None)
        for run_id in due.keys() - unknown:
            watched = self._hear(run_id)
            watched.trouble = ""
            if run_id in newer:
                self._take(run_id, watched, newer[run_id])

    def _poll(self, due: Mapping[str, Known]) -> tuple[dict[str, News], set[str]]:
        """All at once; and those that the lab does not know."""
        try:
            return self._lab.follow(due), set()
        except UnknownRun:
            newer: dict[str, News] = {}
            unknown: set[str] = set()
            for run_id, known in due.items():
                try:
                    newer |= self._lab.follow({run_id: known})
                except UnknownRun:
                    unknown.add(run_id)
            return newer, unknown

    def _hear(self, run_id: str) -> Watched:
        watched = self._watched.setdefault(run_id, Watched())
        watched.asked_at = self._clock()
        return watched

    def _take(self, run_id: str, watched: Watched, news: News) -> None:
        watched.take(news.snapshot)
        try:
            if news.after != watched.place[2] or not watched.extend(news.history, news.after):
                watched.extend(self._lab.get_history(run_id, 0), 0)
        except ExplorerError as error:
            watched.trouble = str(error)
        watched.encode(next((run.config for run in self._runs if run.run_id == run_id), None))

    def _probe(self, run_id: str) -> None:
        """Ask for the views over the run's life, if there may be more of them."""
        watched = self._watched.get(run_id)
        now = self._clock()
        if watched is None or not watched.probe_due or now - watched.life_asked_at < LIFE * self._tick:
            return
        watched.life_asked_at = now
        try:
            watched.take_probes(self._lab.get_probes(run_id))
        except ExplorerError as error:
            watched.trouble = str(error)
