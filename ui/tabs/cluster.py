"""The Cluster tab: machines, which run is where, what waits and why; and an end to all of it."""

import threading
import time
from dataclasses import asdict
from typing import Any

import gradio as gr

from actors.cluster import NOWHERE, Cluster
from actors.lab import Lab
from explorer.errors import ExplorerError
from ui.hub import Hub
from ui.live import template
from ui.loading import on_load

FRESH = 1.0
"""Seconds for which what the lab said of its machines is good enough for everybody."""
ENDED = ("stopped", "lost")
IN_SUMMARY = (
    "element.querySelector('.summary').textContent = `This tab could not be loaded: ${error.message}; reload the page`;"
)


class Machines:
    """What the lab's machines are, asked at most once a second however many look. Thread-safe."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._lock = threading.Lock()
        self._asked_at = -1e9
        self._cluster = Cluster()

    def get(self) -> Cluster:
        """The newest that is known. Raises ExplorerError."""
        with self._lock:
            if time.monotonic() - self._asked_at >= FRESH:
                self._cluster = self._lab.cluster()
                self._asked_at = time.monotonic()
            return self._cluster


def build(lab: Lab, hub: Hub) -> None:
    """Lay the tab out."""
    machines = Machines(lab)

    def poll_cluster(_asked: object = None) -> dict[str, Any]:
        return seen(lab, hub, machines.get())

    def stop_all(_asked: object = None) -> dict[str, Any]:
        return {"errors": stop_every_run(lab)}

    gr.HTML(
        "",
        html_template=template("cluster.html"),
        js_on_load=on_load("cluster.js", "element, server", IN_SUMMARY),
        apply_default_css=False,
        elem_id="cluster",
        server_functions=[poll_cluster, stop_all],
    )


def seen(lab: Lab, hub: Hub, cluster: Cluster) -> dict[str, Any]:
    """What the tab shows, as plain JSON: runs that have ended are left out."""
    info = lab.info()
    runs = []
    for run in hub.runs():
        if run.status in ENDED:
            continue
        place = cluster.places.get(run.run_id, NOWHERE)
        runs.append(
            {
                "id": run.run_id,
                "name": run.name,
                "status": run.status,
                "step": run.step,
                "reason": run.reason,
                "speed": round(run.steps_per_second, 1),
                "machine": place.machine,
                "memory": place.memory,
            }
        )
    machines = [asdict(machine) for machine in cluster.machines]
    return {
        "ready": info.ready,
        "message": info.message,
        "capacity": info.capacity,
        "machines": machines,
        "runs": runs,
    }


def stop_every_run(lab: Lab) -> list[str]:
    """Stop all runs that have not ended, those that wait first: what went wrong, in words."""
    errors = []
    for run in sorted(lab.runs(), key=lambda run: run.status != "pending"):
        if run.status not in ENDED:
            try:
                lab.stop(run.run_id)
            except ExplorerError as error:
                errors.append(str(error))
    return errors
