"""Comparisons: runs that are started together, and kept in step. Over any Lab.

What is known of a comparison is written on the cards of its runs, so that every page, and the next one, finds it there.
"""

import logging
import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace

from actors.lab import Comparison, Lab, Plan, RunInfo
from actors.limits import NO_LIMITS, Limits
from explorer.config import RunConfig, check_name
from explorer.errors import ConfigError, ExplorerError, UnknownRun
from explorer.presets import find_preset
from explorer.settings import STEPS
from explorer.sweep import AXES, differing, name_by

LEAD = 25
"""Steps that a run of a comparison in step may be ahead of the slowest."""
LEASE = 4.0
"""Seconds after which a run that hears nothing more goes its own way."""
QUICKEST, SLOWEST = 0.1, 1.0
"""Seconds between two looks at runs that are kept in step."""
IDLE = 2.0
"""Seconds between two looks while nothing is to be kept in step."""

logger = logging.getLogger(__name__)


class Comparisons:
    """Starts comparisons, and keeps those in step that should be: in a thread of its own until closed."""

    def __init__(self, lab: Lab, limits: Limits = NO_LIMITS) -> None:
        self._lab, self._limits = lab, limits
        self._ended = threading.Event()
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._keep_in_step, name="comparisons", daemon=True)
        self._thread.start()

    def start(
        self,
        configs: Sequence[RunConfig],
        name: str | None = None,
        *,
        until: int | None = None,
        in_step: bool = False,
        preset: str = "",
        called: Sequence[str] = (),
    ) -> list[RunInfo]:
        """Start a run for each config, in that order. All of them or, if one cannot be started, none.

        They are named by what differs, unless `called` has their names. Raises ConfigError, NoCapacity beyond a limit, and
        what `Lab.start` raises.
        """
        if len(configs) < 2:
            raise ConfigError("comparison", f"{len(configs)} runs", "made of at least two runs: name more values")
        self._limits.refuse_comparison(len(configs))
        if until is not None:
            until = int(STEPS.check("until", until))
        names = differing(configs)
        title = check_name(name) if name and name.strip() else f"{len(configs)} runs: {_listed(names)}"[:60]
        comparison = Comparison(f"cmp-{secrets.token_hex(4)}", title, in_step, preset)
        started: list[RunInfo] = []
        try:
            for config, run in zip(configs, called or [name_by(config, names)[:60] for config in configs], strict=True):
                plan = Plan(until=until, comparison=comparison)
                started.append(self._lab.start(config, run, plan))
        except Exception:
            for info in started:
                self._lab.stop(info.run_id)
            raise
        self._wanted.set()
        return started

    def start_preset(self, name: object, seed: int = 0, dataset: str = "mnist") -> list[RunInfo]:
        """Start the preset of that name, its runs in step. Raises ConfigError if there is none, and what `start` raises."""
        preset = find_preset(name)
        configs = preset.configs(seed, dataset)
        shown = {"preset": preset.name, "called": preset.called}
        return self.start(configs, preset.title, until=preset.steps, in_step=True, **shown)

    def members(self, comparison_id: object) -> list[RunInfo]:
        """The runs of a comparison, oldest first. Raises ExplorerError if there is none of that id."""
        runs = self._lab.runs()
        found = [run for run in runs if run.card.comparison and run.card.comparison.comparison_id == comparison_id]
        if not found:
            known = sorted({run.card.comparison.comparison_id for run in runs if run.card.comparison})
            there = ", ".join(known) or "none: start one first"
            raise ExplorerError(f"there is no comparison {str(comparison_id)[:60]!r}; known comparisons: {there}")
        return found

    def keep_in_step(self, comparison_id: object, on: bool) -> None:
        """Let no run of the comparison run ahead; or let each go its own way."""
        if not isinstance(on, bool):
            raise ConfigError("in_step", on, "true or false")
        for run in self.members(comparison_id):
            assert run.card.comparison is not None
            self._lab.describe(run.run_id, comparison=replace(run.card.comparison, in_step=on))
        self._wanted.set()

    def close(self) -> None:
        """Keep nothing in step any longer; returns within a second."""
        self._ended.set()
        self._wanted.set()
        self._thread.join(1)

    def _keep_in_step(self) -> None:
        pause = IDLE
        while not self._ended.is_set():
            self._wanted.wait(pause)
            self._wanted.clear()
            try:
                pause = self._look() if self._lab.info().ready else IDLE
            except UnknownRun:  # removed between two calls
                pause = QUICKEST
            except ExplorerError as error:
                logger.info("runs cannot be kept in step: %s", error)
                pause = IDLE
            except Exception:
                if not self._ended.is_set():
                    logger.exception("runs cannot be kept in step")
                pause = IDLE

    def _look(self) -> float:
        """Say to each run how far it may go; the seconds until that has to be said again."""
        limits: dict[str, int] = {}
        fastest = 0.0
        runs = [run for run in self._lab.runs() if _in_the_race(run)]
        for comparison_id in {run.card.comparison.comparison_id for run in runs if run.card.comparison}:
            racing = [r for r in runs if r.card.comparison and r.card.comparison.comparison_id == comparison_id]
            slowest = min(run.step for run in racing)
            limits |= {run.run_id: slowest + LEAD for run in racing}
            fastest = max(fastest, *(run.steps_per_second for run in racing))
        if not limits:
            return IDLE
        self._lab.allow(limits, LEASE)
        return min(max(LEAD / 3 / max(fastest, 1e-9), QUICKEST), SLOWEST)


def _in_the_race(run: RunInfo) -> bool:
    """Runs that wait for room, are paused, failed, ended or do not answer hold nobody up."""
    comparison = run.card.comparison
    silent = run.reason.startswith("not responding")
    return comparison is not None and comparison.in_step and run.status in ("compiling", "running") and not silent


def _listed(names: Sequence[str]) -> str:
    return " × ".join(AXES[name].label if name in AXES else name for name in names) or "all alike"
