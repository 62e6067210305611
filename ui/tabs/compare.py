"""The Compare tab: many runs side by side. One gr.HTML whose own script draws them, and asks for what is done to them."""

from dataclasses import asdict
from typing import Any

import gradio as gr
from fastapi import Response

from explorer.choices import Choice
from explorer.config import RunConfig, value_of
from explorer.settings import LIVE_SETTINGS, Setting, Sizes
from explorer.sweep import AXES, MAX_RUNS, value_text
from ui.actions import Actions
from ui.cures import cures_json
from ui.effects import NO_EFFECT
from ui.groups import COMMON, MAIN, fixed_groups, live_groups
from ui.hub import MOST_RUNS, Hub
from ui.live import template
from ui.loading import on_load
from ui.new_run import DATASETS
from ui.packing import gzipped
from ui.presets import gallery
from ui.scales import SCALES


def build(hub: Hub, actions: Actions, defaults: RunConfig, refresh_seconds: float) -> None:
    """Lay the tab out."""

    def poll_many(asked: object = None) -> Response:
        headers = {"Content-Encoding": "gzip", "Cache-Control": "no-store"}
        return Response(gzipped(hub.answer_many(asked)), media_type="application/json", headers=headers)

    def act(command: object = None) -> dict[str, Any]:
        return actions.act(command)

    gr.HTML(
        "",
        html_template=template("compare.html"),
        js_on_load=on_load("compare/main.js", "element, props, server"),
        apply_default_css=False,
        elem_id="compare",
        server_functions=[poll_many, act],
        refresh=refresh_seconds,
        settings=settings(defaults),
    )


def settings(defaults: RunConfig) -> dict[str, Any]:
    """What the script makes its controls from."""
    axes = {
        name: {
            "label": setting.label,
            "live": name in LIVE_SETTINGS,
            "help": setting.help,
            "default": _plain(value_of(defaults, name)),
            "example": _example(setting, value_of(defaults, name)),
            **_shape(setting),
        }
        for name, setting in AXES.items()
    }
    return {
        "axes": axes,
        "live": {"": list(MAIN), **live_groups()},
        "fixed": {"": list(COMMON), **fixed_groups()},
        "scales": {name: list(scale.values) for name, scale in SCALES.items()},
        "no_effect": {name: asdict(rule) for name, rule in NO_EFFECT.items()},
        **cures_json(),
        "datasets": sorted({*DATASETS, defaults.dataset}),
        "dataset": defaults.dataset,
        "presets": gallery(),
        "most_runs": MOST_RUNS,
        "most_started": MAX_RUNS,
    }


def _shape(setting: Setting | Choice) -> dict[str, Any]:
    """Which values there are."""
    if isinstance(setting, Choice):
        return {"ways": {name: way.help for name, way in setting.ways.items()}}
    if isinstance(setting, Sizes):
        return {"sizes": True}
    return {"low": setting.low, "high": setting.high, "whole": setting.whole}


def _plain(value: Any) -> Any:
    """Sizes of levels as people write them."""
    return value_text(value) if isinstance(value, tuple) else value


def _example(setting: Setting | Choice, default: Any) -> str:
    """A list of values, as it may be typed."""
    if isinstance(setting, Choice):
        return ", ".join(setting.ways)
    if isinstance(setting, Sizes):
        return "8, 16/8, 32"
    values = (
        (default, 2 * default + 1) if setting.whole else (default / 5, default, 4 * default) if default else (0, 0.1, 1)
    )
    return ", ".join(value_text(min(max(value, setting.low), setting.high)) for value in values)
