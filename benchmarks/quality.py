"""How well the defaults reconstruct: trains full MNIST for 2,000 steps for several seeds and looks through the probe.

    python benchmarks/quality.py [--steps 2000] [--seeds 0 1 2] [--json FILE]

Reads MNIST where TFDS_DATA_DIR or --data-dir says. Exits with 1 if a seed misses the goal.
"""

import argparse
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from reporting import keep, say

from explorer.config import RunConfig
from explorer.data import Dataset, open_dataset
from explorer.errors import ExplorerError
from explorer.quality import psnr
from explorer.training.trainer import Trainer

GOAL = 0.050
"""Mean squared error of the probe's reconstructions, images in 0..1, that every seed has to reach."""
FULL_SIZE = 60_000
"""Training images of the data sets that the goal is about: the embedded sample is no test of it."""


@dataclass(frozen=True, slots=True)
class Result:
    """One seed's model after its last step; PSNR in dB, one number a level in `active` and `perplexity`."""

    seed: int
    steps: int
    probe_mse: float
    psnr: float
    active: tuple[int, ...]
    perplexity: tuple[float, ...]
    seconds: float

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.probe_mse <= GOAL

    def row(self) -> str:
        """Say it in a line of the table whose head is HEAD."""
        active = " ".join(str(count) for count in self.active)
        perplexity = " ".join(f"{value:.1f}" for value in self.perplexity)
        verdict = "reached" if self.reached else "MISSED"
        return (
            f"{self.seed:4}  {self.probe_mse:9.4f}  {self.psnr:5.1f} dB  {active:>12}  {perplexity:>12}  "
            f"{self.seconds:7.0f}  ≤ {GOAL:.3f}  {verdict}"
        )


HEAD = "seed  probe MSE      PSNR  active codes    perplexity  seconds  goal     verdict"


def train(seed: int, steps: int, dataset: Dataset) -> Result:
    """Train the defaults with this seed; `seconds` are those of the steps. Raises ExplorerError if it diverges."""
    config = RunConfig(dataset=dataset.name, seed=seed)
    trainer = Trainer(config, dataset)
    trainer.warm_up()
    began = time.perf_counter()
    while trainer.steps < steps:
        if trainer.step(config) is None:
            raise ExplorerError(f"seed {seed}: the loss was not finite in step {trainer.steps + 1}")
    seconds = time.perf_counter() - began
    view = trainer.view(config)
    return Result(
        seed=seed,
        steps=steps,
        probe_mse=view.probe_mse,
        psnr=psnr(view.probe_mse),
        active=tuple(view.health.active.tolist()),
        perplexity=tuple(view.health.perplexity.tolist()),
        seconds=seconds,
    )


def main() -> int:
    """Train each seed in turn and print a line as soon as it is done."""
    arguments = _parse()
    dataset = open_dataset(arguments.dataset, arguments.data_dir, say)
    say(f"{dataset.source}; {arguments.steps:,} steps a seed; {os.cpu_count()} CPU")
    if len(dataset.train_images) < FULL_SIZE:
        say(f"The goal is about {FULL_SIZE:,} training images: set TFDS_DATA_DIR or --data-dir")
        return 2
    say(HEAD)
    results = []
    for seed in arguments.seeds:
        results.append(train(seed, arguments.steps, dataset))
        say(results[-1].row())
    kept = {"data": dataset.source, "goal": GOAL, "results": [asdict(result) for result in results]}
    keep(kept, arguments.json)
    return 0 if all(result.reached for result in results) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the defaults for several seeds and judge them.")
    parser.add_argument("--steps", type=int, default=2000, help="training steps a seed (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="seeds to train (default: 0 1 2)")
    parser.add_argument("--dataset", default="mnist", help="TFDS data set (default: %(default)s)")
    parser.add_argument("--data-dir", help="where TFDS data sets are (default: TFDS_DATA_DIR)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures in this file, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
