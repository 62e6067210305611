"""A sweep's live progress: a line a run on a terminal, elsewhere a line every few seconds."""

import os
import shutil
import time
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

from tqdm import tqdm

from actors.progress import span
from actors.sweep_worker import ENDED, Told

PLAIN_SECONDS = 5.0
"""Between two lines where nobody watches."""

_DOING = {
    "waiting": "waiting",
    "starting": "starting",
    "opening": "opening the data",
    "compiling": "compiling",
    "writing": "writing the report",
}


class Display(Protocol):
    """Who shows how the runs get on."""

    def tell(self, run: int, told: Told) -> None:
        """News of a run."""
        ...

    def close(self) -> None:
        """The last picture stays."""
        ...


def display(stream: TextIO, names: Sequence[str], steps: int, told: Sequence[Told]) -> Display:
    """Shows runs of those names, which begin as `told`, on a stream."""
    kind = Lines if stream.isatty() else Plain
    return kind(stream, names, steps, told)


def words(told: Told, steps: int) -> str:
    """How a run gets on, in a few words."""
    active = span([f"{count}" for count in told.active], told.active)
    if told.stage == "training":
        return f"{told.step:,}/{steps:,} · recon {told.recon:.4f} · active {active}"
    if told.stage == "done":
        return f"done · probe MSE {told.mse:.4f} · active {active}"
    if told.stage == "failed":
        return f"failed after step {told.step:,}: {told.reason}"
    return _DOING[told.stage]


def tally(all_told: Sequence[Told]) -> str:
    """How many runs are done, in a few words."""
    stages = [told.stage for told in all_told]
    failed = f", {stages.count('failed')} failed" if "failed" in stages else ""
    return f"{stages.count('done')} of {len(stages)} runs done{failed}"


class Lines:
    """For a terminal: a bar for all runs, and below it one a run.

    Where they don't all fit, runs that have ended scroll away above to make room for those that start.
    """

    def __init__(self, stream: TextIO, names: Sequence[str], steps: int, told: Sequence[Told]) -> None:
        self._stream, self._steps = stream, steps
        self._told = list(told)
        width = max(len(name) for name in names)
        self._names = [name.ljust(width) for name in names]
        look: dict[str, Any] = {"file": stream, "dynamic_ncols": True, "leave": True}
        self._all = tqdm(
            total=len(names) * steps,
            initial=self._stepped(),
            position=0,
            bar_format="{bar:16} {desc} [{elapsed}<{remaining}]",
            **look,
        )
        first = sorted(range(len(names)), key=lambda run: told[run].stage in ENDED)[: _rows(stream) - 3]
        self._runs = sorted(first)
        self._bars = [
            tqdm(total=steps, position=place, bar_format="{bar:16} {desc}", **look)
            for place in range(1, len(self._runs) + 1)
        ]
        for run in self._runs:
            self.tell(run, told[run])

    def _stepped(self) -> int:
        """Steps of all runs; a run that has ended has none left."""
        return sum(self._steps if told.stage in ENDED else told.step for told in self._told)

    def tell(self, run: int, told: Told) -> None:
        """The run's bar and words."""
        self._told[run] = told
        bar = self._bar(run)
        if bar is not None:
            bar.n = told.step
            bar.set_description_str(self._line(run), refresh=True)
        self._all.set_description_str(tally(self._told), refresh=False)
        self._all.update(self._stepped() - self._all.n)

    def _line(self, run: int) -> str:
        return f"{self._names[run]}  {words(self._told[run], self._steps)}"

    def _bar(self, run: int) -> "tqdm[Any] | None":
        """The run's bar, if need be that of one that has ended; None if there is none."""
        if run not in self._runs:
            ended = [place for place, other in enumerate(self._runs) if self._told[other].stage in ENDED]
            if not ended:
                return None
            tqdm.write(self._line(self._runs[ended[0]]), file=self._stream)
            self._runs[ended[0]] = run
        return self._bars[self._runs.index(run)]

    def close(self) -> None:
        """Every line once more, one below the other."""
        for bar in (self._all, *self._bars):  # in order: each goes to the cursor's line, and moves it to the next
            bar.close()


def _rows(stream: TextIO) -> int:
    """Of the terminal; at least 4, so that there is room for one run."""
    try:
        rows = os.get_terminal_size(stream.fileno()).lines
    except OSError:
        rows = shutil.get_terminal_size().lines
    return max(rows, 4)


class Plain:
    """For a file: a line when a run starts to train or ends, and one every few seconds about those that train."""

    def __init__(self, stream: TextIO, names: Sequence[str], steps: int, told: Sequence[Told]) -> None:
        self._stream, self._names, self._steps = stream, names, steps
        self._told = list(told)
        self._next = time.monotonic() + PLAIN_SECONDS
        self._say(tally(self._told))

    def tell(self, run: int, told: Told) -> None:
        """A line, if it is worth or time for one."""
        before, self._told[run] = self._told[run], told
        if told.stage != before.stage and told.stage in ("starting", "training", *ENDED):
            self._say(f"{self._names[run]}: {words(told, self._steps)}")
        elif time.monotonic() >= self._next:
            training = [run for run, now in enumerate(self._told) if now.stage == "training"]
            news = [f"{self._names[run]}: {words(self._told[run], self._steps)}" for run in training]
            self._say("; ".join([tally(self._told), *news]))
            self._next = time.monotonic() + PLAIN_SECONDS

    def _say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        """A last count."""
        self._say(tally(self._told))
