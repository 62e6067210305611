"""Runs' colours are told apart by everybody."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from explorer import palette

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colours) -> np.ndarray:
    values = np.array([to_rgb(colour) for colour in colours])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson 2020, from linear RGB: a distance of 0.02 is just noticeable."""
    cones = [
        [0.41222147, 0.53633254, 0.05144599],
        [0.2119035, 0.68069954, 0.10739696],
        [0.08830246, 0.28171884, 0.62997870],
    ]
    mixed = [
        [0.21045426, 0.79361779, -0.00407205],
        [1.9779985, -2.4285922, 0.45059371],
        [0.0259040, 0.78277177, -0.80867577],
    ]
    return np.cbrt(np.clip(rgb, 0, 1) @ np.transpose(cones)) @ np.transpose(mixed)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(("count", "least"), [(2, 0.3), (4, 0.15), (8, 0.08), (16, 0.06)])
def test_the_first_run_colours_are_told_apart_with_any_colour_vision(eyes, count, least):
    places = oklab(linear(palette.RUN_COLOURS[:count]) @ np.transpose(EYES[eyes]))
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)[~np.eye(count, dtype=bool)]
    assert apart.min() > least


def test_every_run_colour_stands_out_from_the_panel():
    luminance = linear(palette.RUN_COLOURS) @ [0.2126, 0.7152, 0.0722]
    assert len(set(palette.RUN_COLOURS)) == 16
    assert (1.05 / (luminance + 0.05)).min() >= 3
