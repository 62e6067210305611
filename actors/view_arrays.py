"""A view as named arrays, and back: what npz files hold."""

from collections.abc import Mapping
from typing import Any

from explorer.messages import Health, View

_HEALTH = ("counts", "dead", "active", "usage", "perplexity")
_ARRAYS = (
    "codebooks",
    "latents",
    "codes",
    "labels",
    "inputs",
    "reconstructions",
    "basis",
    "by_level",
    "residual_ratio",
    "motion",
)
_NUMBERS = {"probe_mse": float, "explained": float, "tuples": int}


def view_arrays(view: View) -> dict[str, Any]:
    """Every array and number of it, by its name in `explorer.messages`."""
    health = {name: getattr(view.health, name) for name in (*_HEALTH, "sizes", "window", "threshold")}
    return {name: getattr(view, name) for name in (*_ARRAYS, *_NUMBERS)} | health


def view_of(arrays: Mapping[str, Any]) -> View:
    """The view that was taken apart. Raises KeyError if something is missing."""
    health = {name: arrays[name] for name in _HEALTH}
    sizes = tuple(int(size) for size in arrays["sizes"])
    window, threshold = int(arrays["window"]), float(arrays["threshold"])
    return View(
        health=Health(sizes=sizes, window=window, threshold=threshold, **health),
        **{name: arrays[name] for name in _ARRAYS},
        **{name: kind(arrays[name]) for name, kind in _NUMBERS.items()},
    )
