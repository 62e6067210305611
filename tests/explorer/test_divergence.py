"""How far two runs have come apart, against figures computed by hand and code by code."""

import numpy as np
import pytest

from explorer.divergence import divergence
from explorer.errors import ExplorerError
from explorer.messages import Probes


def probes(steps: list[int], seed: int, levels: int = 2, size: int = 4, images: int = 6) -> Probes:
    random = np.random.default_rng(seed)
    count = len(steps)
    per_level = np.ones((count, levels), np.float32)
    return Probes(
        "run-a",
        0,
        np.array(steps, np.int32),
        random.normal(size=(count, levels, size, 2)).astype(np.float32),
        random.integers(0, size, (count, images, levels)).astype(np.uint8),
        random.uniform(size=count).astype(np.float32),
        per_level,
        per_level,
        np.zeros((count, levels, size), np.float16),
    )


def test_only_steps_that_both_runs_were_seen_at_count() -> None:
    apart = divergence(probes([0, 50, 100, 150], 1), probes([50, 150, 200], 2))
    assert apart.steps.tolist() == [50, 150]
    assert apart.codes.shape == apart.distance.shape == (2, 2)


def test_shares_distances_and_differences_are_those_counted_one_by_one() -> None:
    a, b = probes([0, 50], 1), probes([50, 100], 2)
    apart = divergence(a, b)
    for level in range(2):
        others = sum(a.codes[1, image, level] != b.codes[0, image, level] for image in range(6))
        assert others > 0
        assert apart.codes[0, level] == pytest.approx(others / 6)
        squares = [np.sum((a.codebooks[1, level, k] - b.codebooks[0, level, k]) ** 2) for k in range(4)]
        assert apart.distance[0, level] == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-5)
    assert apart.mse[0] == pytest.approx(b.mse[0] - a.mse[1], rel=1e-5)


def test_runs_that_were_never_seen_at_one_step_have_nothing_to_show() -> None:
    assert len(divergence(probes([0], 1), probes([50], 2)).steps) == 0


def test_codebooks_of_other_shapes_are_refused_in_words() -> None:
    with pytest.raises(ExplorerError, match="these have 2 levels of 4 codes and 3 levels of 8 codes"):
        divergence(probes([0], 1), probes([0], 2, levels=3, size=8))
