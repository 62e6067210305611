"""Presets as the page and the API tell them."""

from typing import Any

from explorer.choices import CHOICES
from explorer.presets import PRESETS, Preset
from explorer.sweep import differing, label_of, worded


def preset_dict(preset: Preset) -> dict[str, Any]:
    """A preset as JSON, with its runs for seed 0."""
    runs = zip(preset.names, preset.configs(), strict=True)
    return {
        "preset": preset.name,
        "title": preset.title,
        "text": preset.text,
        "steps": preset.steps,
        "runs": [{"name": name, "config": config.to_dict()} for name, config in runs],
    }


def gallery() -> list[dict[str, Any]]:
    """What the page's cards are made from."""
    return [
        {"preset": preset.name, "title": preset.title, "text": preset.text, "steps": preset.steps, **_apart(preset)}
        for preset in PRESETS.values()
    ]


def _apart(preset: Preset) -> dict[str, Any]:
    """How many runs, and in a few words what differs: "λ_commit 0.25, 1, 4"; ways speak for themselves."""
    configs = preset.configs()
    parts = []
    for name in differing(configs):
        values = ", ".join(dict.fromkeys(worded(config, name).replace("_", " ") for config in configs))
        parts.append(values if name in CHOICES else f"{label_of(name)} {values}")
    return {"runs": len(configs), "apart": " · ".join(parts)}
