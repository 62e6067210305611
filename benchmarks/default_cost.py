"""What the default configuration's step pays for terms and choices that it does not use.

    python benchmarks/default_cost.py [--rounds 12] [--steps 30] [--against FOLDER] [--json FILE]

Compares two processes, one step of each in turn: the step as it is, and the same without what a λ of 0 leaves out, the
tuples and the codes' motion compiled into it at all; or, with --against, that of another checkout of this project (the
commit before, say; `git worktree add FOLDER COMMIT && cd FOLDER && uv sync` makes one). Exits with 1 if the goal is missed.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles

from reporting import keep

GOAL = 1.02
"""The most that a step may cost, as a multiple of one that has nothing to leave out."""

WORKER = """
import sys, time
import jax.numpy as jnp
from explorer.config import RunConfig
from explorer.data import open_dataset
from explorer.training import step
from explorer.training.trainer import Trainer

if sys.argv[1] == "bare":
    step.while_weighted = lambda weight, term, *arguments: jnp.full((), jnp.nan)
    step._seen = lambda state, quantized, motion, recipe: state._replace(
        window=state.window.at[state.step % state.window.shape[0]].set(step._count(quantized, state.window[0]))
    )
config = RunConfig()
trainer = Trainer(config, open_dataset(config.dataset))
now = (config,)
try:
    trainer.step(config)
except (AttributeError, TypeError):  # a checkout from before live settings were part of the config
    now = (config.lambdas, config.learning_rate)
    trainer.step(*now)
print("ready", flush=True)
for line in sys.stdin:
    began, spent = time.perf_counter(), time.process_time()
    for _ in range(int(line)):
        trainer.step(*now)
    print(time.perf_counter() - began, time.process_time() - spent, flush=True)
"""


class Worker:
    """A process that trains so many steps when it is told to, from a checkout's folder."""

    def __init__(self, kind: str, folder: Path) -> None:
        python = folder / ".venv" / "bin" / "python"
        command = [str(python) if python.exists() else sys.executable, "-c", WORKER, kind]
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment
        )
        if self._answer() != "ready":
            raise SystemExit(f"the step of {folder} does not run: see above")

    def train(self, steps: int) -> tuple[float, float]:
        """Train; milliseconds a step, of the clock and of the processor (all threads)."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        clock, processor = (1000 * float(word) / steps for word in self._answer().split())
        return clock, processor

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main() -> int:
    """Let both train in turn, and say by how much they differ."""
    arguments = _parse()
    here = Path(__file__).resolve().parent.parent
    workers = Worker("bare" if arguments.against is None else "as is", arguments.against or here), Worker("as is", here)
    for worker in workers:
        worker.train(arguments.steps)
    times: list[list[tuple[float, float]]] = [[], []]
    for turn in range(arguments.rounds):
        for which in (0, 1) if turn % 2 else (1, 0):
            times[which].append(workers[which].train(arguments.steps))
    for worker in workers:
        worker.close()
    kept = {}
    for place, what in enumerate(("clock", "processor")):
        before, now = ([spent[place] for spent in of] for of in times)
        ratios = [b / a for a, b in zip(before, now, strict=True)]
        low, middle, high = quantiles(ratios, n=4)
        kept[what] = {"before": before, "now": now, "ratio": middle}
        sys.stdout.write(
            f"{what:<10} ms/step {median(before):6.2f} before, {median(now):6.2f} now, "
            f"ratio {middle:.3f} (middle half {low:.3f} to {high:.3f}), goal ≤ {GOAL}\n"
        )
    keep(kept, arguments.json)
    missed = kept["processor"]["ratio"] > GOAL
    sys.stdout.write("MISSED\n" if missed else "reached\n")
    return int(missed)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the default step with one that has nothing to leave out.")
    parser.add_argument("--rounds", type=int, default=12, help="turns of each (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=30, help="steps of a turn (default: %(default)s)")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="compare with this checkout of the project")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures in this file, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
