"""What is drawn: views of runs that were really trained."""

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
