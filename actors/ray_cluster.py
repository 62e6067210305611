"""The cluster that runs live on: started or joined, asked for places, and looked after when machines die."""

import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from actors import ray_start
from actors.capacity import Request, places, refuse_if_too_large
from actors.cluster import Cluster, machine_name, machines
from actors.devices import ALLOCATOR, ONE_ARENA, Gpu, gpus_per_run, have_memory_kept, needs_one_arena
from actors.lab import NO_PLAN, LabInfo, Plan, RunInfo, new_run_id
from actors.limits import NO_LIMITS, Limits
from actors.members import Member, announced
from actors.ray_calls import RayCalls
from actors.ray_check import check_cluster
from actors.ray_later import ray, state_of
from actors.ray_start import NAMESPACE
from actors.reaching import check_reachable
from actors.run_actor import RunActor
from actors.spare import Kept, Spare
from actors.storage.archive import Archive
from explorer.config import RunConfig
from explorer.errors import LabUnavailable

RESTARTS = 50
"""How often Ray brings a run back whose process or machine died; then it is to be resumed by hand."""
FREED_WITHIN = 5.0
"""Seconds that Ray takes to free the name of a run that ended."""
TAKEN_WITHIN = 5.0
"""Seconds that a cluster has to hear of a new run."""
READY_WITHIN = 30.0
"""Seconds that a start waits for a cluster that is being connected to."""
SPARE_WITHIN = 5.0
"""Seconds that a lab waits, before it is ready, for the process that the first run takes over."""
SAVED_WITHIN = 3.0
"""Seconds that runs get to write what they are when their cluster ends with the page."""
HOME = "ray"
LOOK_EVERY = 5.0
"""Seconds from one look for runs that nobody runs any more to the next."""
BringBack = Literal["crashed", "all", "none"]

logger = logging.getLogger(__name__)


