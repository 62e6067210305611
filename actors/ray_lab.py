"""RayLab: each run a detached, named Ray actor, found again when the page restarts, and brought back when it died."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from actors.capacity import refuse_if_too_large
from actors.lab import NO_PLAN, Plan, RunInfo, new_run_id, refuse_to_remove, run_name
from actors.news import Known, News
from actors.ray_cluster import RayCluster
from actors.ray_later import ray
from actors.run_actor import newest_state_of
from actors.spare import end
from actors.storage.archive import Archive
from explorer.config import Lambdas, RunConfig
from explorer.errors import ExplorerError, RunLost
from explorer.messages import Applied, History, Probes, RunState, Snapshot, empty_history, empty_probes

STATE_WITHIN = 60.0
"""Seconds that reading a checkpoint may take: a process starts for it."""

logger = logging.getLogger(__name__)


class RayLab(RayCluster):
    """A Lab on a Ray cluster: one of its own on this machine, or the one at `address`.

    With `runs_dir`, a folder that all machines of the cluster see under the same name, runs survive their processes. On
    somebody else's cluster those whose machine died are brought back (`bring_back`: also those that were interrupted, or
    none); on a cluster of its own they wait until they are resumed.

    Call `connect` in the main thread (ray.init replaces signal handlers); before it, `start` raises LabUnavailable.
    """

    def start(self, config: RunConfig, name: str | None = None, plan: Plan = NO_PLAN) -> RunInfo:
        """Create the run's actor; it waits for room if the cluster is full. Raises NoCapacity if it can never fit.

        Waits for a cluster that is being connected to.
        """
        name = run_name(name, config)
        self._await_ready()
        refuse_if_too_large(self._request, ray.nodes())
        self._discover()
        members = list(self._members.values())
        self._limits.refuse_runs(sum(not member.gone and not member.spare for member in members))
        plan = plan.within(self._limits)
        spare = self._spare.take(config)
        run_id = spare.run_id if spare else new_run_id(self._members)
        try:
            if self._archive is not None:
                self._archive.create(run_id, config, name, plan)
        except ExplorerError:
            if spare is not None:
                end(spare)
            raise
        return self._launch(run_id, name, config, plan, spare)

    def runs(self) -> list[RunInfo]:
        """Every run, oldest first; those that another page started join as soon as they answer."""
        if not self._ready.is_set():
            return []
        self._discover()
        self._gather(dict.fromkeys(self._alive(), ()), "info")
        for run_id in self._ended_by_themselves():
            try:
                self._retire(run_id)
            except RunLost as error:
                self._member(run_id).retiring = False
                logger.warning("a run that had ended does not answer: %s", error)
        self._tend()
        known = [self._described(member) for member in list(self._members.values()) if member.info is not None]
        return self._past() + known

    def poll(self, since: Mapping[str, int | None]) -> dict[str, Snapshot]:
        """The newest snapshot of each run named, where there is one newer than the version given."""
        for run_id in since:
            self._member(run_id)
        self._gather(
            {run_id: (version,) for run_id, version in since.items() if run_id in self._alive()}, "get_snapshot"
        )
        return self._last_words(since)

    def _last_words(self, since: Mapping[str, int | None]) -> dict[str, Snapshot]:
        """What was heard of each run last, or stands in its folder, where that is newer than the version given."""
        members = {run_id: self._member(run_id) for run_id in since}
        past = {run_id for run_id, member in members.items() if member.handle is None and since[run_id]}
        newest = {run_id: self._last_snapshot(member) for run_id, member in members.items() if run_id not in past}
        return {run_id: s for run_id, s in newest.items() if s.version > (since[run_id] or 0)}

    def follow(self, known: Mapping[str, Known]) -> dict[str, News]:
        """The same with the curves after the step that is known."""
        members = {run_id: self._member(run_id) for run_id in known}
        alive = set(self._alive())
        self._gather({run_id: (has,) for run_id, has in known.items() if run_id in alive}, "get_news")
        told: dict[str, News] = {}
        for run_id, has in known.items():
            news, members[run_id].news = members[run_id].news, None
            if news is not None and news.snapshot.version > (has.version or 0):
                told[run_id] = news
        rest = {run_id: has for run_id, has in known.items() if run_id not in told}
        for run_id, snapshot in self._last_words({run_id: has.version for run_id, has in rest.items()}).items():
            told[run_id] = News(snapshot, self.get_history(run_id, known[run_id].step), known[run_id].step)
        return told

    def get_snapshot(self, run_id: str) -> Snapshot:
        """The newest snapshot."""
        member = self._member(run_id)
        if self._answers(run_id, member):
            member.snapshot = self._ask(run_id, "get_snapshot")
        return self._last_snapshot(member)

    def get_history(self, run_id: str, since: int = 0) -> History:
        """Curves and events after step `since`."""
        member = self._member(run_id)
        if member.gone and member.history is None and self._archive is not None:
            return self._archive.history(self._described(member), since)
        if not self._answers(run_id, member):
            return member.history or empty_history(run_id)
        return self._ask(run_id, "get_history", since)

    def get_probes(self, run_id: str) -> Probes:
        """The run seen through the probe over its life."""
        member = self._member(run_id)
        if member.gone and member.probes is None and self._archive is not None:
            return self._archive.probes(self._described(member))
        if member.gone or not member.placed:
            return member.probes or empty_probes(run_id, *self._described(member).config.codebooks_shape)
        return self._ask(run_id, "get_probes")

    def get_state(self, run_id: str) -> RunState:
        """All that a fork carries on from; of a run that ended its newest checkpoint, read where the folder is."""
        if self._member(run_id).gone and self._archive is not None:
            return self._read_state(run_id, self._archive)
        return self._ask(run_id, "get_state")

    def set_lambdas(self, run_id: str, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change the loss weights; says from which step they hold."""
        return self._ask(run_id, "set_lambdas", lambdas)

    def set_live(self, run_id: str, values: Mapping[str, float]) -> Applied:
        """Change live settings; says from which step they hold."""
        return self._ask(run_id, "set_live", values)

    def cure(self, run_id: str, remedy: str) -> Applied:
        """Treat dead codes once; says before which step that is done."""
        return self._ask(run_id, "cure", remedy)

    def pause(self, run_id: str) -> RunInfo:
        """Stop after the step in progress."""
        return self._ask(run_id, "steer", "pause")

    def resume(self, run_id: str) -> RunInfo:
        """Train on; a run of the past in a new process."""
        member = self._member(run_id)
        info = self._described(member)
        if self._archive is not None and member.gone and info.status in ("stopped", "lost"):
            return self._revive(info, self._archive)
        return self._ask(run_id, "steer", "start")

    def step(self, run_id: str, n: int = 1) -> RunInfo:
        """Train exactly `n` steps, then be paused."""
        return self._ask(run_id, "steer", "step", n)

    def reset(self, run_id: str) -> RunInfo:
        """Back to step 0 with the same seed."""
        return self._ask(run_id, "steer", "reset")

    def stop(self, run_id: str) -> RunInfo:
        """End the run and free its CPU, keeping its last words; a run that waits for room is cancelled."""
        member = self._member(run_id)
        if member.gone:
            return self._described(member)
        if member.placed:
            member.retiring = True
            try:
                member.info = self._ask(run_id, "steer", "close")
                return self._retire(run_id)
            except RunLost:
                if self._described(member).status != "stopped":  # or another page stopped it just now
                    raise
                return self._described(member)
        member.info = replace(self._described(member), status="stopped", reason="cancelled before it started")
        member.gone = True
        ray.kill(member.handle)
        if self._archive is not None:
            self._archive.cancel(member.info)
        return member.info

    def _read_state(self, run_id: str, archive: Archive) -> RunState:
        read = ray.remote(newest_state_of).options(num_cpus=0, max_retries=0)
        reference = read.remote(str(archive.folder(run_id).path))
        try:
            return ray.get(reference, timeout=STATE_WITHIN)
        except ray.exceptions.GetTimeoutError:
            ray.cancel(reference)
            raise RunLost(f"{run_id}: its checkpoint could not be read within {STATE_WITHIN:g} s") from None
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ExplorerError):
                raise error.cause from None
            raise

    def _ended_by_themselves(self) -> list[str]:
        """Runs that reached their last step and still hold a CPU; each is named once, whoever asks."""
        ended = []
        with self._lock:
            for run_id, member in self._members.items():
                if not member.gone and not member.retiring and member.info and member.info.status == "stopped":
                    member.retiring = True
                    ended.append(run_id)
        return ended

    def _retire(self, run_id: str) -> RunInfo:
        """Keep the last words of a run that has ended, and free its CPU."""
        member = self._member(run_id)
        member.snapshot = self._ask(run_id, "get_snapshot")
        member.history = self._ask(run_id, "get_history")
        member.probes = self._ask(run_id, "get_probes")
        member.gone = True
        ray.kill(member.handle)
        self._tend()
        return self._described(member)

    def describe(self, run_id: str, **values: object) -> RunInfo:
        """Change what is written on the run's card; that of a run that has ended is this page's own."""
        member = self._member(run_id)
        info = self._described(member)
        changed = replace(info, name=(card := info.card.updated(values)).name, card=card)
        if not member.gone and not member.placed:
            with self._lock:  # it hears of it when it starts
                member.unanswered.setdefault("describe", member.handle.describe.remote(values))
        elif not member.gone:
            changed = self._ask(run_id, "describe", values)
        elif self._archive is not None:
            self._archive.describe(info, card)
        member.info = changed
        return self._described(member)

    def remove(self, run_id: str) -> None:
        """Forget a run that has ended."""
        info = self._described(self._member(run_id))
        refuse_to_remove(info)
        with self._lock:
            self._members.pop(run_id, None)
        if self._archive is not None:
            self._archive.remove(info)

    def allow(self, steps: Mapping[str, int], lease: float) -> None:
        """For `lease` seconds let no run named train beyond its step; who does not answer is left alone."""
        alive = self._alive()
        placed = {run_id: (step, lease) for run_id, step in steps.items() if run_id in alive}
        self._gather(placed, "allow")
