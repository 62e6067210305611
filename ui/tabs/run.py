"""The Run tab: one run, watched and steered while it trains."""

from functools import partial
from typing import Any

import gradio as gr

from actors.lab import Lab
from explorer.config import RunConfig
from ui.actions import Actions
from ui.bar import Bar, bar, bar_updates, picker_update
from ui.controls import DIRECT, Controls, WeightControl, as_config, dependants, steered, weights_panel
from ui.cures import cures_json
from ui.hub import Hub
from ui.live import live_view, message, on_show, tell
from ui.new_run import NewRun, checked, new_run
from ui.scales import SCALES

ENDED = ("stopped", "lost")


def build(lab: Lab, hub: Hub, actions: Actions, defaults: RunConfig, refresh_seconds: float) -> None:
    """Lay the tab out and connect it to the lab."""
    with gr.Column(elem_id="bench"):
        controls = bar()
        scales = {name: list(scale.values) for name, scale in SCALES.items()}
        live = live_view(hub, actions, refresh=refresh_seconds, scales=scales, **cures_json())
        weights = weights_panel(defaults.live)
        fields = new_run(defaults)
        _settings(live, refresh_seconds)
    _connect_start(lab, hub, live, controls, fields, weights)
    _connect_checks(fields)
    _connect_verbs(lab, hub, live, controls)
    for control in weights.values():
        _connect_weight(lab, hub, live, control, dependants(weights, control.name))
    _connect_sync(hub, live, controls, weights)


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


def _connect_start(lab: Lab, hub: Hub, live: gr.HTML, controls: Bar, fields: NewRun, weights: Controls) -> None:
    def start_new(state: str, name: str, *values: Any) -> str:
        fixed = dict(zip(fields.fixed, values, strict=False))
        live_values = dict(zip(weights, values[len(fixed) :], strict=True))
        start = partial(lab.start, name=name)
        return tell(hub, state, lambda: {"run": start(as_config(fixed, live_values)).run_id, "select": True})

    def start(state: str, *values: Any) -> str:
        run = hub.find(on_show(state))
        if run is None or not (run.status == "paused" or run.resumable):
            return start_new(state, *values)
        return tell(hub, state, lambda: lab.resume(run.run_id))

    settings = [live, fields.name, *fields.fixed.values(), *(control.number for control in weights.values())]
    controls.start.click(start, settings, live, **DIRECT)
    fields.start.click(start_new, settings, live, **DIRECT)
    controls.picker.input(lambda run: message("", run=run, select=True), controls.picker, live, **DIRECT)


def _connect_verbs(lab: Lab, hub: Hub, live: gr.HTML, controls: Bar) -> None:
    def act(verb: str, state: str) -> str:
        return tell(hub, state, lambda: getattr(lab, verb)(on_show(state)))

    for verb in ("pause", "step", "reset", "stop"):
        button: gr.Button = getattr(controls, verb)
        button.click(partial(act, verb), live, live, **DIRECT)


def _connect_weight(lab: Lab, hub: Hub, live: gr.HTML, control: WeightControl, dependent: list[WeightControl]) -> None:
    """Slider and field follow each other, and both the run; a value that is refused puts them back.

    `dependent` controls show at once whether they have an effect now.
    """

    def steer(state: str, value: float) -> None:
        run = hub.find(on_show(state))
        if run is None or run.status in ENDED or run.live[control.name] == value:
            return
        lab.set_live(run.run_id, {control.name: value})

    def after(state: str, value: float) -> list[dict[str, Any]]:
        run = hub.find(on_show(state))
        if run is None or run.status in ENDED:
            return [gr.skip() for weight in dependent for _ in weight.parts]
        soon = steered(run, control.name, value)
        return [update for weight in dependent for update in weight.updates(soon, hold=True)]

    def slide(state: str, position: float) -> list[Any]:
        value = control.scale.value(position)
        return [value, tell(hub, state, lambda: steer(state, value)), *after(state, value)]

    def enter(state: str, value: float | None, position: float) -> list[Any]:
        told = tell(hub, state, lambda: steer(state, control.check(value)))
        run = hub.find(on_show(state))
        kept = control.scale.value(position) if run is None else run.live[control.name]
        now = kept if value is None or on_show(told, "error") else value
        return [control.scale.position(now), now, told, *after(state, now)]

    number, slider = control.number, control.slider
    others = [part for weight in dependent for part in weight.parts]
    slider.input(slide, [live, slider], [number, live, *others], trigger_mode="always_last", **DIRECT)
    for entered in (number.submit, number.blur):
        entered(enter, [live, number, slider], [slider, number, live, *others], **DIRECT)


def _connect_sync(hub: Hub, live: gr.HTML, controls: Bar, weights: Controls) -> None:
    """Follow what happens to the runs, here or on another page.

    The script says when, and holds the weights' values back while they are in somebody's hand.
    """
    parts = [part for weight in weights.values() for part in weight.parts]

    def sync(state: str) -> list[Any]:
        run = hub.find(on_show(state))
        updates: list[Any] = [gr.skip()] * len(parts)
        if run is not None and run.status not in ENDED:
            hold = bool(on_show(state, "hold"))
            updates = [update for weight in weights.values() for update in weight.updates(run, hold=hold)]
        return [picker_update(hub.runs(), run), *bar_updates(run), *updates]

    live.sync(sync, live, [controls.picker, *controls.buttons, *parts], trigger_mode="always_last", **DIRECT)


def _connect_checks(fields: NewRun) -> None:
    """The New-run panel says at once what its fields make, or what is wrong with them."""

    def check(*values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return checked(dict(zip(fields.fixed, values, strict=True)))

    # A text field's `input` is its keys' only (Gradio 6.31): what is pasted or deleted is a `change`.
    edited = [field.change if isinstance(field, gr.Textbox) else field.input for field in fields.fixed.values()]
    gr.on(edited, check, list(fields.fixed.values()), [fields.note, fields.start], trigger_mode="always_last", **DIRECT)
