"""What a step tells is what it was, whenever it is read."""

from dataclasses import fields

import numpy as np
import pytest

from explorer.config import RunConfig
from explorer.messages import Health
from explorer.training.health import health
from explorer.training.trained import Trained
from explorer.training.trainer import Trainer

CONFIG = RunConfig(batch_size=8, codebook_size=8, seed=3, dead_window=4)


@pytest.mark.parametrize("remedy", ["none", "reinit"])
def test_what_is_read_after_later_steps_is_what_was_read_at_once(sample, remedy: str) -> None:
    late, soon = (Trainer(CONFIG, sample, resident=False) for _ in range(2))
    later = CONFIG.with_live({"dead_window": 9, "dead_threshold": 0.2})
    told = []
    for now, steps in ((CONFIG, 12), (later, 3)):
        told += late.train(now, steps)
        if remedy != "none":
            late.cure(remedy, now)
    seen = []
    for now, steps in ((CONFIG, 12), (later, 3)):
        seen += [(soon.step(now), soon.health(now)) for _ in range(steps)]
        if remedy != "none":
            soon.cure(remedy, now)
    assert len(told) == 15
    for trained, (losses, use) in zip(told, seen, strict=True):
        assert trained.losses == losses
        for field in fields(Health):
            np.testing.assert_array_equal(getattr(trained.health, field.name), getattr(use, field.name), field.name)
    assert not np.array_equal(seen[-1][1].counts, seen[0][1].counts)


def test_it_is_read_once_and_only_when_it_is_asked_for() -> None:
    asked: list[str] = []
    use = health(np.ones((2, 4), np.int32), 1)

    def read() -> dict[str, float]:
        asked.append("losses")
        return {"total": 1.0}

    def measure() -> Health:
        asked.append("health")
        return use

    trained = Trained(read, measure)
    assert asked == []
    assert trained.losses is trained.losses
    assert asked == ["losses"]
    assert trained.health is trained.health is use
    assert asked == ["losses", "health"]
