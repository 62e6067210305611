"""What a lab and a watcher cost: steps per second of the bare step, of a run in each lab, and of one that is watched.

    python benchmarks/throughput.py [--rounds 10] [--window 2.5] [--browser /usr/bin/chromium] [--json FILE]

Only one thing trains at a time. Each window has one of what it is compared with right before it and one right after it,
because a machine's speed changes within seconds; where these two differ by more than 5% it is left out. A ratio is the
median of what is left. Exits with 1 if a goal is missed.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

from reporting import Row, at_least, at_most, keep, say, verdict
from served import Served
from workers import Away, BareStep, RunInLab, Speed, begin_all, peak_memory

from actors.devices import have_memory_kept

LAB_GOAL = 0.97
"""Share of the bare step's speed that a run in a lab keeps: the lab costs less than 3%."""
WATCHED_GOAL = 0.95
"""Share of its speed that a run keeps when somebody watches it: that costs less than 5%."""
WATCHING = 0.6
"""New pictures a second below which a page did not really watch, so that its line says nothing. A run makes 0.65 to 0.75 here."""
ANSWER_GOAL = 20.0
"""Milliseconds within which 95 of 100 calls of a run that trains are answered."""
STEADY = 0.05
"""By how much the windows before and after another may differ for it to count: a machine may slow down by a third for seconds."""
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
LABS = {"local": "LocalLab", "ray": "RayLab"}


@dataclass(slots=True)
class Contender:
    """A line of the table: how to measure it, and its speeds, one a round."""

    label: str
    measure: Callable[[float], Speed]
    bare: "Contender | None" = None
    goal: float | None = None
    speeds: list[Speed] = field(default_factory=list)
    steady: list[float] = field(default_factory=list)
    unsteady: list[float] = field(default_factory=list)
    """Shares of the bare step's speed, by whether that was the same before and after."""

    def run(self, rounds: int, window: float) -> None:
        """Measure so often, each time between two windows of the bare step."""
        if self.bare is None:
            return
        self.bare.speeds.append(self.bare.measure(window))
        for _ in range(rounds):
            self.speeds.append(self.measure(window))
            self.bare.speeds.append(self.bare.measure(window))
            before, after = (speed.per_second for speed in self.bare.speeds[-2:])
            around = (before + after) / 2
            is_steady = abs(before - after) <= STEADY * around
            (self.steady if is_steady else self.unsteady).append(self.speeds[-1].per_second / around)

    @property
    def ratios(self) -> list[float]:
        """What counts: where nothing was steady, everything."""
        return self.steady or self.unsteady

    @property
    def missed(self) -> bool:
        """Whether there is a goal and it is not reached."""
        return self.goal is not None and median(self.ratios) < self.goal

    def row(self) -> str:
        """Say it in a line of the table."""
        ratios = self.ratios
        per_second, cpu = (median(figures) for figures in zip(*self.speeds, strict=True))
        line = f"{self.label:<36}{per_second:8.1f}{cpu:13.1f}"
        if self.goal is None:
            return line
        low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
        spread = f"({low:.0%} to {high:.0%})"
        return f"{line}{median(ratios):8.1%}  {spread:<15}{f'≥ {self.goal:.0%}':>7}  {verdict(self.missed)}"


