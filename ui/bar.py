"""The bar: which run is on show and what can be done to it; and the panel of a new run's fixed settings."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from actors.lab import RunInfo
from explorer.choices import CHOICES
from explorer.config import DATASET_HELP, RunConfig
from explorer.settings import RUN_SETTINGS
from ui.help import help_mark

DATASETS = ("mnist", "fashion_mnist", "kmnist")
FIXED_SETTINGS = ("levels", "codebook_size", "batch_size", "seed")
FINER_SETTINGS = ("init_scale", "schedule_steps")
ALLOWED: dict[str, tuple[str, ...]] = {
    "pending": ("stop",),
    "compiling": ("pause", "stop"),
    "running": ("pause", "step", "reset", "stop"),
    "paused": ("start", "step", "reset", "stop"),
    "failed": ("start", "reset", "stop"),
    "lost": ("start", "stop"),
    "stopped": ("start",),
}
"""What the bar's buttons offer at each status; Start means a new run, but a run that is paused or resumable goes on."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The controls of the bar."""

    picker: gr.Dropdown
    start: gr.Button
    pause: gr.Button
    step: gr.Button
    reset: gr.Button
    stop: gr.Button

    @property
    def buttons(self) -> list[gr.Button]:
        """In the order of `bar_updates`."""
        return [self.start, self.pause, self.step, self.reset, self.stop]


@dataclass(frozen=True, slots=True)
class NewRun:
    """The fields of the New-run panel; `fixed` by the names of RunConfig."""

    name: gr.Textbox
    fixed: dict[str, gr.Dropdown | gr.Number]
    start: gr.Button


VERBS = {"start": "▶ Start", "pause": "❚❚ Pause", "step": "Step", "reset": "Reset", "stop": "Stop"}


def bar() -> Bar:
    """Lay out the bar."""
    with gr.Row(elem_id="bar"):
        picker = gr.Dropdown([], label="Run", show_label=False, container=False, elem_id="picker", filterable=False)
        gr.Button("+ New run", elem_id="new-run-button", size="sm")
        buttons = {
            verb: gr.Button(
                label,
                elem_id=f"verb-{verb}",
                size="sm",
                interactive=verb == "start",
                variant="primary" if verb == "start" else "secondary",
            )
            for verb, label in VERBS.items()
        }
        gr.HTML(help_mark("bar"), apply_default_css=False, elem_classes="bar-help")
    return Bar(picker, **buttons)


def bar_updates(run: RunInfo | None) -> list[dict[str, Any]]:
    """What the buttons look like for the run on show: start, pause, step, reset, stop."""
    status = "stopped" if run is None else run.status
    allowed = ALLOWED[status]
    main = "pause" if status in ("running", "compiling") else "start"
    resumes = run is not None and (status == "paused" or run.resumable)
    start = gr.update(
        value="▶ Resume" if resumes else "▶ Start",
        interactive="start" in allowed,
        variant="primary" if main == "start" else "secondary",
    )
    pause = gr.update(interactive="pause" in allowed, variant="primary" if main == "pause" else "secondary")
    return [start, pause, *(gr.update(interactive=verb in allowed) for verb in ("step", "reset", "stop"))]


def picker_update(runs: list[RunInfo], shown: RunInfo | None) -> dict[str, Any]:
    """The runs to choose from, newest first."""
    choices = [(f"{run.name} · {run.status}", run.run_id) for run in reversed(runs)]
    return gr.update(choices=choices, value=shown.run_id if shown else None)


def new_run(defaults: RunConfig) -> NewRun:
    """Lay out the New-run panel; the page opens it from its button."""
    with gr.Column(elem_id="new-run"):
        gr.HTML("<h2>New run</h2><p>Fixed once the run has started.</p>", apply_default_css=False)
        name = gr.Textbox(label="Name", placeholder="named after its loss weights", max_length=60, elem_id="field-name")
        dataset = gr.Dropdown(
            sorted({*DATASETS, defaults.dataset}),
            value=defaults.dataset,
            label="Data set",
            info=DATASET_HELP,
            allow_custom_value=True,
            elem_id="field-dataset",
        )
        with gr.Row(elem_classes="fixed-fields"):
            numbers = {field: _fixed_number(field, getattr(defaults, field)) for field in FIXED_SETTINGS}
        with gr.Accordion("Losses and quantizer", open=False, elem_id="ways"), gr.Column(elem_classes="fixed-fields"):
            ways = {name: choice_field(name, getattr(defaults, name)) for name in CHOICES}
            numbers |= {field: _fixed_number(field, getattr(defaults, field)) for field in FINER_SETTINGS}
        gr.HTML(
            "<p>It starts with the loss weights and the learning rate as they stand on the page.</p>",
            apply_default_css=False,
        )
        start = gr.Button("▶ Start this run", variant="primary", size="sm", elem_id="start-new-run")
    return NewRun(name, {"dataset": dataset, **numbers, **ways}, start)


def choice_field(name: str, value: str) -> gr.Dropdown:
    """The menu of a setting of CHOICES."""
    choice = CHOICES[name]
    ways = [(f"{way.replace('_', ' ')} · {how.help}", way) for way, how in choice.ways.items()]
    label = choice.label.capitalize()
    return gr.Dropdown(ways, value=value, label=label, info=choice.help, filterable=False, elem_id=f"field-{name}")


def _fixed_number(name: str, value: float) -> gr.Number:
    setting = RUN_SETTINGS[name]
    label = f"{setting.label}, {setting.low:,g} to {setting.high:,g}" if name != "seed" else setting.label
    return gr.Number(value, label=label.capitalize(), info=setting.help, elem_id=f"field-{name}", min_width=120)
