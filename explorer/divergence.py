"""How far two runs have come apart, at the steps at which both were seen. Pure numpy."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from explorer.errors import ExplorerError
from explorer.messages import Probes


@dataclass(frozen=True, slots=True, eq=False)
class Divergence:
    """Of two runs, by step.

    `codes`: share of probe images with another code at a level; `distance`: RMS distance of codes of equal index; `mse`:
    probe MSE of b minus that of a.
    """

    steps: Int[np.ndarray, " N"]
    codes: Float[np.ndarray, "N L"]
    distance: Float[np.ndarray, "N L"]
    mse: Float[np.ndarray, " N"]


def divergence(a: Probes, b: Probes) -> Divergence:
    """Of runs with as many levels and codes each; raises ExplorerError for others."""
    shapes = [probes.codebooks.shape[1:] for probes in (a, b)]
    if shapes[0] != shapes[1]:
        words = " and ".join(f"{levels} levels of {size} codes" for levels, size, _ in shapes)
        raise ExplorerError(f"codes can only be compared between codebooks of one shape; these have {words}")
    steps, in_a, in_b = np.intersect1d(a.steps, b.steps, return_indices=True)
    if not len(steps):
        return Divergence(steps, np.zeros((0, shapes[0][0])), np.zeros((0, shapes[0][0])), np.zeros(0))
    other = (a.codes[in_a] != b.codes[in_b]).mean(axis=1)
    apart = a.codebooks[in_a].astype(float) - b.codebooks[in_b]
    distance = np.sqrt((apart**2).sum(axis=-1).sum(axis=-1) / _codes(a, b))
    return Divergence(steps, other, distance, b.mse[in_b].astype(float) - a.mse[in_a])


def _codes(a: Probes, b: Probes) -> Float[np.ndarray, " L"]:
    """How many codes each level has: rows that stay 0 in both runs are padding of a level that is smaller than another."""
    used = (a.codebooks != 0).any(axis=(0, -1)) | (b.codebooks != 0).any(axis=(0, -1))
    return np.maximum(used.sum(axis=-1), 1)
