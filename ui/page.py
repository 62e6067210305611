"""The whole page: its head, its tabs, its looks. The application mounts it with THEME and HEAD."""

import gradio as gr
from gradio import themes

from actors.comparisons import Comparisons
from actors.lab import Lab
from explorer.config import RunConfig
from ui.actions import Actions
from ui.hub import Hub
from ui.live import ASSETS
from ui.tabs import cluster, compare, run

TITLE = "RQ-VAE Explorer"
THEME = themes.Default(
    primary_hue=themes.colors.indigo,
    secondary_hue=themes.colors.indigo,
    neutral_hue=themes.colors.slate,
    font=("system-ui", "sans-serif"),
    font_mono=("ui-monospace", "monospace"),
)
CSS = ""
"""Nothing: the style sheets are linked in HEAD, where Gradio does not rewrite their selectors."""
STYLES = (
    "base.css",
    "planes.css",
    "panels.css",
    "diagnosis.css",
    "lifetimes.css",
    "controls.css",
    "weights.css",
    "badges.css",
    "forms.css",
    "bench.css",
    "compare.css",
    "compare-cards.css",
    "compare-sheets.css",
    "compare-panels.css",
    "compare-presets.css",
    "compare-charts.css",
    "cluster.css",
)
HEAD = "".join(f'<link rel="stylesheet" href="{ASSETS[1:]}/{name}">' for name in STYLES)
MASTHEAD = """
<h1>RQ-VAE Explorer</h1>
<span class="lab"><span data-testid="data-source"></span><span data-testid="lab"></span>
<button type="button" id="settings-button" class="quiet" aria-label="Settings of this page">⚙</button></span>
"""


def build_page(lab: Lab, comparisons: Comparisons, refresh_seconds: float = 0.5, dataset: str = "mnist") -> gr.Blocks:
    """The page over a lab. It keeps no state of its own: a reload, or another browser, finds the runs as they are."""
    hub, defaults = Hub(lab), RunConfig(dataset=dataset)
    actions = Actions(lab, hub, comparisons)
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(MASTHEAD, apply_default_css=False, elem_id="masthead")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Run", id="run"):
                run.build(lab, hub, actions, defaults, refresh_seconds)
            with gr.Tab("Compare", id="compare", render_children=True):
                compare.build(hub, actions, defaults, refresh_seconds)
            with gr.Tab("Cluster", id="cluster", render_children=True):
                cluster.build(lab, hub)
    return page
