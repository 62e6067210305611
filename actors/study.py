"""A study: its runs are trained as those of a sweep, and told as a table and a figure. Importing this brings in no jax."""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from actors.export import replace_file
from actors.sweep import Options, Swept, alone, train_plans
from actors.sweep_plan import Planned, slug
from actors.sweep_results import DPI, SUMMARY, Row, failures, write_summary
from explorer.config import RunConfig
from explorer.settings import STEPS
from explorer.study import MEASURES, Outcome, Study, markdown, spreads

TABLE, MARKDOWN, FIGURE = "study.csv", "study.md", "study.png"


def conduct(
    study: Study,
    seeds: Sequence[int],
    steps: int,
    out: Path,
    options: Options | None = None,
    *,
    dataset: str = "mnist",
    stream: TextIO | None = None,
) -> Swept:
    """Train every run of the study into a folder of its own below `out`, then write what they measured.

    study.md has a row a variant, with the spread over the seeds; study.csv the same for programs, summary.csv a row a run,
    and study.png shows every seed. Runs that `out` holds already are not trained again, so that an interrupted study goes
    on, and one of few seeds grows. Raises ConfigError for seeds that cannot be, and what `sweep` raises.
    """
    steps = int(STEPS.check("steps", steps))
    runs = study.runs(seeds, dataset)
    told_to = sys.stderr if stream is None else stream
    plans = [_planned(variant, config, out) for variant, config in runs]
    with alone(out):
        swept = train_plans(plans, steps, out, options or Options(), told_to)
        if swept.interrupted:
            return swept
        variants = [variant for variant, _ in runs]
        measured = [outcome(row, variant) for row, variant in zip(swept.rows, variants, strict=True)]
        finished = [one for one in measured if one is not None]
        files = write(study, finished, steps, out)
        write_summary(out, swept.rows)
        figures = "\n".join([markdown(study, finished), *failures(swept.rows)])
        return replace(swept, figures=figures, files=(*files, out / SUMMARY))


def _planned(variant: str, config: RunConfig, out: Path) -> Planned:
    name = f"{variant} · seed {config.seed}"
    return Planned(name, config, out / slug(name))


def outcome(row: Row, variant: str) -> Outcome | None:
    """What a run of that variant measured; None unless it finished."""
    if row.stored is None or row.outcome != "finished":
        return None
    health = row.stored.view.health
    active, perplexity = int(health.active.sum()), float(health.perplexity.mean())
    return Outcome(variant, row.planned.config.seed, row.mse, active, perplexity)


def write(study: Study, outcomes: Sequence[Outcome], steps: int, out: Path) -> list[Path]:
    """study.md, study.csv and study.png of what was measured; which were written."""
    from explorer import figures

    replace_file(out / MARKDOWN, lambda file: file.write(f"{markdown(study, outcomes)}\n".encode()))
    replace_file(out / TABLE, lambda file: file.write(_table(study, outcomes).encode()))
    figure = figures.study(study, outcomes, steps)
    replace_file(out / FIGURE, lambda file: figure.savefig(file, format="png", dpi=DPI))
    return [out / MARKDOWN, out / TABLE, out / FIGURE]


def _table(study: Study, outcomes: Sequence[Outcome]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["variant", "seeds", *(f"{name}_{part}" for name in MEASURES for part in ("mean", "low", "high"))])
    for variant in study.variants:
        spread = spreads(outcomes, variant).values()
        figures = [f"{value:.6g}" for one in spread for value in (one.mean, one.low, one.high)]
        writer.writerow([variant, sum(outcome.variant == variant for outcome in outcomes), *figures])
    return text.getvalue()
