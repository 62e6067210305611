"""A run that was really trained, for all figures."""

import pytest

from explorer.curves import Curves
from explorer.messages import History, Snapshot, View
from tests.explorer.figures.drawn import CONFIG, STEPS, snapshot_of


@pytest.fixture(scope="session")
def trained(sample) -> tuple[Snapshot, History]:
    from explorer.training.trainer import Trainer

    trainer = Trainer(CONFIG, sample)
    curves = Curves()
    losses = {}
    for _ in range(STEPS):
        losses = trainer.step(CONFIG) or {}
        perplexity = {f"codebook/perplexity/{i}": float(p) for i, p in enumerate(trainer.health(CONFIG).perplexity)}
        curves.add({f"loss/{name}": value for name, value in losses.items()} | perplexity)
    history = History("tried", 0, curves.stride, *curves.since(0), ())
    return snapshot_of(trainer.view(CONFIG), step=STEPS, losses=losses), history


@pytest.fixture(scope="session")
def view(trained) -> View:
    return trained[0].view
