"""All runs of a folder of runs: those that ended, and those that somebody else runs. numpy only."""

import logging
import os
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
from etils import epath
from platformdirs import user_data_path

from actors.lab import Card, Plan, RunInfo, run_name
from actors.storage.folder import Log, Manifest, RunFolder
from actors.storage.recording import Recording, newest_recording, snapshot_of
from explorer.config import RunConfig
from explorer.curves import Curves
from explorer.errors import ExplorerError, shown
from explorer.messages import Event, History, Probes, Snapshot, Status, empty_history, empty_probes, empty_snapshot
from explorer.probes import ProbeLog

SCAN_EVERY = 2.0
"""Seconds from one look at which folders there are to the next."""
SILENT = 30.0
"""Seconds after which a run whose log is not written anew counts as dead for those who only see its folder."""

logger = logging.getLogger(__name__)


def default_runs_dir() -> str:
    """RQVAE_RUNS_DIR, or a folder of the user's data."""
    return os.environ.get("RQVAE_RUNS_DIR") or str(user_data_path("rq-vae-explorer") / "runs")


class Archive:
    """The runs below `root`, a local path or a URL that etils knows."""

    def __init__(self, root: str | Path) -> None:
        local = "://" not in str(root)
        self.root = epath.Path(Path(root).expanduser().absolute() if local else root)
        self._lock = Lock()
        self._seen: dict[str, tuple[object, RunInfo]] = {}
        self._scanned_at = -1e9
        self._infos: list[RunInfo] = []
        self._complained: set[str] = set()

    def prepare(self) -> None:
        """Make the folder. Raises ExplorerError if nothing can be written there."""
        probe = self.root / f".writable-{os.getpid()}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe.write_text("")
            probe.unlink()
        except (OSError, ValueError, ImportError) as problem:
            why = getattr(problem, "strerror", None) or str(problem)
            raise ExplorerError(
                f"--runs-dir {shown(self.root)}: nothing can be written there ({why}); name a folder where you may write"
            ) from problem

    def folder(self, run_id: str) -> RunFolder:
        """A run's folder."""
        return RunFolder(self.root / run_id)

    def create(self, run_id: str, config: RunConfig, name: str, plan: Plan) -> RunFolder:
        """The folder of a new run. Raises ExplorerError."""
        start = plan.origin.step if plan.origin else 0
        manifest = Manifest(run_id, config, replace(plan, origin=None), start, round(time.time(), 3))
        folder = self.folder(run_id)
        folder.create(manifest, Card(name, comparison=plan.comparison), plan.origin)
        self.forget()
        return folder

    def infos(self, without: Collection[str] = ()) -> list[RunInfo]:
        """Every run that has a folder, oldest first, but those named."""
        with self._lock:
            if time.monotonic() - self._scanned_at > SCAN_EVERY:
                self._scan()
            return [info for info in self._infos if info.run_id not in without]

    def forget(self) -> None:
        """Something was just changed in the folder: look anew."""
        with self._lock:
            self._scanned_at = -1e9

    def _scan(self) -> None:
        self._scanned_at = time.monotonic()
        try:
            names = [path.name for path in self.root.iterdir() if path.name.startswith("run-")]
        except FileNotFoundError:
            names = []
        except OSError as problem:
            self._complain(f"{shown(self.root)} cannot be read ({problem.strerror})")
            return
        seen: dict[str, tuple[object, RunInfo]] = {}
        for name in names:
            folder = self.folder(name)
            try:
                written = folder.written()
                known = self._seen.get(name)
                if known and known[0] == written and known[1].status in ("stopped", "lost"):
                    info = known[1]
                else:
                    info = self._info(folder)
            except FileNotFoundError:  # another page makes or deletes it right now
                continue
            except ExplorerError as problem:
                self._complain(str(problem))
                continue
            seen[name] = written, info
        self._seen = seen
        self._infos = sorted((info for _, info in seen.values()), key=lambda info: info.created)

    def _info(self, folder: RunFolder) -> RunInfo:
        manifest = folder.manifest()
        plan, config, log = manifest.plan, manifest.config, folder.log()
        card = folder.card(Card(run_name(None, config), comparison=plan.comparison))
        for damage in folder.damage:
            self._complain(damage)
        status, reason = _status(log, manifest.created)
        return RunInfo(
            manifest.run_id,
            card.name,
            status,
            reason,
            log.step if log else manifest.start,
            config,
            log.live if log else config.live,
            plan.parent,
            manifest.start,
            plan.until,
            0.0,
            card,
            manifest.created,
            resumable=status == "lost" or (log is not None and log.ended in ("stopped", "interrupted")),
        )

    def _complain(self, text: str) -> None:
        if text not in self._complained:
            self._complained.add(text)
            logger.warning("%s", text)

    # What a run was ----------------------------------------------------------------------------------------------------

    def snapshot(self, info: RunInfo) -> Snapshot:
        """Its last picture."""
        recording = newest_recording(self.folder(info.run_id))
        if recording is None:
            return empty_snapshot(info.run_id, info.status, info.reason, info.live)
        state = {"generation": 0, "status": info.status, "reason": info.reason}
        return snapshot_of(recording, info.run_id, 1, **state)

    def history(self, info: RunInfo, since: int = 0) -> History:
        """Its curves up to the newest checkpoint, and all its events."""
        folder = self.folder(info.run_id)
        log, recording = folder.log(), newest_recording(folder)
        events: tuple[Event, ...] = tuple(event for event in log.events if event.step >= since) if log else ()
        if recording is None:
            return replace(empty_history(info.run_id), events=events)
        curves = Curves(start=info.forked_at)
        curves.load(_part(recording, "curves/"))
        steps, columns = curves.since(since)
        return History(info.run_id, 0, curves.stride, steps, columns, events)

    def probes(self, info: RunInfo) -> Probes:
        """It, seen through the probe over its life."""
        shape = info.config.codebooks_shape
        recording = newest_recording(self.folder(info.run_id))
        if recording is None:
            return empty_probes(info.run_id, *shape)
        probes = ProbeLog(shape)
        probes.load(_part(recording, "probes/"))
        return probes.probes(info.run_id, 0)

    # What may be done with it ------------------------------------------------------------------------------------------

    def describe(self, info: RunInfo, card: Card) -> None:
        """Write what is written on it. Raises ExplorerError."""
        try:
            self.folder(info.run_id).write_card(card)
        except OSError as problem:
            raise ExplorerError(f"{info.name} ({info.run_id}) cannot be changed: {problem.strerror}") from problem
        self.forget()

    def waiting_for_room(self, home: str, *, interrupted: bool) -> list[RunInfo]:
        """Runs of `home` whose process died, and those that were interrupted if asked for: oldest first."""
        found = []
        for info in self.infos():
            log = self.folder(info.run_id).log() if info.status in ("lost", "stopped") else None
            if log is not None and log.home == home and (not log.ended or (interrupted and log.ended == "interrupted")):
                found.append(info)
        return found

    def let_train_on(self, info: RunInfo) -> None:
        """Note that it is to train on; whoever claims it next does that. Raises ExplorerError."""
        folder = self.folder(info.run_id)
        log = folder.log()
        if log is None:
            return
        if log.ended == "finished":
            raise ExplorerError(
                f"{info.name} ({info.run_id}) has reached its last step, {log.step:,}: fork it to go on from there"
            )
        resumed = (*log.events, Event(log.step, "resumed"))
        folder.write_log(replace(log, ended="", reason="", left=None, events=resumed))
        self.forget()

    def cancel(self, info: RunInfo) -> None:
        """It was to run, and will not: one that never ran leaves nothing, another is as it was. Raises ExplorerError."""
        folder = self.folder(info.run_id)
        log = folder.log()
        if folder.incarnation() == 0 or log is None:
            self.remove(info)
            return
        folder.write_log(replace(log, status="stopped", ended="stopped", reason=""))
        self.forget()

    def remove(self, info: RunInfo) -> None:
        """Delete it with all its files. Raises ExplorerError."""
        try:
            self.folder(info.run_id).remove()
        except FileNotFoundError:
            pass
        except OSError as problem:
            raise ExplorerError(f"{info.name} ({info.run_id}) cannot be deleted: {problem.strerror}") from problem
        self.forget()


def _status(log: Log | None, created: float) -> tuple[Status, str]:
    if log is None and time.time() - created < SILENT:
        return "pending", "is being started elsewhere"
    if log is None:
        return "lost", "it never began; resume it to start it"
    if log.ended == "interrupted":
        return "stopped", f"interrupted at step {log.step:,}; resume it to go on"
    if log.ended:
        return "stopped", log.reason
    if time.time() - log.written < SILENT:
        return log.status, f"lives elsewhere ({log.home})"
    return "lost", f"its process ended at step {log.step:,} or later; resume it to go on"


def _part(recording: Recording, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): value for name, value in recording.arrays.items() if name.startswith(prefix)}
