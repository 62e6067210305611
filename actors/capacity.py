"""Does a run fit on the cluster, and if it waits, for what? Pure: plain dictionaries as Ray reports them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.limits import size_in_words
from explorer.errors import NoCapacity


@dataclass(frozen=True, slots=True)
class Request:
    """What a run needs of a node; memory in bytes, 0: none is set aside."""

    cpus: float
    gpus: float
    memory: float = 0.0

    def __str__(self) -> str:
        more = [f"{self.gpus:g} GPU"] if self.gpus else []
        if self.memory:
            more.append(f"{size_in_words(self.memory)} memory")
        return " and ".join([f"{self.cpus:g} CPU", *more])

    def fits(self, resources: Mapping[str, float]) -> int:
        """How many such runs fit into resources as Ray names them."""
        return min(int(resources.get(name, 0) / need + 1e-6) for name, need in self._needs().items())

    def returned(self, free: Mapping[str, float], total: Mapping[str, float]) -> dict[str, float]:
        """What is free of `total` once one such run has given back what it holds, if it holds it already."""
        needs = self._needs().items()
        return {**free, **{name: min(free.get(name, 0) + need, total.get(name, 0)) for name, need in needs}}

    def _needs(self) -> dict[str, float]:
        needs = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory}
        return {name: need for name, need in needs.items() if need}


def refuse_if_too_large(request: Request, nodes: Sequence[Mapping[str, Any]]) -> None:
    """Raise NoCapacity unless some live node, were it idle, could hold the request. `nodes` is ray.nodes()."""
    resources = [node["Resources"] for node in nodes if node["Alive"]]
    if any(request.fits(r) for r in resources):
        return
    cpus = sum(r.get("CPU", 0) for r in resources)
    gpus = sum(r.get("GPU", 0) for r in resources)
    raise NoCapacity(
        f"a run needs {request} on one node, and no node has that; the cluster has {cpus:g} CPU and {gpus:g} GPU on "
        f"{len(resources)} node{'s'[: len(resources) != 1]}" + _most_memory(request, resources)
    )


def _most_memory(request: Request, resources: Sequence[Mapping[str, float]]) -> str:
    if not request.memory:
        return ""
    most = max((r.get("memory", 0) for r in resources), default=0)
    return f", with {size_in_words(most)} memory at most on one: name a smaller --memory-per-run"


def places(request: Request, nodes: Sequence[Mapping[str, Any]]) -> int:
    """How many such runs the live nodes hold at once, were they idle. `nodes` is ray.nodes()."""
    return sum(request.fits(node["Resources"]) for node in nodes if node["Alive"])


def why_waiting(
    request: Request, waited: float, total: Mapping[str, float], free: Mapping[str, float], holders: Sequence[str]
) -> str:
    """Why a run is pending after `waited` seconds, where runs named `holders` are placed. Cluster sums as Ray reports them."""
    cpus = total.get("CPU", 0.0)
    if waited < 5 and (len(holders) + 1) * request.cpus <= cpus and free.get("memory", 0) >= request.memory:
        return "its process is starting"
    by = f" by {', '.join(holders)}" if holders else ""
    gpus = (
        f" and {total['GPU'] - free.get('GPU', 0):g} of {total['GPU']:g} GPU" if request.gpus and "GPU" in total else ""
    )
    memory = f" and {_used_memory(total, free)} memory" if request.memory else ""
    return f"queued, needs {request}: {cpus - free.get('CPU', 0):g} of {cpus:g} CPU{gpus}{memory} in use{by}"


def _used_memory(total: Mapping[str, float], free: Mapping[str, float]) -> str:
    there = total.get("memory", 0.0)
    return f"{size_in_words(there - free.get('memory', 0.0))} of {size_in_words(there)}"
