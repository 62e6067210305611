"""The live view: one gr.HTML whose own script asks the hub for news and draws them in the browser.

Its value is a JSON text in both directions: the script says which run is on show, a callback answers with a `message`.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import Response

from explorer.errors import ExplorerError
from ui.actions import Actions
from ui.help import help_mark
from ui.hub import Hub
from ui.loading import on_load
from ui.packing import gzipped

STATIC = Path(__file__).parent / "static"
"""Served by the application at ASSETS."""

ASSETS = "/bench"
"""Not /assets or /static: those are Gradio's own."""


def template(name: str) -> str:
    """The skeleton of a view, with its help in place."""
    text = (STATIC / name).read_text(encoding="utf-8")
    return re.sub(r"@help:([\w-]+)@", lambda match: help_mark(match[1]), text)


def live_view(hub: Hub, actions: Actions, **settings: Any) -> gr.HTML:
    """The component; `settings` are handed to the script as its properties."""

    def act(command: object = None) -> dict[str, Any]:
        return actions.act(command)

    def poll(asked: object = None) -> Response:
        headers = {"Content-Encoding": "gzip", "Cache-Control": "no-store"}
        return Response(gzipped(hub.answer(asked)), media_type="application/json", headers=headers)

    return gr.HTML(
        "",
        html_template=template("run.html"),
        js_on_load=on_load("live.js", 'element, props, server, watch, sync: () => trigger("sync")'),
        apply_default_css=False,
        elem_id="live",
        server_functions=[poll, act],
        **settings,
    )


def on_show(state: object, name: str = "run") -> Any:
    """What the page says in the live view's value: the id of the run on show, or another entry; "" if there is none."""
    try:
        said = json.loads(state) if isinstance(state, str) else {}
    except ValueError:
        said = {}
    return said.get(name, "") if isinstance(said, dict) else ""


def tell(hub: Hub, state: object, act: Callable[[], object]) -> str:
    """Do something, and tell the page: that there is news, what `act` returns as a dict, or what went wrong, in words.

    Gradio's own messages are not used: those of listeners without a queue never reach the page (6.31).
    """
    try:
        outcome = act()
    except ExplorerError as error:
        outcome = {"error": str(error)}
    hub.touch()
    return message(state, **(outcome if isinstance(outcome, dict) else {}))


def message(state: object, **told: object) -> str:
    """A value for the live view that tells the page something, or just that there is news; the run on show stays in it."""
    return json.dumps({"run": on_show(state), "news": time.monotonic_ns(), **told})
