"""The names of a step's metrics, as paths: `loss/recon`, `codebook/perplexity/0`. Levels count from 0."""

import math
from collections.abc import Mapping

from explorer.messages import Health
from explorer.settings import LAMBDA_SETTINGS


def step_metrics(losses: Mapping[str, float], health: Health) -> dict[str, float]:
    """What the curves and history.csv hold of a step, by name."""
    terms = ("recon", *LAMBDA_SETTINGS, "total")
    metrics = {f"loss/{name}": losses.get(name, math.nan) for name in terms}  # NaN: not computed while its weight is 0
    if "mse" in losses:  # beside a reconstruction loss that is another
        metrics["loss/mse"] = losses["mse"]
    for level, (active, perplexity) in enumerate(zip(health.active, health.perplexity, strict=True)):
        metrics[f"codebook/active/{level}"] = float(active)
        metrics[f"codebook/perplexity/{level}"] = float(perplexity)
    return metrics
