"""Studies: one question, a run for each answer and seed, and the figures with their spread over the seeds. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.config import RunConfig
from explorer.errors import ConfigError
from explorer.presets import Values
from explorer.sweep import MAX_RUNS, with_values

STEPS = 3000
SEEDS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Study:
    """A run for each of `variants`, by name, and seed; all else `shared` or the default."""

    name: str
    title: str
    variants: Mapping[str, Values]
    shared: Values

    def config(self, variant: str, seed: int, dataset: str = "mnist") -> RunConfig:
        """The run of a variant and a seed. Raises ConfigError."""
        values: dict[str, Any] = {**self.shared, **self.variants[variant], "seed": seed}
        return with_values(RunConfig(dataset=dataset), values)

    def runs(self, seeds: Sequence[int], dataset: str = "mnist") -> list[tuple[str, RunConfig]]:
        """All runs, seed by seed, each with its variant's name. Raises ConfigError for seeds that cannot be."""
        if not seeds or len(set(seeds)) < len(seeds):
            raise ConfigError("seeds", list(seeds), "at least one, each once")
        if len(seeds) * len(self.variants) > MAX_RUNS:
            most = MAX_RUNS // len(self.variants)
            raise ConfigError(
                "seeds", f"{len(seeds)} seeds", f"at most {most}: the study has {len(self.variants)} runs a seed"
            )
        return [(variant, self.config(variant, seed, dataset)) for seed in seeds for variant in self.variants]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the seeds: its mean, and the least and the most."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """NaN where there is no value."""
        if not values:
            return cls(math.nan, math.nan, math.nan)
        return cls(math.fsum(values) / len(values), min(values), max(values))

    def words(self, digits: int) -> str:
        """The mean, and in brackets the range, unless that is one number; a dash where there is no value."""
        if math.isnan(self.mean):
            return "–"
        mean, low, high = (f"{value:.{digits}f}" for value in (self.mean, self.low, self.high))
        return mean if low == high else f"{mean} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run measured: probe MSE, active codes of all levels, and the mean of the levels' perplexities."""

    variant: str
    seed: int
    mse: float
    active: int
    perplexity: float


MEASURES: dict[str, tuple[str, int]] = {
    "mse": ("probe MSE", 4),
    "active": ("active codes", 1),
    "perplexity": ("perplexity", 1),
}
"""What is told of each variant: the words, and digits after the point."""


def spreads(outcomes: Sequence[Outcome], variant: str) -> dict[str, Spread]:
    """Each of MEASURES over the seeds of a variant."""
    mine = [outcome for outcome in outcomes if outcome.variant == variant]
    return {name: Spread.of([float(getattr(outcome, name)) for outcome in mine]) for name in MEASURES}


def markdown(study: Study, outcomes: Sequence[Outcome]) -> str:
    """A row a variant, the least mean MSE in bold."""
    told = {variant: spreads(outcomes, variant) for variant in study.variants}
    best = min((f"{figures['mse'].mean:.4f}" for figures in told.values()), default="")
    head = ["variant", *(words for words, _ in MEASURES.values()), "seeds"]
    lines = [head, ["---"] * len(head)]
    for variant, figures in told.items():
        cells = [figures[name].words(digits) for name, (_, digits) in MEASURES.items()]
        if f"{figures['mse'].mean:.4f}" == best:
            cells[0] = f"**{cells[0]}**"
        lines.append([variant, *cells, str(sum(outcome.variant == variant for outcome in outcomes))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_ALL: tuple[Study, ...] = (
    Study(
        "codebooks",
        "Update rules and cures",
        {
            "gradient": {},
            "gradient+reinit": {"remedy": "reinit"},
            "gradient+split": {"remedy": "split"},
            "gradient+entropy": {"entropy": 0.1},
            "gradient+transport": {"transport": 0.1},
            "ema": {"codebook_update": "ema"},
            "ema+reinit": {"codebook_update": "ema", "remedy": "reinit"},
            "ema+split": {"codebook_update": "ema", "remedy": "split"},
            "ema+ema_expiry": {"codebook_update": "ema", "remedy": "ema_expiry"},
        },
        {"init_scale": 1.0},
    ),
)

STUDIES: dict[str, Study] = {study.name: study for study in _ALL}
"""By name."""


def find_study(name: object) -> Study:
    """The study of that name. Raises ConfigError."""
    if not isinstance(name, str) or name not in STUDIES:
        raise ConfigError("study", name, f"one of {', '.join(STUDIES)}")
    return STUDIES[name]
