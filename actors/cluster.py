"""Which machines a lab has, and which run is where. Plain data; each lab says it of itself."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the lab, as its scheduler sees it; memory in bytes. `used`: what is promised to runs and others."""

    name: str
    address: str
    alive: bool
    cpus: float
    cpus_used: float
    gpus: float
    gpus_used: float
    memory: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's process is: a machine's name, and the bytes that the process holds; machine '' while it is nowhere."""

    machine: str
    pid: int
    memory: int


NOWHERE = Place("", 0, 0)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The machines, and the place of each run that is alive by its id."""

    machines: tuple[Machine, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)


def here(machine: str) -> Place:
    """Where this process is, on a machine of that name."""
    return Place(machine, os.getpid(), resident_bytes())


def resident_bytes() -> int:
    """The memory that this process holds; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def this_machine(busy: float) -> Machine:
    """The machine that this process is on, where runs keep `busy` CPUs busy."""
    cpus = float(os.cpu_count() or 1)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        memory = 0
    return Machine(platform.node() or "this machine", "127.0.0.1", True, cpus, min(busy, cpus), 0.0, 0.0, memory)


def machines(nodes: Sequence[Mapping[str, Any]], free: Mapping[str, Mapping[str, float]]) -> tuple[Machine, ...]:
    """From ray.nodes(), and what each node has left by its id: those that hold runs first, then the dead, newest last."""
    made = []
    for node in nodes:
        total, alive = node["Resources"], bool(node["Alive"])
        left = free.get(node["NodeID"], {}) if alive else {}
        cpus, gpus = float(total.get("CPU", 0)), float(total.get("GPU", 0))
        made.append(
            Machine(
                machine_name(node),
                str(node["NodeManagerAddress"]),
                alive,
                cpus,
                cpus - left.get("CPU", 0.0) if alive else 0.0,
                gpus,
                gpus - left.get("GPU", 0.0) if alive else 0.0,
                int(total.get("memory", 0)),
            )
        )
    return tuple(sorted(made, key=lambda machine: (not machine.alive, machine.cpus == 0, machine.name)))


def machine_name(node: Mapping[str, Any]) -> str:
    """A node's name: its host's, and enough of its id to tell two of one host apart."""
    return f"{node['NodeManagerHostname']} ({str(node['NodeID'])[:4]})"
