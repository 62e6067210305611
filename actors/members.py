"""What a page's process knows of the runs on a cluster, between their answers."""

import time
from dataclasses import dataclass, field
from typing import Any

from actors.cluster import NOWHERE, Place
from actors.lab import Card, Plan, RunInfo
from actors.news import News
from explorer.config import RunConfig
from explorer.messages import History, Probes, Snapshot


@dataclass
class Member:
    """What this process knows of a run: its last words, and the calls that it has not answered yet.

    `handle` is its actor; None for a run of the past. `node` is the id of the node that it said it is on.
    """

    handle: Any
    info: RunInfo | None = None
    snapshot: Snapshot | None = None
    history: History | None = None
    news: News | None = None
    probes: Probes | None = None
    node: str = ""
    place: Place = NOWHERE
    placed: bool = False
    gone: bool = False
    restarting: bool = False
    retiring: bool = False
    heard: float = field(default_factory=time.monotonic)
    unanswered: dict[str, Any] = field(default_factory=dict)

    @property
    def spare(self) -> bool:
        """Whether it says that it has no run: another page keeps it ready for one."""
        return self.placed and self.info is None


def announced(run_id: str, name: str, config: RunConfig, plan: Plan) -> RunInfo:
    """What is known of a run before it speaks."""
    return RunInfo(
        run_id,
        name,
        "pending",
        "",
        plan.origin.step if plan.origin else 0,
        config,
        config.live,
        plan.parent,
        plan.origin.step if plan.origin else 0,
        plan.until,
        card=Card(name, comparison=plan.comparison),
    )
