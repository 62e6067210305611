"""From the command to the page, to a ready lab, and from Start to the first step: in both modes, compiled before or not.

    python benchmarks/start.py [--rounds 3] [--mode local] [--at-once] [--imports] [--json FILE]

Every round starts the real command anew, with a compilation cache of its own: empty the first time, filled the second. Start
is pressed as soon as the lab is ready, or some seconds later, as somebody does who looks at the page first.
`--imports` lists which packages the imports before the page spend their time on instead. Exits with 1 if a goal is missed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import product
from pathlib import Path
from statistics import median

from reporting import Row, conclude, say
from served import Command
from workers import wait_until

LATER = 6.0
"""Seconds from a ready lab to Start, where it is not pressed at once."""
GOALS = {
    "command to page": 4.0,
    "command to ready": 9.0,
    "Start to first step": 3.0,
    "Start to first step, compiled before": 1.0,
    f"Start to first step, pressed {LATER:g} s after ready": 3.0,
    f"Start to first step, compiled before, pressed {LATER:g} s after ready": 1.0,
}
"""Seconds."""
MODES = {"local": ["--local"], "Ray": []}
BEFORE_THE_PAGE = "import ui.app, ui.login, ui.server, actors.comparisons, ui.api, ui.page, actors.storage.archive"


def start(options: list[str], cache: Path, log: Path, later: float) -> dict[str, float]:
    """Start the command, and `later` seconds after it is ready a run; what each took. Only the last depends on the cache."""
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(cache)}
    with Command(options, environment, log) as command:

        def first_step() -> bool:
            return next(run["step"] for run in command.ask("list_runs") if run["run_id"] == run_id) > 0

        wait_until(lambda: command.ask("get_cluster")["machines"], pause=0.1)
        ready = time.perf_counter()
        time.sleep(later)
        asked = time.perf_counter()
        run_id = command.ask("start_run", {}, "")["run_id"]
        wait_until(first_step, pause=0.2)  # asked more often, the answers would take a tenth of what is waited for
        return {
            "command to page": command.answered - command.began,
            "command to ready": ready - command.began,
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
    parser.add_argument("--mode", choices=MODES, action="append", help="this mode alone (default: all)")
    parser.add_argument(
        "--at-once",
        action="store_true",
        help=f"only starts where the button is pressed at once, none {LATER:g} s later",
    )
    parser.add_argument("--imports", action="store_true", help="list what the imports before the page cost instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    if arguments.imports:
        say("\n".join(imports()))
        return 0
    found: dict[str, list[float]] = {}
    pauses = (0.0,) if arguments.at_once else (0.0, LATER)
    with tempfile.TemporaryDirectory(prefix="start-") as folder:
        for turn in range(arguments.rounds):
            for mode, later in product(arguments.mode or MODES, pauses):
                cache = Path(folder) / f"{mode}-{turn}-{later:g}"
                pressed = f", pressed {later:g} s after ready" if later else ""
                for suffix in ("", ", compiled before"):
                    log = cache.with_suffix(f".{'warm' if suffix else 'cold'}.log")
                    for name, seconds in start(MODES[mode], cache, log, later).items():
                        row = f"Start to first step{suffix}{pressed}" if name == "first step" else name
                        found.setdefault(f"{mode}: {row}", []).append(seconds)
    rows = []
    for row, seconds in found.items():
        spread = f" ({min(seconds):.1f} to {max(seconds):.1f})" if len(seconds) > 1 else ""
        goal = GOALS[row.partition(": ")[2]]
        rows.append(Row(row, f"{median(seconds):.1f} s{spread}", f"≤ {goal:g} s", median(seconds) > goal))
    return conclude(found, rows, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
