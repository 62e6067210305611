"""The controls that steer a run while it trains, made from the tables of settings."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import gradio as gr

from actors.lab import RunInfo
from explorer.choices import CHOICES
from explorer.config import Lambdas, RunConfig
from explorer.settings import LAMBDA_SETTINGS, RUN_SETTINGS, Setting
from explorer.errors import ExplorerError
from ui.help import help_mark

LIVE_SETTINGS: dict[str, Setting] = {**LAMBDA_SETTINGS, "learning_rate": RUN_SETTINGS["learning_rate"]}
PURPOSE = {"commit": "encoder → codes", "codebook": "codes → encoder", "learning_rate": "step size"}
DIRECT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For every listener of the page: answered at once, without Gradio's queue, and no endpoint of the API."""


@dataclass(frozen=True, slots=True)
class LogScale:
    """A slider's positions: 0 is exactly 0, then twenty a decade from 10^low to 10^high, rounded to two digits."""

    low: int
    high: int

    @property
    def values(self) -> list[float]:
        """The value at each position."""
        steps = range(20 * (self.high - self.low) + 1)
        return [0.0, *(float(f"{10 ** (self.low + step / 20):.2g}") for step in steps)]

    def value(self, position: float) -> float:
        """The value at a position; beyond the ends, that of the end."""
        return self.values[min(max(round(position), 0), len(self.values) - 1)]

    def position(self, value: float) -> int:
        """The position of the nearest value, by ratio; 0 only for 0."""
        values = self.values
        above = min(max(bisect_left(values, value), 1), len(values) - 1)
        if value <= 0 or above == 1:
            return int(value > 0)
        return above if value**2 > values[above - 1] * values[above] else above - 1


SCALES = {"commit": LogScale(-3, 2), "codebook": LogScale(-3, 2), "learning_rate": LogScale(-6, 0)}


@dataclass(frozen=True, slots=True)
class WeightControl:
    """One live setting's slider and number field."""

    name: str
    title: gr.HTML
    slider: gr.Slider
    number: gr.Number

    @property
    def scale(self) -> LogScale:
        """What the slider's positions mean."""
        return SCALES[self.name]

    def held_by(self, run: RunInfo) -> float:
        """The value that the run trains with."""
        return run.learning_rate if self.name == "learning_rate" else getattr(run.lambdas, self.name)

    @property
    def parts(self) -> tuple[gr.HTML, gr.Slider, gr.Number]:
        """In the order of `updates`."""
        return self.title, self.slider, self.number

    def updates(self, run: RunInfo) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Title, slider and field as the run has it; one that has no effect on the run says so, and cannot be moved."""
        value, idle = self.held_by(run), without_effect(self.name, run.config)
        return (
            gr.update(value=_title(self.name, idle)),
            gr.update(value=self.scale.position(value), interactive=not idle),
            gr.update(value=value, interactive=not idle),
        )

    def check(self, value: object) -> float:
        """The field's value; raises an ExplorerError unless it is in range."""
        if value is None:
            raise _empty(self.name)
        return float(LIVE_SETTINGS[self.name].check(LIVE_SETTINGS[self.name].label, value))


def weight_control(name: str, value: float) -> WeightControl:
    """A row: what it is, slider, number field, and room for the page to say since when it holds."""
    setting, scale = LIVE_SETTINGS[name], SCALES[name]
    with gr.Row(elem_classes="weight"):
        title = gr.HTML(_title(name), elem_classes="weight-name")
        slider = gr.Slider(
            0,
            len(scale.values) - 1,
            scale.position(value),
            step=1,
            label=setting.label,
            show_label=False,
            container=False,
            elem_id=f"{name}-slider",
            buttons=[],
        )
        number = gr.Number(
            value, label=setting.label, show_label=False, container=False, min_width=80, elem_id=f"{name}-number"
        )
        gr.HTML(f'<span data-testid="ack-{name}" role="status"></span>', elem_classes="ack")
    return WeightControl(name, title, slider, number)


def _title(name: str, idle: str = "") -> str:
    return f"<b>{LIVE_SETTINGS[name].label}</b>{help_mark(name)}<small>{idle or PURPOSE.get(name, '')}</small>"


def without_effect(name: str, config: RunConfig) -> str:
    """Why a live setting has no effect on runs of this config; "" if it has."""
    return "no effect: codes are moving averages" if name == "codebook" and config.codebook_update == "ema" else ""


def start_values(config: RunConfig) -> dict[str, float]:
    """The live settings of a config, by name."""
    return {**config.lambdas.to_dict(), "learning_rate": config.learning_rate}


def as_config(fixed: dict[str, object], live: dict[str, object]) -> RunConfig:
    """A run's config from the page's fields. Raises ExplorerErrors in words."""
    for name, value in {**fixed, **live}.items():
        if value is None:
            raise _empty(name)
    weights = {name: value for name, value in live.items() if name in LAMBDA_SETTINGS}
    return RunConfig(**fixed, learning_rate=live["learning_rate"], lambdas=Lambdas(**weights))  # pyright: ignore[reportArgumentType]


def _empty(name: str) -> ExplorerError:
    setting = LIVE_SETTINGS.get(name) or RUN_SETTINGS.get(name) or CHOICES.get(name)
    allowed = setting.allowed if setting else "given"
    return ExplorerError(f"{setting.label if setting else name} must be {allowed}; its field is empty")
