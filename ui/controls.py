"""The controls that steer a run while it trains, made from the table of live settings."""

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from actors.lab import RunInfo
from explorer.choices import CHOICES
from explorer.config import RunConfig
from explorer.errors import ExplorerError
from explorer.settings import LIVE_SETTINGS, RUN_SETTINGS
from ui.effects import depending_on, without_effect
from ui.groups import MAIN, live_groups
from ui.help import help_mark
from ui.scales import SCALES, Scale

PURPOSE = {
    "commit": "encoder → codes",
    "codebook": "codes → encoder",
    "learning_rate": "step size",
    "entropy": "sharpen, then spread",
    "transport": "codes ↔ residuals",
}
"""In a few words, where the name does not say it."""
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

    @property
    def parts(self) -> tuple[gr.HTML, gr.Slider, gr.Number]:
        """In the order of `updates`."""
        return self.title, self.slider, self.number

    def updates(self, run: RunInfo, *, hold: bool = False) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Title, slider and field as the run has it; one that has no effect on the run says so, and cannot be moved.

        `hold`: it is in somebody's hand, and keeps its value.
        """
        value, idle = run.live[self.name], self.idle(run)
        position: dict[str, Any] = {} if hold else {"value": self.scale.position(value)}
        number: dict[str, Any] = {} if hold else {"value": value}
        return (
            gr.update(value=_title(self.name, idle)),
            gr.update(interactive=not idle, **position),
            gr.update(interactive=not idle, **number),
        )

    def idle(self, run: RunInfo) -> str:
        """Why it has no effect on the run; "" if it has."""
        return without_effect(self.name, run.config, run.live)

    def check(self, value: object) -> float:
        """The field's value; raises an ExplorerError unless it is in range."""
        if value is None:
            raise _empty(self.name)
        return float(LIVE_SETTINGS[self.name].check(LIVE_SETTINGS[self.name].label, value))


Controls = dict[str, WeightControl]
"""By the names of the live settings."""


def weights_panel(values: dict[str, float]) -> Controls:
    """Lay the panel out: what is turned all the time, what is done about dead codes, and behind “more” the rest."""
    with gr.Column(elem_id="weights", elem_classes="panel"):
        gr.HTML(
            f"<header><h2>Loss weights</h2><small>apply to the next batch</small>{help_mark('weights')}"
            '<button type="button" class="quiet more" data-testid="more-weights" aria-expanded="false">more</button></header>',
            apply_default_css=False,
        )
        with gr.Column(elem_classes="main-weights"):
            controls = {name: _weight(name, values[name]) for name in MAIN}
            gr.HTML('<div class="remedies" data-testid="remedies"></div>', apply_default_css=False)
        for head, names in live_groups().items():
            with gr.Column(elem_classes="finer-weights"):
                gr.HTML(f"<h3>{head}</h3>", apply_default_css=False)
                controls |= {name: _weight(name, values[name]) for name in names}
    return controls


def _weight(name: str, value: float) -> WeightControl:
    """A row: what it is, slider, number field, and room for the page to say since when it holds."""
    setting, scale = LIVE_SETTINGS[name], SCALES[name]
    with gr.Row(elem_classes="weight"):
        title = gr.HTML(_title(name), elem_classes="weight-name", apply_default_css=False)
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
        gr.HTML(f'<span data-testid="ack-{name}" role="status"></span>', elem_classes="ack", apply_default_css=False)
    return WeightControl(name, title, slider, number)


def _title(name: str, idle: str = "") -> str:
    small = f"<small data-idle>{idle}</small>" if idle else f"<small>{PURPOSE.get(name, '')}</small>"
    return f"<b>{LIVE_SETTINGS[name].label}</b>{help_mark(name)}{small}"


def dependants(controls: Controls, name: str) -> list[WeightControl]:
    """The controls of settings that this one can leave without effect."""
    return [controls[other] for other in depending_on(name) if other in controls]


def steered(run: RunInfo, name: str, value: float) -> RunInfo:
    """The run as it will be once the value holds."""
    return replace(run, live={**run.live, name: value})


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
