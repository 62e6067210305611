"""Does a run fit on the cluster, and if it waits, for what? Pure: plain dictionaries as Ray reports them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.errors import NoCapacity


@dataclass(frozen=True, slots=True)
class Request:
    """What a run needs of a node."""

    cpus: float
    gpus: float

    def __str__(self) -> str:
        return f"{self.cpus:g} CPU" + (f" and {self.gpus:g} GPU" if self.gpus else "")


def refuse_if_too_large(request: Request, nodes: Sequence[Mapping[str, Any]]) -> None:
    """Raise NoCapacity unless some live node, were it idle, could hold the request. `nodes` is ray.nodes()."""
    resources = [node["Resources"] for node in nodes if node["Alive"]]
    if any(r.get("CPU", 0) >= request.cpus and r.get("GPU", 0) >= request.gpus for r in resources):
        return
    cpus = sum(r.get("CPU", 0) for r in resources)
    gpus = sum(r.get("GPU", 0) for r in resources)
    raise NoCapacity(
        f"a run needs {request} on one node, and no node has that; the cluster has {cpus:g} CPU and {gpus:g} GPU on "
        f"{len(resources)} node{'s'[: len(resources) != 1]}"
    )


def places(request: Request, nodes: Sequence[Mapping[str, Any]]) -> int:
    """How many such runs the live nodes hold at once, were they idle. `nodes` is ray.nodes()."""
    count = 0
    for resources in (node["Resources"] for node in nodes if node["Alive"]):
        by_cpu = int(resources.get("CPU", 0) / request.cpus + 1e-6)
        count += min(by_cpu, int(resources.get("GPU", 0) / request.gpus + 1e-6)) if request.gpus else by_cpu
    return count


def why_waiting(
    request: Request, waited: float, total: Mapping[str, float], free: Mapping[str, float], holders: Sequence[str]
) -> str:
    """Why a run is pending after `waited` seconds, where runs named `holders` are placed. Cluster sums as Ray reports them."""
    cpus = total.get("CPU", 0.0)
    if waited < 5 and (len(holders) + 1) * request.cpus <= cpus:
        return "its process is starting"
    by = f" by {', '.join(holders)}" if holders else ""
    gpus = (
        f" and {total['GPU'] - free.get('GPU', 0):g} of {total['GPU']:g} GPU" if request.gpus and "GPU" in total else ""
    )
    return f"queued, needs {request}: {cpus - free.get('CPU', 0):g} of {cpus:g} CPU{gpus} in use{by}"
