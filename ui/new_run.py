"""The panel of a new run's fixed settings: the common ones in sight, the rest in groups behind “Losses and quantizer”."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from explorer.choices import CHOICES
from explorer.config import DATASET_HELP, RunConfig, value_of
from explorer.errors import ExplorerError
from explorer.settings import RUN_SETTINGS, Sizes
from explorer.sweep import value_text
from ui.controls import as_config
from ui.groups import COMMON, fixed_groups

DATASETS = ("mnist", "fashion_mnist", "kmnist")
Field = gr.Dropdown | gr.Number | gr.Textbox


@dataclass(frozen=True, slots=True)
class NewRun:
    """The fields of the New-run panel; `fixed` by the names of RunConfig."""

    name: gr.Textbox
    fixed: dict[str, Field]
    note: gr.HTML
    start: gr.Button


def new_run(defaults: RunConfig) -> NewRun:
    """Lay out the New-run panel; the page opens it from its button."""
    with gr.Column(elem_id="new-run"):
        gr.HTML(
            "<h2>New run</h2><p>Fixed once it has started; loss weights are taken as they stand on the page.</p>",
            apply_default_css=False,
        )
        with gr.Row(elem_classes="fixed-fields"):
            name = gr.Textbox(
                label="Name",
                info="What the page calls it.",
                placeholder="named after its loss weights",
                max_length=60,
                elem_id="field-name",
            )
            dataset = _dataset(defaults.dataset)
        with gr.Row(elem_classes=["fixed-fields", "three"]):
            common = {field: _field(field, defaults) for field in COMMON}
        with gr.Accordion("Losses and quantizer", open=False, elem_id="ways"):
            finer = _finer(defaults)
        with gr.Row(elem_classes="new-run-foot"):
            note = gr.HTML(note_html(said_of(defaults)), apply_default_css=False)
            start = gr.Button("▶ Start this run", variant="primary", size="sm", elem_id="start-new-run")
    return NewRun(name, {"dataset": dataset, **common, **finer}, note, start)


def _dataset(name: str) -> gr.Dropdown:
    choices = sorted({*DATASETS, name})
    said: dict[str, Any] = {"label": "Data set", "info": DATASET_HELP, "elem_id": "field-dataset"}
    return gr.Dropdown(choices, value=name, allow_custom_value=True, **said)


def _finer(defaults: RunConfig) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for head, names in fixed_groups().items():
        gr.HTML(f"<h3>{head}</h3>", apply_default_css=False)
        with gr.Column(elem_classes="fixed-fields"):
            fields |= {name: _field(name, defaults) for name in names}
    return fields


def _field(name: str, defaults: RunConfig) -> Field:
    value = value_of(defaults, name)
    if name in CHOICES:
        return _choice(name, value)
    setting = RUN_SETTINGS[name]
    said: dict[str, Any] = {"info": setting.help, "elem_id": f"field-{name}", "min_width": 120}
    label = f"{setting.label}, {setting.low:,g} to {setting.high:,g}" if name != "seed" else setting.label
    if isinstance(setting, Sizes):
        return gr.Textbox(value_text(value), label=label.capitalize(), max_length=60, **said)
    return gr.Number(value, label=label.capitalize(), **said)


def _choice(name: str, value: str) -> gr.Dropdown:
    choice = CHOICES[name]
    ways = [(f"{way.replace('_', ' ')} · {how.help}", way) for way, how in choice.ways.items()]
    label = choice.label.capitalize()
    return gr.Dropdown(ways, value=value, label=label, info=choice.help, filterable=False, elem_id=f"field-{name}")


def checked(fixed: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the panel says of its fields as they stand, and whether a run can be started with them."""
    try:
        said, good = said_of(as_config(dict(fixed), {})), True
    except ExplorerError as error:
        said, good = str(error), False
    return gr.update(value=note_html(said, good=good)), gr.update(interactive=good)


def said_of(config: RunConfig) -> str:
    """A config's codebooks, and what they can tell apart."""
    sizes = config.sizes
    same = len(set(sizes)) == 1
    levels = f"{len(sizes)} level{'s'[: len(sizes) != 1]} of {sizes[0] if same else value_text(sizes)} codes"
    return f"{levels} in {config.latent_dim} dimensions: at most {sum(map(math.log2, sizes)):.3g} bits an image"


def note_html(said: str, *, good: bool = True) -> str:
    """The panel's line above its button."""
    return f'<p role="status" data-testid="new-run-note" data-kind="{"good" if good else "bad"}">{escape(said)}</p>'
