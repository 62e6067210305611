"""RayLab: each run a detached, named Ray actor, found again when the page restarts. The only module that imports ray."""

import logging
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from actors.capacity import Request, places, refuse_if_too_large, why_waiting
from actors.devices import Gpu, gpus_per_run
from actors.lab import NO_PLAN, LabInfo, Plan, RunInfo, new_run_id, refuse_to_remove, run_name
from actors.members import Member, announced
from actors.reaching import check_reachable
from actors.run_actor import RunActor
from explorer.config import Lambdas, RunConfig
from explorer.errors import ExplorerError, LabUnavailable, RunLost, UnknownRun
from explorer.messages import (
    Applied,
    History,
    Probes,
    RunState,
    Snapshot,
    empty_history,
    empty_probes,
    empty_snapshot,
)

# Read when ray is first imported: no telemetry, and no second `uv run` around every worker.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")

import ray
import ray.util
from ray.exceptions import ActorUnavailableError, GetTimeoutError, RayActorError, RayTaskError

NAMESPACE = "rq-vae-explorer"
PATIENCE = 0.3
"""Seconds that a poll waits for all runs together: one hung run costs this, not the page."""
ANSWER_WITHIN = 10.0
"""Seconds that a verb waits for its run."""

logger = logging.getLogger(__name__)


