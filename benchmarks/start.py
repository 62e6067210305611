"""From the command to the page, to a ready lab, and from Start to the first step: in both modes, compiled before or not.

    python benchmarks/start.py [--rounds 3] [--imports] [--json FILE]

Every round starts the real command anew, with a compilation cache of its own: empty the first time, filled the second.
`--imports` lists which packages the imports before the page spend their time on instead. Exits with 1 if a goal is missed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

from reporting import keep, say
from served import Command
from workers import wait_until

GOALS = {
    "command to page": 4.0,
    "command to ready": 9.0,
    "Start to first step": 3.0,
    "Start to first step, compiled before": 1.0,
}
"""Seconds."""
MODES = {"local": ["--local"], "Ray": []}
BEFORE_THE_PAGE = "import ui.app, ui.login, ui.server, actors.comparisons, ui.api, ui.page, actors.storage.archive"


def start(options: list[str], cache: Path, log: Path) -> dict[str, float]:
    """Start the command, and a run in it; the seconds that each took. Only the last depends on what the cache holds."""
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(cache)}
    with Command(options, environment, log) as command:

        def begin() -> tuple[str, float]:
            asked = time.perf_counter()
            run = command.accepted({}, "", api_name="/start_run")
            return (run["run_id"], asked) if run else ("", 0.0)

        def first_step() -> bool:
            runs = command.client.predict(api_name="/list_runs")
            return next(run["step"] for run in runs if run["run_id"] == run_id) > 0

        run_id, asked = wait_until(lambda: (found := begin())[0] and found, pause=0.1)
        wait_until(first_step)
        return {
            "command to page": command.answered - command.began,
            "command to ready": asked - command.began,
            "first step": time.perf_counter() - asked,
        }


def imports() -> list[str]:
    """Milliseconds of each package's own code, the largest first, while what the page needs is imported."""
    command = [sys.executable, "-X", "importtime", "-c", BEFORE_THE_PAGE]
    subprocess.run(command, check=True, capture_output=True)  # fills the cache of compiled modules
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    spent: Counter[str] = Counter()
    for line in told.splitlines():
        own, _, name = line.removeprefix("import time:").partition("|")
        if own.strip().isdigit():
            spent[name.partition("|")[2].strip().partition(".")[0]] += int(own)
    return [f"{microseconds / 1000:8.0f} ms  {name}" for name, microseconds in spent.most_common(20)]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long the page and the first step take.")
    parser.add_argument(
        "--rounds", type=int, default=3, help="cold and warm starts of each mode (default: %(default)s)"
    )
    parser.add_argument("--imports", action="store_true", help="list what the imports before the page cost instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    if arguments.imports:
        say("\n".join(imports()))
        return 0
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="start-") as folder:
        for turn in range(arguments.rounds):
            for mode, options in MODES.items():
                cache = Path(folder) / f"{mode}-{turn}"
                for suffix in ("", ", compiled before"):
                    log = Path(folder) / f"{mode}-{turn}-{'warm' if suffix else 'cold'}.log"
                    for name, seconds in start(options, cache, log).items():
                        row = f"Start to first step{suffix}" if name == "first step" else name
                        found.setdefault(f"{mode}: {row}", []).append(seconds)
    missed = False
    for row, seconds in found.items():
        goal = GOALS[row.partition(": ")[2]]
        late = median(seconds) > goal
        missed |= late
        spread = f"({min(seconds):.1f} to {max(seconds):.1f})"
        say(f"{row:<48}{median(seconds):6.1f} s  {spread:<16}≤ {goal:g} s  {'MISSED' if late else 'reached'}")
    keep(found, arguments.json)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
