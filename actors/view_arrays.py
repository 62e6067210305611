"""A view as named arrays, and back: what npz files hold."""

from collections.abc import Mapping
from typing import Any

from explorer.messages import Health, View

_HEALTH = ("counts", "dead", "active", "usage", "perplexity")
_IMAGES = ("codebooks", "latents", "codes", "labels", "inputs", "reconstructions")


def view_arrays(view: View) -> dict[str, Any]:
    """Every array and number of it, by its name in `explorer.messages`."""
    health = {name: getattr(view.health, name) for name in (*_HEALTH, "window", "threshold")}
    return {name: getattr(view, name) for name in _IMAGES} | health | {"probe_mse": view.probe_mse}


def view_of(arrays: Mapping[str, Any]) -> View:
    """The view that was taken apart. Raises KeyError if something is missing."""
    health = {name: arrays[name] for name in _HEALTH}
    return View(
        health=Health(window=int(arrays["window"]), threshold=float(arrays["threshold"]), **health),
        probe_mse=float(arrays["probe_mse"]),
        **{name: arrays[name] for name in _IMAGES},
    )
