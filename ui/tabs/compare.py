"""The Compare tab: many runs side by side. One gr.HTML whose own script draws them, and asks for what is done to them."""

from typing import Any

import gradio as gr
from fastapi import Response

from explorer.choices import CHOICES, Choice
from explorer.config import RunConfig
from explorer.settings import LIVE_SETTINGS, RUN_SETTINGS, Setting
from explorer.sweep import AXES, MAX_RUNS, value_of
from ui.actions import Actions
from ui.bar import DATASETS
from ui.hub import MOST_RUNS, Hub
from ui.live import template
from ui.packing import gzipped
from ui.presets import gallery
from ui.scales import SCALES

ON_LOAD = """
import(new URL("bench/compare/main.js", document.baseURI))
  .then((page) => page.start({ element, props, server }))
  .catch((error) => {
    element.querySelector(".stage-title").textContent = "The page could not be loaded completely";
    element.querySelector(".stage-text").textContent = `Reload it; if that does not help: ${error.message}`;
  });
"""


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
        js_on_load=ON_LOAD,
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
            "default": value_of(defaults, name),
            **_shape(setting),
        }
        for name, setting in AXES.items()
    }
    numbers = [name for name in RUN_SETTINGS if name in AXES and name not in LIVE_SETTINGS]
    return {
        "axes": axes,
        "live": list(LIVE_SETTINGS),
        "fixed": [*numbers, *CHOICES],
        "scales": {name: scale.values for name, scale in SCALES.items()},
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
    return {"low": setting.low, "high": setting.high, "whole": setting.whole}