class RayCluster(RayCalls):
    """Its own on this machine, or the one at `address`, where runs whose machine died are brought back.

    Call `connect` in the main thread (ray.init replaces signal handlers).
    """

    def __init__(
        self,
        address: str | None = None,
        data_dir: str | Path | None = None,
        cpus_per_run: float = 1.0,
        gpu: Gpu = "auto",
        num_cpus: int | None = None,
        runs_dir: str | Path | None = None,
        bring_back: BringBack = "crashed",
        limits: Limits = NO_LIMITS,
        first: RunConfig | None = None,
    ) -> None:
        """`first`: the config that the first run will probably have; on a cluster of its own a process is kept ready for it."""
        super().__init__(Request(cpus_per_run, 0.0), None if runs_dir is None else Archive(runs_dir))
        self._address, self._cpus_per_run = address, cpus_per_run
        self._gpu: Gpu = gpu
        self._num_cpus = num_cpus or os.cpu_count()
        self._data_dir = None if data_dir is None else str(Path(data_dir).expanduser().absolute())
        self._bring_back: BringBack = bring_back
        self._limits = limits
        self._spare = Spare(None if address else first)
        self._spares = self._spare.names
        self._leaving = threading.Event()
        self._message = "Ray is starting, this takes some seconds"
        self._ready = threading.Event()
        self._connecting = False

    # The cluster -----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise LabUnavailable in words, within seconds, unless the cluster at the address takes this process."""
        if self._address:
            check_reachable(self._address)
            check_cluster(self._address)

    def connect(self) -> None:
        """Start or join the cluster. Raises LabUnavailable, NoCapacity for more than any node has, or ExplorerError."""
        self._connecting = True
        try:
            self._connect()
        finally:
            self._connecting = False
        if self._address and self._archive and self._bring_back != "none":
            threading.Thread(target=self._look_after, args=(self._archive,), name="bring-back", daemon=True).start()

    def _connect(self) -> None:
        if self._archive is not None:
            self._archive.prepare()
        self.check()
        if not self._address:
            have_memory_kept()
        try:
            if self._address:
                ray_start.join(self._address)
            else:
                ray_start.start(self._num_cpus)
        except Exception as error:
            self._message = f"Ray cannot be reached at {self._address or 'this machine'}: {error}"
            raise LabUnavailable(self._message) from error
        gpus = ray.cluster_resources().get("GPU", 0.0)
        self._request = Request(self._cpus_per_run, gpus_per_run(self._gpu, gpus), self._limits.memory_per_run or 0.0)
        refuse_if_too_large(self._request, ray.nodes())
        self._tend()
        self._message = "Ray is there, and gets a process ready for the first run"
        self._spare.wait(SPARE_WITHIN)
        self._ready.set()

    def _await_ready(self) -> None:
        """While it connects; LabUnavailable if nobody has asked it to, if that fails, or takes too long."""
        deadline = time.monotonic() + READY_WITHIN
        while self._connecting and not self._ready.wait(0.1) and time.monotonic() < deadline:
            pass
        if not self._ready.is_set():
            raise LabUnavailable(self._message)

    def info(self) -> LabInfo:
        """Whether Ray is there, and how busy it is."""
        if not self._ready.is_set():
            return LabInfo("ray", ready=False, message=self._message)
        total = ray.cluster_resources()
        free, cpus = self._free(ray.available_resources(), total), total.get("CPU", 0.0)
        nodes = sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())
        busy = f"{cpus - free.get('CPU', 0.0):g} of {cpus:g} CPU busy"
        message = f"Ray · {nodes} node{'s'[: nodes != 1]} · {busy}"
        return LabInfo(
            "ray", ready=True, message=message, capacity=self._limits.most(places(self._request, ray.nodes()))
        )

    def cluster(self) -> Cluster:
        """Which machines there are, and which run is where."""
        if not self._ready.is_set():
            return Cluster()
        self._gather(dict.fromkeys(self._alive(), ()), "place")
        nodes = ray.nodes()
        names = {node["NodeID"]: machine_name(node) for node in nodes if node["Alive"]}
        left = ray._private.state.available_resources_per_node()
        total = {node["NodeID"]: node["Resources"] for node in nodes}
        free = {node: self._free(resources, total.get(node, {})) for node, resources in left.items()}
        placed = {run_id: self._members[run_id] for run_id in self._alive()}
        places = {
            run_id: replace(member.place, machine=names.get(member.node, ""))
            for run_id, member in placed.items()
            if not member.restarting and not member.spare
        }
        return Cluster(machines(nodes, free), places)

    def _free(self, free: Mapping[str, float], total: Mapping[str, float]) -> Mapping[str, float]:
        """What is free on the cluster, or on a node: a spare's place is, since the spare gives way to any run."""
        return self._request.returned(free, total) if self._spare.kept else free

    def close(self) -> None:
        """Leave the cluster; one of our own ends with all its runs, another's goes on with them."""
        self._leaving.set()
        self._spare.close()
        if self._ready.is_set() and not self._address and self._archive is not None:
            self._interrupt()
        self._ready.clear()
        ray.shutdown()

    def _interrupt(self) -> None:
        """Let every run write what it is: they end with the cluster, and may be resumed with the next."""
        asked = [m.handle.interrupt.remote() for m in self._members.values() if m.placed and not m.gone]
        if asked:
            ray.wait(asked, num_returns=len(asked), timeout=SAVED_WITHIN)

    def _look_after(self, archive: Archive) -> None:
        """Bring back runs whose machine died with everything that knew of them."""
        interrupted = self._bring_back == "all"
        while not self._leaving.wait(LOOK_EVERY):
            try:
                alive = set(ray.util.list_named_actors())
                for info in archive.waiting_for_room(HOME, interrupted=interrupted):
                    if info.run_id not in alive:
                        logger.warning("bringing %s (%s) back: %s", info.name, info.run_id, info.reason)
                        self._revive(info, archive)
                interrupted = False
            except Exception:
                logger.exception("runs could not be brought back")

    # Runs and their actors ----------------------------------------------------------------------------------------------

    def _launch(self, run_id: str, name: str, config: RunConfig, plan: Plan, spare: Kept | None = None) -> RunInfo:
        """Create a run's actor, find the one that another page created just now, or let the spare become the run."""
        info = announced(run_id, name, config, plan)
        if self._archive is not None:
            plan = replace(plan, origin=None)  # it is in the folder: arguments die with this page
        with self._lock:
            if spare is None:
                member = Member(self._actor(run_id, name, config, plan), info)
            else:
                member = Member(spare.actor, info)
                member.unanswered["info"] = spare.actor.begin.remote(name, config, plan)
            self._members[run_id] = member
        self._tend()
        self._await_taken(member.handle)
        return info

    def _tend(self) -> None:
        """Keep a process ready as long as no run is alive, and only then: it takes a run's place."""
        self._spare.tend(
            lambda: not self._alive(),
            lambda: new_run_id(self._members),
            lambda run_id, first: self._actor(run_id, run_id, first, NO_PLAN, spare=True),
        )

    def _actor(self, run_id: str, name: str, config: RunConfig, plan: Plan, *, spare: bool = False) -> Any:
        folder = None if self._archive is None else str(self._archive.folder(run_id).path)
        inherited = {} if self._address else ALLOCATOR
        needed = ALLOCATOR | (ONE_ARENA if needs_one_arena(config.batch_size) else {})
        actor = ray.remote(RunActor).options(
            name=run_id,
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            num_cpus=self._request.cpus,
            num_gpus=self._request.gpus,
            memory=int(self._request.memory) or None,
            max_restarts=RESTARTS if folder else 0,
            max_pending_calls=50,
            runtime_env=None if needed == inherited else {"env_vars": needed},  # it takes half a second
        )
        return actor.remote(run_id, name, config, self._data_dir, self._request, plan, folder, spare=spare)

    def _await_taken(self, handle: Any) -> None:
        """Until the cluster itself has heard of an actor: before that it would die with this page."""
        deadline = time.monotonic() + TAKEN_WITHIN
        while state_of(handle) == "DEPENDENCIES_UNREADY" and time.monotonic() < deadline:
            time.sleep(0.005)

    def _revive(self, info: RunInfo, archive: Archive) -> RunInfo:
        """Let a run of the past train on, in a new process. Raises ExplorerError."""
        archive.let_train_on(info)
        deadline = time.monotonic() + FREED_WITHIN
        member = self._members.get(info.run_id)
        while member and member.handle and info.run_id in ray.util.list_named_actors() and time.monotonic() < deadline:
            time.sleep(0.05)
        manifest = archive.folder(info.run_id).manifest()
        return self._launch(info.run_id, info.name, manifest.config, manifest.plan)
