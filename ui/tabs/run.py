"""The Run tab: one run, watched and steered while it trains."""

from functools import partial
from typing import Any

import gradio as gr

from actors.lab import Lab
from explorer.config import RunConfig
from ui.bar import Bar, NewRun, bar, bar_updates, new_run, picker_update
from ui.controls import DIRECT, WeightControl, as_config, start_values, weight_control
from ui.help import help_mark
from ui.hub import Hub
from ui.live import live_view, message, on_show, tell
from ui.scales import SCALES

ENDED = ("stopped", "lost")


def build(lab: Lab, hub: Hub, defaults: RunConfig, refresh_seconds: float) -> None:
    """Lay the tab out and connect it to the lab."""
    with gr.Column(elem_id="bench"):
        controls = bar()
        scales = {name: scale.values for name, scale in SCALES.items()}
        live = live_view(hub, refresh=refresh_seconds, scales=scales)
        weights = _weights(start_values(defaults))
        fields = new_run(defaults)
        _settings(live, refresh_seconds)
    _connect_start(lab, hub, live, controls, fields, weights)
    _connect_verbs(lab, hub, live, controls)
    for control in weights:
        _connect_weight(lab, hub, live, control)
    _connect_sync(hub, live, controls, weights)


def _weights(values: dict[str, float]) -> list[WeightControl]:
    with gr.Column(elem_id="weights", elem_classes="panel"):
        gr.HTML(
            f"<header><h2>Loss weights</h2><small>apply to the next batch</small>{help_mark('weights')}</header>",
            apply_default_css=False,
        )
        rows = [weight_control(name, value) for name, value in values.items()]
        gr.HTML(
            "<p>Levels, codebook size, batch size, seed and data set are fixed for a run: change them in a new run.</p>",
            apply_default_css=False,
            elem_classes="fine-print",
        )
    return rows


def _settings(live: gr.HTML, refresh_seconds: float) -> None:
    with gr.Column(elem_id="settings"):
        refresh = gr.Slider(
            0.25,
            5,
            refresh_seconds,
            step=0.25,
            label="Refresh every … seconds",
            info="How often this page asks for news while it is visible.",
            elem_id="refresh",
            buttons=[],
        )
    refresh.input(lambda state, seconds: message(state, refresh=seconds), [live, refresh], live, **DIRECT)


def _connect_start(
    lab: Lab, hub: Hub, live: gr.HTML, controls: Bar, fields: NewRun, weights: list[WeightControl]
) -> None:
    def start_new(state: str, name: str, *values: Any) -> str:
        fixed = dict(zip(fields.fixed, values, strict=False))
        live_values = {control.name: value for control, value in zip(weights, values[len(fixed) :], strict=True)}
        start = partial(lab.start, name=name)
        return tell(hub, state, lambda: {"run": start(as_config(fixed, live_values)).run_id, "select": True})

    def start(state: str, *values: Any) -> str:
        run = hub.find(on_show(state))
        if run is None or not (run.status == "paused" or run.resumable):
            return start_new(state, *values)
        return tell(hub, state, lambda: lab.resume(run.run_id))

    settings = [live, fields.name, *fields.fixed.values(), *(control.number for control in weights)]
    controls.start.click(start, settings, live, **DIRECT)
    fields.start.click(start_new, settings, live, **DIRECT)
    controls.picker.input(lambda run: message("", run=run, select=True), controls.picker, live, **DIRECT)


def _connect_verbs(lab: Lab, hub: Hub, live: gr.HTML, controls: Bar) -> None:
    def act(verb: str, state: str) -> str:
        return tell(hub, state, lambda: getattr(lab, verb)(on_show(state)))

    for verb in ("pause", "step", "reset", "stop"):
        button: gr.Button = getattr(controls, verb)
        button.click(partial(act, verb), live, live, **DIRECT)


def _connect_weight(lab: Lab, hub: Hub, live: gr.HTML, control: WeightControl) -> None:
    """Slider and field follow each other, and both the run; a value that is refused puts them back."""

    def steer(state: str, value: float) -> None:
        run = hub.find(on_show(state))
        if run is None or run.status in ENDED or control.held_by(run) == value:
            return
        lab.set_live(run.run_id, {control.name: value})

    def slide(state: str, position: float) -> tuple[float, str]:
        value = control.scale.value(position)
        return value, tell(hub, state, lambda: steer(state, value))

    def enter(state: str, value: float | None, position: float) -> tuple[int, float, str]:
        told = tell(hub, state, lambda: steer(state, control.check(value)))
        run = hub.find(on_show(state))
        kept = control.scale.value(position) if run is None else control.held_by(run)
        now = kept if value is None or on_show(told, "error") else value
        return control.scale.position(now), now, told

    number, slider = control.number, control.slider
    slider.input(slide, [live, slider], [number, live], trigger_mode="always_last", **DIRECT)
    for entered in (number.submit, number.blur):
        entered(enter, [live, number, slider], [slider, number, live], **DIRECT)


def _connect_sync(hub: Hub, live: gr.HTML, controls: Bar, weights: list[WeightControl]) -> None:
    """Follow what happens to the runs, here or on another page.

    The script says when, and holds the weights back while they are in somebody's hand.
    """

    def sync(state: str) -> list[Any]:
        run = hub.find(on_show(state))
        updates: list[Any] = [gr.skip()] * sum(len(weight.parts) for weight in weights)
        if run is not None and run.status not in ENDED and not on_show(state, "hold"):
            updates = [update for weight in weights for update in weight.updates(run)]
        return [picker_update(hub.runs(), run), *bar_updates(run), *updates]

    outputs = [controls.picker, *controls.buttons, *(part for weight in weights for part in weight.parts)]
    live.sync(sync, live, outputs, trigger_mode="always_last", **DIRECT)
