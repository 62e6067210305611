"""What the positions of the sliders of live settings mean."""

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from explorer.settings import LIVE_SETTINGS, Setting

LINEAR_WITHIN = 100
"""A whole number with a range of at most so many values has a position for each."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A slider's positions: the value at each, rising."""

    values: tuple[float, ...]

    def value(self, position: float) -> float:
        """The value at a position; beyond the ends, that of the end."""
        return self.values[min(max(round(position), 0), len(self.values) - 1)]

    def position(self, value: float) -> int:
        """The position of the nearest value, by ratio; that of 0 for 0 only."""
        above = min(max(bisect_left(self.values, value), 1), len(self.values) - 1)
        below = self.values[above - 1]
        if below <= 0:
            return above if value > 0 else above - 1
        return above if value**2 > self.values[above] * below else above - 1


def log_scale(low: float, high: float, *, zero: bool) -> Scale:
    """Twenty positions a decade from 10^low to 10^high, rounded to two digits; `zero`: leftmost is exactly 0."""
    steps = range(round(20 * (high - low)) + 1)
    return Scale((*((0.0,) if zero else ()), *(float(f"{10 ** (low + step / 20):.2g}") for step in steps)))


def whole_scale(setting: Setting) -> Scale:
    """Whole numbers of a range: all of a short one, of a long one round ones, rising by tenths of a decade."""
    if setting.high - setting.low < LINEAR_WITHIN:
        return Scale(tuple(float(value) for value in range(int(setting.low), int(setting.high) + 1)))
    decades = range(round(20 * math.log10(setting.high / setting.low)) + 1)
    return Scale(tuple(_rising(float(round(float(f"{setting.low * 10 ** (step / 20):.2g}"))) for step in decades)))


def _rising(values: Iterable[float]) -> list[float]:
    return sorted(set(values))


def _toward_one(nines: int) -> Scale:
    """0, then 1 − ten to an ever smaller power: what a decay is told apart by is how far it is from 1."""
    gaps = (float(f"{10 ** (-step / 10):.2g}") for step in range(1, 10 * nines + 1))
    return Scale((0.0, *_rising(float(f"{1 - gap:.6g}") for gap in gaps)))


SCALES: dict[str, Scale] = {
    name: whole_scale(setting) if setting.whole else log_scale(-3, 2, zero=setting.low == 0)
    for name, setting in LIVE_SETTINGS.items()
} | {
    "learning_rate": log_scale(-6, 0, zero=True),
    "transport_epsilon": log_scale(-3, 1, zero=False),
    "ema_decay": _toward_one(4),
    "dead_threshold": log_scale(-4, math.log10(0.5), zero=True),
}
"""Of each live setting; the field beside a slider takes any number of the setting's range."""
