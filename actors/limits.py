"""What whoever starts a page allows on its lab: how many runs, how large, and for how long unwatched. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from explorer.errors import ConfigError, NoCapacity
from explorer.settings import Setting

MEMORY = "a size from 64 MB to 16 TB, such as 2GB or 1500MiB"
_LEAST_MEMORY, _MOST_MEMORY = 64 * 10**6, 16 * 10**12
_SIZE = re.compile(r"(\d+(?:\.\d+)?) *(?:([kmgt])(i?)b?|b)?", re.IGNORECASE)

LIMITS: dict[str, Setting] = {
    "max_runs": Setting(
        1,
        10_000,
        whole=True,
        live=False,
        label="max-runs",
        help="The most runs that the lab takes at once, those of other pages included, whether they train, are paused or wait.",
    ),
    "max_comparison": Setting(
        2, 64, whole=True, live=False, label="max-comparison", help="The most runs that one comparison may have."
    ),
    "pause_idle": Setting(
        0.1,
        100_000,
        whole=False,
        live=False,
        label="pause-idle",
        help="Pause a run that trains while no page has looked at it for this many minutes.",
    ),
    "checkpoint_every": Setting(
        1,
        3600,
        whole=False,
        live=False,
        label="checkpoint-every",
        help="Seconds of training from one checkpoint of a run to the next.",
    ),
}
"""The limits that are numbers; pause_idle in minutes, checkpoint_every in seconds."""

MEMORY_HELP = "Memory that Ray sets aside for each run, such as 2GB: a node holds no more runs than fit."


@dataclass(frozen=True, slots=True)
class Limits:
    """None: no limit, or what is usual. `memory_per_run` in bytes, `pause_idle` and `checkpoint_every` in seconds."""

    max_runs: int | None = None
    max_comparison: int | None = None
    memory_per_run: int | None = None
    pause_idle: float | None = None
    checkpoint_every: float | None = None

    @classmethod
    def from_words(cls, words: Mapping[str, object]) -> "Limits":
        """From what a person wrote, by the names of this class; None and "" mean no limit. Raises ConfigError."""
        given = {name: value for name, value in words.items() if value is not None and value != ""}
        read: dict[str, float | int] = {}
        for name, value in given.items():
            label = name.replace("_", "-")
            if name == "memory_per_run":
                read[name] = parse_memory(label, value)
            else:
                read[name] = LIMITS[name].check(label, _number(value))
        if "pause_idle" in read:
            read["pause_idle"] *= 60
        return cls(**read)  # pyright: ignore[reportArgumentType]  # `check` made ints of the whole ones

    def refuse_runs(self, living: int, more: int = 1) -> None:
        """Raise NoCapacity if `more` runs beside those `living` are too many."""
        if self.max_runs is not None and living + more > self.max_runs:
            has = f"{living} run{'s'[: living != 1]}"
            wanted = "another one" if more == 1 else f"{more} more"
            raise NoCapacity(
                f"the lab has {has} and takes {self.max_runs} at most (--max-runs): {wanted} cannot start; "
                "stop some first, or start the page with a higher limit"
            )

    def refuse_comparison(self, count: int) -> None:
        """Raise NoCapacity if a comparison of `count` runs is too large."""
        if self.max_comparison is not None and count > self.max_comparison:
            raise NoCapacity(
                f"a comparison takes {self.max_comparison} runs at most (--max-comparison); these values make {count}: "
                "name fewer, or start the page with a higher limit"
            )

    def most(self, places: int) -> int:
        """How many of that many places runs may take."""
        return places if self.max_runs is None else min(places, self.max_runs)

    def in_words(self) -> tuple[str, ...]:
        """A phrase for each limit that is set."""
        said = []
        if self.max_runs is not None:
            said.append(f"at most {self.max_runs} runs")
        if self.max_comparison is not None:
            said.append(f"at most {self.max_comparison} in a comparison")
        if self.memory_per_run is not None:
            said.append(f"{size_in_words(self.memory_per_run)} memory for each run")
        if self.pause_idle is not None:
            said.append(f"runs that nobody watches for {minutes_in_words(self.pause_idle)} are paused")
        return tuple(said)


NO_LIMITS = Limits()


def parse_memory(name: str, text: object) -> int:
    """Bytes of a size such as "2GB" (10⁹ each) or "1500MiB" (2²⁰ each). Raises ConfigError."""
    found = _SIZE.fullmatch(str(text).strip())
    if found is None:
        raise ConfigError(name, text, MEMORY)
    number, unit, binary = found.groups()
    power = "kmgt".index(unit.lower()) + 1 if unit else 0
    size = int(float(number) * (1024 if binary else 1000) ** power)
    if not _LEAST_MEMORY <= size <= _MOST_MEMORY:
        raise ConfigError(name, text, MEMORY)
    return size


def size_in_words(size: float) -> str:
    """Bytes with three digits and a decimal unit: 2 GB, 750 MB."""
    unit = next((unit for unit in ("TB", "GB") if size >= {"TB": 1e12, "GB": 1e9}[unit]), "MB")
    return f"{size / {'TB': 1e12, 'GB': 1e9, 'MB': 1e6}[unit]:.3g} {unit}"


def minutes_in_words(seconds: float) -> str:
    """Seconds as minutes."""
    return f"{seconds / 60:g} min"


def _number(value: object) -> object:
    """The number that a text says; the text itself if it says none."""
    if not isinstance(value, str):
        return value
    try:
        return float(value) if any(c in value for c in ".einEIN") else int(value)
    except ValueError:
        return value
