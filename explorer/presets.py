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
        "Three runs that differ in nothing but their seed: level 1 begins with few codes in even use (a "
        "perplexity of 2 to 3 at step 100) and ends with 12, 12 and 8, at an MSE of 0.0451, 0.0449 and 0.0469 "
        "after 1,000 steps. Take that as the luck of the draw, seed 2 with only 12 of 16 codes a level: what "
        "differs by less than this says nothing.",
        ({"seed": 0}, {"seed": 1}, {"seed": 2}),
    ),
    Preset(
        "no-commitment",
        "No commitment",
        "Without commitment nothing holds the encoder near its codes: its outputs run away (their spread is 40 "
        "million after 1,000 steps, with commitment 0.6), and a residual ratio of 1 says that the codes no "
        "longer reach them. The reconstruction loss falls to 0.061 by step 500 and then rises to 0.063, while "
        "the run beside it goes from 0.051 to 0.046.",
        ({"commit": 0.25}, {"commit": 0.0}),
    ),
    Preset(
        "too-much-commitment",
        "Too much commitment",
        "With λ_commit 1 the encoder's outputs are pulled onto a few codes (a perplexity of 1.5 at step 100) and "
        "by step 200 onto one at each level: every digit becomes the same smear, at an MSE of 0.0657 against "
        "0.0451. With 4 level 1 ends the same way and level 2 keeps three codes: the run beside them is as low "
        "as 2.8 at step 100, and recovers.",
        ({"commit": 0.25}, {"commit": 1.0}, {"commit": 4.0}),
    ),
    Preset(
        "bad-start",
        "Collapse by bad initialisation",
        "Codes that begin ten times as far out as the encoder's outputs lose all of them to one code, and stay "
        "dead: an MSE of 0.0657, where the usual scale reaches 0.0451. Beginning close (uniform) or on the data "
        "(k-means) keeps all 16 codes of both levels in use, and k-means ends lowest with 0.0445.",
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
        "Both ways end nearly alike, at an MSE of 0.0451 by gradient and 0.0454 by moving averages, which is "
        "less than seeds differ by. Moving averages leave less over after level 1 (a residual ratio of 0.06 "
        "against 0.16) and use more different tuples of codes, 211 against 159.",
        ({"codebook_update": "gradient"}, {"codebook_update": "ema"}),
    ),
    Preset(
        "loss-forms",
        "Per-level against final losses",
        "Under final losses all four levels get the same gradient and share the work, with residual ratios of "
        "0.38, 0.28, 0.13 and 0.13; with a loss for each level, the first takes nearly all of it (0.06) and the "
        "last two keep 4 and 5 codes. By level 1 alone images then decode better, 0.048 against 0.057 on the ten "
        "digits, but with all levels worse, 0.044 against 0.039.",
        ({"loss_form": "final"}, {"loss_form": "per_level"}),
        {"levels": 4},
    ),
    Preset(
        "cures",
        "Four cures for dead codes",
        "All six begin with codes too far out, and the untreated run keeps 3 and 4 of 16 alive: reinit and split "
        "bring all of them back, and the MSE from 0.0559 to 0.0497 and 0.0495. Entropy revives them too, but at "
        "0.0521 and with outputs spread seven times as wide; ema_expiry revives a collapsed level of moving "
        "averages, and its MSE is still 0.0554 after 1,000 steps.",
        (
            {},
            {"remedy": "reinit"},
            {"remedy": "split"},
            {"entropy": 0.1, "entropy_temperature": 0.1},
            {"codebook_update": "ema"},
            {"codebook_update": "ema", "remedy": "ema_expiry"},
        ),
        called=("gradient", "gradient, reinit", "gradient, split", "gradient, entropy", "ema", "ema, ema_expiry"),
        shared={"init_scale": 1.0},
    ),
    Preset(
        "estimators",
        "Rotation against straight-through",
        "The rotated gradient ends where the straight-through one does, at an MSE of 0.0455 against 0.0451, "
        "which is less than seeds differ by. What differs is the scale: under rotation the encoder's outputs "
        "stay closer together, with a spread of 0.41 against 0.64, and the commitment loss is less than half.",
        ({"gradient_estimator": "straight_through"}, {"gradient_estimator": "rotation"}),
    ),
    Preset(
        "level-dropout",
        "Level dropout",
        "Trained with a random number of levels, the first one has to stand alone: by level 1 the ten digits "
        "decode at an MSE of 0.047 against 0.057, and with all four levels both end at 0.0446 over the probe. "
        "The price shows in the last levels, where 5 and 4 codes of 16 stay in use.",
        ({"level_dropout": "none"}, {"level_dropout": "uniform"}),
        {"levels": 4},
    ),
    Preset(
        "sizes",
        "Few big levels or many small",
        "All four have a budget of 8 bits, but not all can spend it: one level of 256 codes and two of 16 use "
        "7.8 and 7.4 bits, and end at an MSE of 0.0445 and 0.0451. Four levels of 4 and eight of 2 are down to a "
        "single tuple of codes by step 200, and stay there: with few codes that begin at random, all of an "
        "image's bits can be lost at once.",
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
