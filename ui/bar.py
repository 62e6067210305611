"""The bar: which run is on show and what can be done to it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from actors.lab import RunInfo
from ui.help import help_mark

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
