"""Comparisons: runs that are the same but for the settings that are swept. Pure; standard library only."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from explorer.choices import CHOICES, Choice
from explorer.config import RunConfig, value_of
from explorer.errors import ConfigError
from explorer.settings import LAMBDA_SETTINGS, RUN_SETTINGS, Setting

Value = float | str | tuple[int, ...]
"""Of a setting: a number, the name of a way, or sizes of levels."""
TELLING = ("commit", "codebook", "learning_rate", "levels", "codebook_size", "batch_size", "seed")
"""Settings that describe a run whatever their value; others do if they are unusual."""
MAX_RUNS = 64
"""Runs of one comparison. A page shows 16 of them at once."""

AXES: dict[str, Setting | Choice] = {
    **LAMBDA_SETTINGS,
    **{name: setting for name, setting in RUN_SETTINGS.items() if setting.low < setting.high},
    **CHOICES,
}
"""The settings that can be swept, by the name under which `axes` has them: λs by their own, the others as in RunConfig."""


def with_values(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """A copy with settings of AXES changed. Raises ConfigError."""
    plain = config.to_dict()
    for name, value in values.items():
        if name not in AXES:
            raise ConfigError("setting", name, f"one of {', '.join(AXES)}")
        (plain["lambdas"] if name in LAMBDA_SETTINGS else plain)[name] = value
    return RunConfig.from_dict(plain)


def parse_values(name: str, text: str) -> list[Value]:
    """The values of a list such as "0.05, 0.25, 1" or "mse, bce", in that order, each once. Raises ConfigError."""
    if name not in AXES:
        raise ConfigError("setting", name, f"one of {', '.join(AXES)}")
    setting = AXES[name]
    example = ", ".join(setting.ways) if isinstance(setting, Choice) else "0.05, 0.25, 1"
    values: list[Value] = []
    for word in text.replace(";", ",").split(","):
        if not word.strip():
            continue
        try:
            value = setting.read(setting.label, word.strip())
        except ConfigError:
            if _is_number(word):  # and out of range
                raise
            raise ConfigError(setting.label, word.strip(), f"a list such as {example}: {setting.allowed}") from None
        if value not in values:
            values.append(value)
    if not values:
        raise ConfigError(setting.label, text.strip(), f"a list such as {example}: {setting.allowed}")
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def grid(base: RunConfig, axes: Mapping[str, Sequence[Value]]) -> list[RunConfig]:
    """A config for each combination of the axes' values, the last axis fastest; all else is `base`'s.

    Raises ConfigError for an unknown or empty axis, a value that is not allowed, and more than MAX_RUNS combinations.
    """
    count = 1
    for name, values in axes.items():
        if name not in AXES:
            raise ConfigError("setting", name, f"one of {', '.join(AXES)}")
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise ConfigError(AXES[name].label, values, "a list of at least one value")
        count *= len(values)
    if count > MAX_RUNS:
        raise ConfigError("comparison", f"{count:,} runs", f"at most {MAX_RUNS} runs: shorten a list")
    checked = {name: [AXES[name].check(AXES[name].label, value) for value in values] for name, values in axes.items()}
    configs = [with_values(base, dict(zip(checked, values, strict=True))) for values in product(*checked.values())]
    if len(set(configs)) < len(configs):
        raise ConfigError("comparison", "equal runs", "made of runs that differ: a list names a value twice")
    return configs


def telling(config: RunConfig) -> list[str]:
    """The settings of AXES that describe the config: all numbers that matter to every run, and of the rest what is unusual."""
    usual = RunConfig()
    return [name for name in AXES if name in TELLING or value_of(config, name) != value_of(usual, name)]


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """The settings in which the configs differ, in the order of AXES; then `dataset`, if they differ in it."""
    names = [name for name in AXES if len({value_of(config, name) for config in configs}) > 1]
    return [*names, *(["dataset"] if len({config.dataset for config in configs}) > 1 else [])]


def label_of(name: str) -> str:
    """What people call a setting that `differing` names."""
    return "data set" if name == "dataset" else AXES[name].label


def worded(config: RunConfig, name: str) -> str:
    """The config's value of such a setting, short, but never the same for two values."""
    return config.dataset if name == "dataset" else value_text(value_of(config, name))


def value_text(value: Value) -> str:
    """A number in as few digits as tell it from every other; sizes by level with slashes; a way by its name."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return "/".join(str(size) for size in value)
    short = f"{value:g}"
    return short if isinstance(value, float) and float(short) == value else str(value)


def name_by(config: RunConfig, names: Sequence[str]) -> str:
    """What tells the run apart, for people: "λ_commit 0.25 · seed 1"; its λ_commit if nothing does."""
    return " · ".join(f"{label_of(name)} {worded(config, name)}" for name in names or ["commit"])