@dataclass(slots=True)
class Report:
    """Everything that was measured."""

    contenders: list[Contender]
    pictures: dict[str, list[float]] = field(default_factory=dict)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, list[tuple[str, float]]] = field(default_factory=dict)

    @property
    def missed(self) -> bool:
        """Whether any goal is missed."""
        return any(row.missed for row in self.brief())

    def lines(self) -> list[str]:
        """Say it in tables."""
        head = f"{'':<36}{'steps/s':>8}{'CPU ms/step':>13}{'ratio':>8}  {'(middle half)':<15}{'goal':>7}  verdict"
        lines = [head, *(contender.row() for contender in self.contenders), ""]
        for contender in self.contenders:
            if contender.steady and contender.unsteady:
                out, of = len(contender.unsteady), len(contender.steady) + len(contender.unsteady)
                lines.append(f"{contender.label}: {out} of {of} left out, the machine's speed changed")
        for label, pictures in self.pictures.items():
            doubt = "" if mean(pictures) >= WATCHING else ", too few: its line above does not count"
            lines.append(f"{label}: {mean(pictures):.2f} new pictures a second{doubt}")
        lines += ["", f"{'round trip while training':<36}{'p50 ms':>8}{'p95 ms':>8}{'goal':>37}  verdict"]
        for name, times in self.milliseconds.items():
            p95 = percentile_95(times)
            goal = f"p95 ≤ {ANSWER_GOAL:g}"
            lines.append(f"{name:<36}{median(times):8.1f}{p95:8.1f}{goal:>37}  {verdict(p95 > ANSWER_GOAL)}")
        lines += ["", "seconds", *(f"{name:<64}{seconds:6.1f}" for name, seconds in self.seconds.items())]
        for what, processes in self.peaks.items():
            lines += ["", f"peak resident memory, {what}", *(f"{name:<44}{peak:6.0f} MB" for name, peak in processes)]
        return lines

    def brief(self) -> list[Row]:
        """What is judged, a row each."""
        rows = [at_least(f"{c.label}: steps kept", median(c.ratios), c.goal) for c in self.contenders if c.goal]
        rows += [
            Row(f"{label}: new pictures", f"{mean(seen):.2f}/s", f"≥ {WATCHING:g}/s, to count", mean(seen) < WATCHING)
            for label, seen in self.pictures.items()
        ]
        return rows + [
            at_most(f"{name}, 95 of 100", percentile_95(times), ANSWER_GOAL, "ms")
            for name, times in self.milliseconds.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        rows = [
            {
                "label": c.label,
                "goal": c.goal,
                "steps_per_second": [speed.per_second for speed in c.speeds],
                "cpu_ms_per_step": [speed.cpu for speed in c.speeds],
                "ratios": c.steady,
                "ratios_unsteady": c.unsteady,
                "missed": c.missed,
            }
            for c in self.contenders
        ]
        plain = {name: getattr(self, name) for name in ("pictures", "milliseconds", "seconds", "peaks")}
        return {"cpus": os.cpu_count(), "throughput": rows, **plain, "table": self.brief()}


def percentile_95(times: list[float]) -> float:
    """95 of 100 are at most this."""
    return quantiles(times, n=20)[-1]


@dataclass(slots=True)
class Bench:
    """What is compared, by the kind of lab: `local` with all threads of the machine, `ray` with one; `bare` has one thread."""

    bare: Away
    labs: dict[str, Away]
    served: dict[str, Served]

    def report(self, rounds: int, window: float, calls: int) -> Report:
        """Measure all of it."""
        pictures: dict[str, list[float]] = {}
        report = Report([line for kind in LABS for line in self._contenders(kind, pictures)], pictures)
        for contender in report.contenders:
            if contender.bare:
                say(contender.label)
            contender.run(rounds, window)
        say("round trips")
        for kind, name in LABS.items():
            for method, times in self.labs[kind].call("round_trips", calls).items():
                report.milliseconds[f"{name}: {method}"] = times
            served = self.served[kind]
            report.seconds |= {f"{name}: {what}": seconds for what, seconds in served.seconds.items()}
            report.peaks[f"page with {name}"] = grouped(served.peak_memory())
        mine = peak_memory(os.getpid())
        report.peaks["browser"] = grouped([(name, peak) for name, peak in mine if name.startswith("chrom")])
        return report

    def _contenders(self, kind: str, pictures: dict[str, list[float]]) -> list[Contender]:
        name, lab = LABS[kind], self.labs[kind]
        threads = f"{os.cpu_count()} threads" if kind == "local" else "1 thread"
        page = f"{name}, watched by a page at 2 Hz"

        def served(watched: bool) -> Callable[[float], Speed]:
            def measure(window: float) -> Speed:
                speed, shown = self.served[kind].window(window, watched)
                if watched:
                    pictures.setdefault(page, []).append(shown)
                return speed

            return measure

        bare = Contender(f"bare step, {threads}", self._bare(kind))
        alone = Contender(f"{name}, its page hidden", served(False))
        return [
            bare,
            Contender(f"{name}, unwatched", lambda window: lab.call("window", window), bare, LAB_GOAL),
            alone,
            Contender(page, served(True), alone, WATCHED_GOAL),
        ]

    def _bare(self, kind: str) -> Callable[[float], Speed]:
        if kind == "local":
            return lambda window: self.labs["local"].call("bare_window", window)
        return lambda window: self.bare.call("window", window)


def grouped(processes: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Processes of one name as one line, with the largest peak among them."""
    groups: dict[str, list[float]] = {}
    for name, peak in processes:
        groups.setdefault(name, []).append(peak)
    return [(name if len(p) == 1 else f"{name} (largest of {len(p)})", max(p)) for name, p in groups.items()]


def main() -> int:
    """Start everything, measure, print the tables."""
    from playwright.sync_api import sync_playwright

    arguments = _parse()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="throughput-")))
        served = {}
        for kind, options in {"local": ["--local"], "ray": []}.items():
            say(f"starting the page with {LABS[kind]}")
            # what runs compile, if nobody says where: new, so that peaks of memory are those of compiling
            environment = {"JAX_COMPILATION_CACHE_DIR": str(folder / f"compiled-{kind}"), **os.environ}
            served[kind] = stack.enter_context(Served(options, environment, folder / f"{kind}.log"))
        say("starting the labs and the bare steps")
        labs = {kind: stack.enter_context(closing(Away(RunInLab, kind))) for kind in LABS}
        for lab in labs.values():
            lab.begin()
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=arguments.browser, args=BROWSER_ARGUMENTS)
        stack.callback(browser.close)
        have_memory_kept()  # last: the bare step with one thread has what a run under Ray has, and nothing else here
        bare = stack.enter_context(closing(Away(BareStep, 1)))
        begin_all([*labs.values(), bare])
        for page in served.values():
            page.watch(browser)
        report = Bench(bare, labs, served).report(arguments.rounds, arguments.window, arguments.calls)
    say("\n".join(["", *report.lines()]))
    keep(report.to_dict(), arguments.json)
    return 1 if report.missed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the bare training step, runs in the labs, and watched runs.")
    parser.add_argument("--rounds", type=int, default=10, help="windows of each line (default: %(default)s)")
    parser.add_argument("--window", type=float, default=2.5, help="seconds of a window (default: %(default)s)")
    parser.add_argument("--calls", type=int, default=100, help="round trips of each kind (default: %(default)s)")
    parser.add_argument("--browser", default="/usr/bin/chromium", help="Chromium to watch with (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
