"""A Run in a Ray actor's process. Plain Python: `actors.ray_lab` makes it an actor."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from actors.capacity import Request
from actors.cluster import Place, here
from actors.collecting import not_collecting
from actors.devices import claim
from actors.lab import Plan, RunInfo
from actors.last_words import before_the_end
from actors.news import Known, News, news_of
from actors.prepared import Preparation
from explorer.config import Lambdas, RunConfig
from explorer.errors import ExplorerError
from explorer.messages import Applied, History, Probes, RunState, Snapshot

if TYPE_CHECKING:
    from actors.run import Run

SAVE_WITHIN = 20.0
"""Seconds that the last checkpoint may take when the machine is about to end; a container gives it nearly as many."""


class RunActor:
    """A Run in a process of its own. Methods run one at a time and return at once; they add nothing to Run's."""

    def __init__(
        self,
        run_id: str,
        name: str,
        config: RunConfig,
        data_dir: str | None,
        request: Request,
        plan: Plan,
        folder: str | None = None,
        *,
        spare: bool = False,
    ) -> None:
        """Begin the run; or go on with it, if it ran before in the folder: Ray makes a new actor of one whose process died.

        A spare only prepares itself for a run of this config, unless its folder says that it became a run already.
        """
        claim(int(request.cpus), request.gpus, batch_size=config.batch_size)
        with not_collecting():
            import actors.ray_metrics
            import actors.run  # imports jax, which reads what was claimed; here, before a second thread imports, too
            import actors.storage.keeper
            import actors.storage.run_log  # noqa: F401
            from actors.storage.folder import RunFolder

        self._run_id = run_id
        self._folder = None if folder is None else RunFolder(folder)
        self._preparation = Preparation(config if spare else None, data_dir)
        self._begun: Run | None = None
        if not spare or (self._folder is not None and self._folder.begun()):
            self.begin(name, config, plan)
        else:
            self._preparation.begin()

    def begin(self, name: str, config: RunConfig, plan: Plan) -> RunInfo:
        """Become the run of this process; what its folder says of it holds. One that it is already goes on."""
        if self._begun is None:
            self._begun = self._live(name, config, plan)
        return self._begun.info()

    def _live(self, name: str, config: RunConfig, plan: Plan) -> "Run":
        from actors.ray_metrics import report  # imports ray, which is there anyway
        from actors.run import Run
        from actors.storage.keeper import Keeper
        from actors.storage.run_log import log_beside

        keeper = None
        if (kept := self._folder) is not None:
            manifest = kept.manifest()
            config, plan = manifest.config, replace(manifest.plan, origin=kept.origin(manifest))
            keeper = Keeper(kept, "ray", plan.checkpoint_every)
            log_beside(kept, keeper.incarnation)
        run = Run(self._run_id, name, config, partial(self._preparation.open_data, config), plan, keeper)
        run.start()
        if keeper is not None:
            before_the_end(self.interrupt)
        report(self._run_id, partial(_figures, run), keeper.incarnation - 1 if keeper else 0)
        return run

    @property
    def _run(self) -> "Run":
        if self._begun is None:
            raise ExplorerError(f"{self._run_id} has not been started")
        return self._begun

    def info(self) -> RunInfo | None:
        """The run in a line; None of a spare."""
        return self._begun and self._begun.info()

    def get_snapshot(self, since: int | None = None) -> Snapshot | None:
        """The newest snapshot, if newer than version `since`."""
        return self._run.get_snapshot(since)

    def get_news(self, known: Known) -> News | None:
        """Both, if the snapshot is newer than the one that is known."""
        return news_of(self._run, known)

    def get_history(self, since: int = 0) -> History:
        """Curves and events after step `since`."""
        return self._run.get_history(since)

    def get_probes(self) -> Probes:
        """The run seen through the probe over its life."""
        return self._run.get_probes()

    def get_state(self) -> RunState:
        """All that a fork carries on from, as of the end of the step in progress."""
        return self._run.get_state()

    def place(self) -> tuple[str, Place]:
        """The id of the node that this process is on, and its place but for that node's name."""
        from actors.ray_later import ray  # here alone: it is there anyway

        return ray.get_runtime_context().get_node_id(), here("")

    def describe(self, values: Mapping[str, object]) -> RunInfo:
        """Change what is written on the run's card."""
        self._run.describe(values)
        return self._run.info()

    def allow(self, step: int, lease: float) -> None:
        """For `lease` seconds train no further than `step`."""
        self._run.allow(step, lease)

    def set_lambdas(self, lambdas: Lambdas | Mapping[str, float]) -> Applied:
        """Change loss weights."""
        return self._run.set_lambdas(lambdas)

    def set_live(self, values: Mapping[str, float]) -> Applied:
        """Change live settings."""
        return self._run.set_live(values)

    def cure(self, remedy: str) -> Applied:
        """Treat dead codes once."""
        return self._run.cure(remedy)

    def interrupt(self) -> None:
        """End the run, so that it can be resumed: its machine is about to end."""
        self._run.close(SAVE_WITHIN, ended="interrupted")

    def steer(self, verb: str, *arguments: int) -> RunInfo:
        """start, pause, step, reset or close; then the run in a line."""
        getattr(self._run, verb)(*arguments)
        return self._run.info()


def _figures(run: "Run") -> tuple[int, float, Snapshot]:
    info, snapshot = run.info(), run.get_snapshot(look=False)
    assert snapshot is not None
    return info.step, info.steps_per_second, snapshot


def newest_state_of(folder: str) -> RunState:
    """The state in the newest whole checkpoint of a run's folder. Raises ExplorerError."""
    claim(1, 0.0)
    from actors.storage.checkpoints import newest_state  # imports jax

    return newest_state(folder)
