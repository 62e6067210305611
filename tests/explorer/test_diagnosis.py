"""What is said of a run follows from its figures, each thing with its reason."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.config import Lambdas, RunConfig
from explorer.diagnosis import badges
from explorer.messages import Event, Health, History, Snapshot, View, empty_snapshot

CONFIG = RunConfig(levels=2, codebook_size=4)


def view_of(active=(4, 4), perplexity=(4.0, 4.0), ratio=(0.2, 0.5), sizes=(4, 4), window=100, threshold=0.01) -> View:
    levels, size = len(sizes), max(sizes)
    dead = np.arange(size) >= np.array(active)[:, np.newaxis]
    counts = np.where(dead, 0, 9)
    use = np.array(active) / np.array(sizes)
    health = Health(sizes, window, threshold, counts, dead, np.array(active), use, np.array(perplexity))
    grey = np.zeros((10, 28, 28), np.uint8)
    return View(
        codebooks=np.zeros((levels, size, 2), np.float32),
        health=health,
        latents=np.zeros((5, 2), np.float32),
        codes=np.zeros((5, levels), np.uint16),
        labels=np.zeros(5, np.uint8),
        inputs=grey,
        reconstructions=grey,
        probe_mse=0.05,
        basis=np.eye(2, dtype=np.float32),
        explained=1.0,
        by_level=np.stack([grey] * levels),
        residual_ratio=np.array(ratio, np.float32),
        tuples=7,
        motion=np.zeros((levels, size), np.float32),
    )


def said(config: RunConfig = CONFIG, history: History | None = None, **figures) -> list[tuple[str, str, int | None]]:
    snapshot: Snapshot = replace(empty_snapshot("run-1", "running", "", config.live), view=view_of(**figures))
    return [(badge.tone, badge.words, badge.level) for badge in badges(config, snapshot, history)]


def history_of(loss: np.ndarray, *events: Event) -> History:
    steps = np.arange(1, len(loss) + 1, dtype=np.int32)
    return History("run-1", 0, 1, steps, {"loss/recon": loss.astype(np.float32)}, events)


def test_before_there_is_a_model_nothing_is_said() -> None:
    assert badges(CONFIG, empty_snapshot("run-1", "pending", "", CONFIG.live)) == []


def test_a_healthy_run_is_called_healthy_and_an_untrained_one_is_not() -> None:
    assert said() == [("good", "both levels healthy", None)]
    assert said(window=0) == [("note", "no batch yet", None)]


def test_many_dead_codes_are_bad_and_told_as_a_share_of_their_level() -> None:
    assert said(active=(4, 3)) == [("bad", "level 2: 25% dead", 1)]
    sizes = (16, 16)
    assert said(RunConfig(), active=(4, 16), perplexity=(3, 9), sizes=sizes) == [("bad", "level 1: 75% dead", 0)]


def test_few_dead_codes_are_a_warning_with_their_number() -> None:
    sizes = (16, 16)
    assert said(RunConfig(), active=(16, 14), perplexity=(9, 9), sizes=sizes) == [("warn", "level 2: 2 of 16 dead", 1)]


def test_a_level_that_nearly_always_chooses_one_code_is_collapsed_not_merely_dead() -> None:
    assert said(active=(1, 4), perplexity=(1.0, 3.9)) == [("bad", "level 1 collapsed", None)]
    assert said(active=(1, 1), perplexity=(1.0, 1.2)) == [("bad", "both levels collapsed", None)]


def test_dead_codes_of_a_level_that_is_large_for_the_threshold_are_told_so() -> None:
    config = RunConfig(levels=1, codebook_size=256)
    snapshot = replace(
        empty_snapshot("run-1", "running", "", config.live),
        view=view_of(active=(128,), perplexity=(200.0,), ratio=(0.1,), sizes=(256,)),
    )
    [badge] = badges(config, snapshot)
    assert "even use is 0.39% each" in badge.advice


def test_a_level_that_leaves_more_over_than_came_in_makes_it_worse() -> None:
    assert said(ratio=(0.2, 1.3)) == [("warn", "level 2 makes it worse (residual ratio 1.3)", 1)]
    assert said(ratio=(0.2, float("nan"))) == [("good", "both levels healthy", None)]


def test_a_loss_that_rises_since_a_change_names_the_change() -> None:
    change = Event(100, "setting", {"name": "commit", "old": 0.25, "new": 4.0})
    rising = history_of(np.where(np.arange(1, 201) < 100, 0.05, 0.06), change)
    assert said(history=rising) == [("warn", "loss is rising since λ_commit changed at step 100", None)]
    level = history_of(np.full(200, 0.05), change)
    assert said(history=level) == [("good", "both levels healthy", None)]
    early = history_of(np.where(np.arange(1, 121) < 100, 0.05, 0.06), change)
    assert said(history=early) == [("good", "both levels healthy", None)], "twenty steps are too few to tell"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (replace(CONFIG, codebook_update="ema"), "λ_codebook has no effect under EMA"),
        (replace(CONFIG, lambdas=Lambdas(codebook=0)), "codes stand still: λ_codebook is 0"),
        (replace(CONFIG, learning_rate=0), "nothing learns: the learning rate is 0"),
    ],
)
def test_settings_that_do_nothing_are_noted_beside_the_verdict(config, words) -> None:
    assert said(config) == [("good", "both levels healthy", None), ("note", words, None)]


def test_what_is_worst_stands_first() -> None:
    tones = [
        tone
        for tone, _, _ in said(
            replace(CONFIG, codebook_update="ema"), active=(1, 3), perplexity=(1.0, 3.0), ratio=(0.1, 2.0)
        )
    ]
    assert tones == ["bad", "bad", "warn", "note"]