class RayLab:
    """A Lab on a Ray cluster: one of its own on this machine, or the one at `address`.

    Call `connect` in the main thread (ray.init replaces signal handlers); until it is done, `start` raises LabUnavailable.
    """

    def __init__(
        self,
        address: str | None = None,
        data_dir: str | Path | None = None,
        cpus_per_run: float = 1.0,
        gpu: Gpu = "auto",
        num_cpus: int | None = None,
    ) -> None:
        self._address, self._cpus_per_run = address, cpus_per_run
        self._gpu: Gpu = gpu
        self._num_cpus = num_cpus or os.cpu_count()
        self._data_dir = None if data_dir is None else str(Path(data_dir).expanduser().absolute())
        self._request = Request(cpus_per_run, 0.0)
        self._message = "Ray is starting, this takes some seconds"
        self._ready = threading.Event()
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}

    # The cluster -----------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Start or join the cluster. Raises LabUnavailable, or NoCapacity for more than any node has."""
        own: dict[str, Any] = {
            "num_cpus": self._num_cpus,
            "include_dashboard": False,
            "object_store_memory": 100 * 2**20,
        }
        if self._address:
            check_reachable(self._address)
        try:
            ray.init(
                address=self._address or "local",
                namespace=NAMESPACE,
                log_to_driver=False,
                logging_level=logging.WARNING,
                **({} if self._address else own),
            )
        except Exception as error:
            self._message = f"Ray cannot be reached at {self._address or 'this machine'}: {error}"
            raise LabUnavailable(self._message) from error
        gpus = ray.cluster_resources().get("GPU", 0.0)
        self._request = Request(self._cpus_per_run, gpus_per_run(self._gpu, gpus))
        refuse_if_too_large(self._request, ray.nodes())
        self._ready.set()

    def info(self) -> LabInfo:
        """Whether Ray is there, and how busy it is."""
        if not self._ready.is_set():
            return LabInfo("ray", ready=False, message=self._message)
        total, free = ray.cluster_resources(), ray.available_resources()
        cpus = total.get("CPU", 0.0)
        nodes = sum(node["Alive"] for node in ray.nodes())
        busy = f"{cpus - free.get('CPU', 0.0):g} of {cpus:g} CPU busy"
        message = f"Ray · {nodes} node{'s'[: nodes != 1]} · {busy}"
        return LabInfo("ray", ready=True, message=message, capacity=places(self._request, ray.nodes()))

    def close(self) -> None:
        """Leave the cluster; one of our own ends with all its runs, another's goes on with them."""
        self._ready.clear()
        ray.shutdown()

    # The runs --------------------------------------------------------------------------------------------------------

    def start(self, config: RunConfig, name: str | None = None, plan: Plan = NO_PLAN) -> RunInfo:
        """Create the run's actor; it waits for room if the cluster is full. Raises NoCapacity if it can never fit."""
        name = run_name(name, config)
        if not self._ready.is_set():
            raise LabUnavailable(self._message)
        refuse_if_too_large(self._request, ray.nodes())
        with self._lock:
            run_id = new_run_id(self._members)
            actor = ray.remote(RunActor).options(
                name=run_id,
                namespace=NAMESPACE,
                lifetime="detached",
                num_cpus=self._request.cpus,
                num_gpus=self._request.gpus,
                max_pending_calls=50,
            )
            handle = actor.remote(run_id, name, config, self._data_dir, self._request, plan)
            info = announced(run_id, name, config, plan)
            self._members[run_id] = Member(handle, info)
        return info

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
        return [self._described(member) for member in list(self._members.values()) if member.info is not None]

    def poll(self, since: Mapping[str, int | None]) -> dict[str, Snapshot]:
        """The newest snapshot of each run named, where there is one newer than the version given."""
        for run_id in since:
            self._member(run_id)
        self._gather(
            {run_id: (version,) for run_id, version in since.items() if run_id in self._alive()}, "get_snapshot"
        )
        newest = {run_id: self._last_snapshot(self._member(run_id)) for run_id in since}
        return {run_id: s for run_id, s in newest.items() if s and s.version > (since[run_id] or 0)}

    def get_snapshot(self, run_id: str) -> Snapshot:
        """The newest snapshot."""
        member = self._member(run_id)
        if member.placed and not member.gone:
            member.snapshot = self._ask(run_id, "get_snapshot")
        return self._last_snapshot(member)

    def get_history(self, run_id: str, since: int = 0) -> History:
        """Curves and events after step `since`."""
        member = self._member(run_id)
        if member.gone or not member.placed:
            return member.history or empty_history(run_id)
        return self._ask(run_id, "get_history", since)

    def get_probes(self, run_id: str) -> Probes:
        """The run seen through the probe over its life."""
        member = self._member(run_id)
        if member.gone or not member.placed:
            config = self._described(member).config
            nothing = empty_probes(run_id, config.levels, config.codebook_size, config.latent_dim)
            return member.probes or nothing
        return self._ask(run_id, "get_probes")

    def get_state(self, run_id: str) -> RunState:
        """All that a fork carries on from."""
        return self._ask(run_id, "get_state")

    def set_lambdas(self, run_id: str, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change the loss weights; says from which step they hold."""
        return self._ask(run_id, "set_lambdas", lambdas)

    def set_learning_rate(self, run_id: str, learning_rate: float) -> Applied:
        """Change the learning rate; says from which step it holds."""
        return self._ask(run_id, "set_learning_rate", learning_rate)

    def pause(self, run_id: str) -> RunInfo:
        """Stop after the step in progress."""
        return self._ask(run_id, "steer", "pause")

    def resume(self, run_id: str) -> RunInfo:
        """Train on."""
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
            member.info = self._ask(run_id, "steer", "close")
            return self._retire(run_id)
        member.info = replace(self._described(member), status="stopped", reason="cancelled before it started")
        member.gone = True
        ray.kill(member.handle)
        return member.info

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
        member.info = changed
        return self._described(member)

    def remove(self, run_id: str) -> None:
        """Forget a run that has ended."""
        refuse_to_remove(self._described(self._member(run_id)))
        with self._lock:
            del self._members[run_id]

    def allow(self, steps: Mapping[str, int], lease: float) -> None:
        """For `lease` seconds let no run named train beyond its step; who does not answer is left alone."""
        alive = self._alive()
        placed = {run_id: (step, lease) for run_id, step in steps.items() if run_id in alive}
        self._gather(placed, "allow")

    # Talking to actors -----------------------------------------------------------------------------------------------

    def _member(self, run_id: str) -> Member:
        member = self._members.get(run_id) if isinstance(run_id, str) else None
        if member is None:
            raise UnknownRun(run_id, self._members)
        return member

    def _alive(self) -> list[str]:
        return [run_id for run_id, member in list(self._members.items()) if not member.gone]

    def _discover(self) -> None:
        for name in ray.util.list_named_actors():
            with self._lock, suppress(ValueError):  # it may be gone since the list was made
                if name not in self._members:
                    self._members[name] = Member(ray.get_actor(name))

    def _gather(self, requests: Mapping[str, tuple[Any, ...]], method: str) -> None:
        """Ask several runs at once and store what they answer in time; a run that owes an answer is not asked again."""
        asked: dict[Any, Member] = {}
        for run_id, arguments in requests.items():
            member = self._members.get(run_id)
            if member is None:
                continue
            with self._lock:
                if method not in member.unanswered:
                    member.unanswered[method] = getattr(member.handle, method).remote(*arguments)
                asked[member.unanswered[method]] = member
        if asked:
            ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=PATIENCE)
            for reference in ready:
                self._store(asked[reference], method, reference)

    def _store(self, member: Member, method: str, reference: Any) -> None:
        with self._lock:
            member.unanswered.pop(method, None)
        try:
            answer = ray.get(reference)
        except RayActorError as error:
            self._lose(member, error)
            return
        member.placed, member.heard = True, time.monotonic()
        if isinstance(answer, RunInfo):
            member.info = answer
        elif isinstance(answer, Snapshot):
            member.snapshot = answer

    def _ask(self, run_id: str, method: str, *arguments: Any) -> Any:
        """Call one run and wait. Raises what the run raises, or RunLost if it is gone or silent."""
        member = self._member(run_id)
        described = self._described(member)
        if member.gone:
            raise RunLost(f"{described.name} ({run_id}) is {described.status}: {described.reason or 'start a new run'}")
        if not member.placed:
            self._gather({run_id: ()}, "info")
            if not member.placed:
                raise ExplorerError(f"{described.name} ({run_id}) has not started yet: {described.reason}")
        try:
            return ray.get(getattr(member.handle, method).remote(*arguments), timeout=ANSWER_WITHIN)
        except RayTaskError as error:
            if isinstance(error.cause, ExplorerError):
                raise error.cause from None
            raise
        except GetTimeoutError:
            raise RunLost(f"{described.name} ({run_id}) did not answer within {ANSWER_WITHIN:g} s") from None
        except RayActorError as error:
            self._lose(member, error)
            raise RunLost(f"{described.name} ({run_id}): {self._described(member).reason}") from None

    def _lose(self, member: Member, error: RayActorError) -> None:
        """Its process is gone: keep its last words. One that is merely unavailable may come back."""
        if isinstance(error, ActorUnavailableError) or member.gone:
            return
        logger.warning("lost a run: %s", error)
        killed = "ray.kill" in str(error)
        status, reason = ("stopped", "stopped elsewhere") if killed else ("lost", _last_line(error))
        member.gone = True
        if member.info is not None:
            member.info = replace(member.info, status=status, reason=reason)
        if member.snapshot is not None:
            version = member.snapshot.version + 1
            member.snapshot = replace(
                member.snapshot, status=status, reason=reason, version=version, steps_per_second=0.0
            )

    def _described(self, member: Member) -> RunInfo:
        """What is known of it, with why it waits or since when it is silent."""
        info = member.info
        assert info is not None
        if member.gone:
            return info
        silent = time.monotonic() - member.heard
        if not member.placed:
            holders = [m.info.name for m in self._members.values() if m.placed and not m.gone and m.info]
            total, free = ray.cluster_resources(), ray.available_resources()
            return replace(info, reason=why_waiting(self._request, silent, total, free, holders))
        if silent > 3:
            return replace(info, reason=f"not responding for {silent:.0f} s")
        return info

    def _last_snapshot(self, member: Member) -> Snapshot:
        if member.snapshot is not None:
            return member.snapshot
        info = self._described(member)
        return empty_snapshot(info.run_id, info.status, info.reason, info.lambdas, info.learning_rate)


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"its process died ({lines[-1] if lines else type(error).__name__}); start a new run"
