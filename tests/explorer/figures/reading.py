"""What a figure holds: its axes, marks and words; and the runs that are drawn."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from explorer.config import RunConfig
from explorer.messages import Snapshot, View

STEPS = 30
CONFIG = RunConfig(levels=2, codebook_size=16, batch_size=32)


def view_of(sample, config: RunConfig, steps: int = 0) -> View:
    from explorer.training.trainer import Trainer

    trainer = Trainer(config, sample)
    for _ in range(steps):
        trainer.step(config)
    return trainer.view(config)


def snapshot_of(view: View | None, step: int = 0, losses: dict[str, float] | None = None) -> Snapshot:
    return Snapshot(
        run_id="tried",
        version=1,
        generation=0,
        status="stopped",
        reason="",
        step=step,
        epoch=0.2,
        steps_per_second=0.0,
        device="CPU",
        data_source="embedded sample, 5,000 digits",
        live=CONFIG.live,
        since={},
        losses=losses or {},
        view=view,
    )


def axes_of(figure: Figure, label: str):
    return next(axes for axes in figure.axes if axes.get_label() == label)


def marks(axes, label: str):
    return next(collection for collection in axes.collections if collection.get_label() == label)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def rows(array) -> np.ndarray:
    """The rows in an order of their own, to compare sets of points."""
    array = np.asarray(array, np.float64)
    return array[np.lexsort(array.T)]
