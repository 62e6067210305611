"""The controls that steer a run while it trains, made from the tables of settings."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from actors.lab import RunInfo
from explorer.choices import CHOICES
from explorer.config import RunConfig
from explorer.errors import ExplorerError
from explorer.settings import LIVE_SETTINGS, RUN_SETTINGS
from ui.help import help_mark
from ui.scales import SCALES, Scale

PURPOSE = {"commit": "encoder → codes", "codebook": "codes → encoder", "learning_rate": "step size"}
DIRECT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For every listener of the page: answered at once, without Gradio's queue, and no endpoint of the API."""


@dataclass(frozen=True, slots=True)
class WeightControl:
    """One live setting's slider and number field."""

    name: str
    title: gr.HTML
    slider: gr.Slider
    number: gr.Number

    @property
    def scale(self) -> Scale:
        """What the slider's positions mean."""
        return SCALES[self.name]

    def held_by(self, run: RunInfo) -> float:
        """The value that the run trains with."""
        return run.live[self.name]

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
    return config.live


def as_config(fixed: dict[str, object], live: dict[str, object]) -> RunConfig:
    """A run's config from the page's fields. Raises ExplorerErrors in words."""
    for name, value in {**fixed, **live}.items():
        if value is None:
            raise _empty(name)
    return RunConfig(**fixed).with_live(live)  # pyright: ignore[reportArgumentType]


def _empty(name: str) -> ExplorerError:
    setting = LIVE_SETTINGS.get(name) or RUN_SETTINGS.get(name) or CHOICES.get(name)
    allowed = setting.allowed if setting else "given"
    return ExplorerError(f"{setting.label if setting else name} must be {allowed}; its field is empty")
