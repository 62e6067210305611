"""Presets: comparisons that teach, each with what to look for. Standard library only.

What a preset's text claims was seen in real runs: `scripts/presets.py` makes them anew, docs/presets.md has their figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from explorer.config import RunConfig
from explorer.errors import ConfigError
from explorer.settings import RUN_SETTINGS
from explorer.sweep import Value, differing, name_by, with_values

Values = Mapping[str, Value]
"""Settings of `explorer.sweep.AXES` and their values."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A comparison: a run for each of `variants`, all else `shared` or the default, until step `steps`.

    `text` is two sentences of what to look for. A variant's `seed` counts from the seed that the preset is started with.
    `called` names its runs where naming them by what differs takes too many words.
    """

    name: str
    title: str
    text: str
    variants: tuple[Values, ...]
    shared: Values = field(default_factory=dict)
    steps: int = 1000
    called: tuple[str, ...] = ()

    def configs(self, seed: int = 0, dataset: str = "mnist") -> list[RunConfig]:
        """Its runs. Raises ConfigError for a seed or a data set that cannot be."""
        base = with_values(RunConfig(dataset=dataset), self.shared)
        return [
            with_values(base, variant | {"seed": self._seed(seed, variant)}) for variant in map(dict, self.variants)
        ]

    @property
    def names(self) -> list[str]:
        """What its runs are called, in the order of `configs`."""
        configs = self.configs()
        apart = differing(configs)
        return list(self.called) or [name_by(config, apart) for config in configs]

    def _seed(self, seed: int, variant: Mapping[str, Any]) -> int:
        further = int(variant.get("seed", 0))
        checked = int(RUN_SETTINGS["seed"].check("seed", seed))
        return int(RUN_SETTINGS["seed"].check("seed", checked + further))


_ALL: tuple[Preset, ...] = (
    Preset(
        "textbook",
        "The textbook run",
        "TODO. TODO.",
        ({"seed": 0}, {"seed": 1}, {"seed": 2}),
    ),
    Preset(
        "no-commitment",
        "No commitment",
        "TODO. TODO.",
        ({"commit": 0.25}, {"commit": 0.0}),
    ),
    Preset(
        "too-much-commitment",
        "Too much commitment",
        "TODO. TODO.",
        ({"commit": 0.25}, {"commit": 1.0}, {"commit": 4.0}),
    ),
    Preset(
        "bad-start",
        "Collapse by bad initialisation",
        "TODO. TODO.",
        (
            {"codebook_init": "normal", "init_scale": 0.3},
            {"codebook_init": "normal", "init_scale": 3.0},
            {"codebook_init": "uniform"},
            {"codebook_init": "kmeans"},
        ),
        called=("normal, scale 0.3", "normal, scale 3", "uniform", "kmeans"),
    ),
    Preset(
        "ema",
        "EMA against gradient",
        "TODO. TODO.",
        ({"codebook_update": "gradient"}, {"codebook_update": "ema"}),
    ),
    Preset(
        "loss-forms",
        "Per-level against final losses",
        "TODO. TODO.",
        ({"loss_form": "final"}, {"loss_form": "per_level"}),
        {"levels": 4},
    ),
    Preset(
        "cures",
        "Four cures for dead codes",
        "TODO. TODO.",
        (
            {},
            {"remedy": "reinit"},
            {"remedy": "split"},
            {"entropy": 0.1},
            {"codebook_update": "ema"},
            {"codebook_update": "ema", "remedy": "ema_expiry"},
        ),
        called=("gradient", "gradient, reinit", "gradient, split", "gradient, entropy", "ema", "ema, ema_expiry"),
        shared={"init_scale": 1.0},
    ),
    Preset(
        "estimators",
        "Rotation against straight-through",
        "TODO. TODO.",
        ({"gradient_estimator": "straight_through"}, {"gradient_estimator": "rotation"}),
    ),
    Preset(
        "level-dropout",
        "Level dropout",
        "TODO. TODO.",
        ({"level_dropout": "none"}, {"level_dropout": "uniform"}),
        {"levels": 4},
    ),
    Preset(
        "sizes",
        "Few big levels or many small",
        "TODO. TODO.",
        (
            {"levels": 1, "codebook_size": 256},
            {"levels": 2, "codebook_size": 16},
            {"levels": 4, "codebook_size": 4},
            {"levels": 8, "codebook_size": 2},
        ),
        {"dead_threshold": 0.001},
    ),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}
"""By name, in the order in which they teach."""


def find_preset(name: object) -> Preset:
    """The preset of that name. Raises ConfigError."""
    if not isinstance(name, str) or name not in PRESETS:
        raise ConfigError("preset", name, f"one of {', '.join(PRESETS)}")
    return PRESETS[name]
