"""The report as a whole, and what all figures rest on."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer import figures, palette
from explorer.config import RunConfig
from explorer.messages import History
from explorer.quality import effective_bits, nominal_bits, psnr
from tests.explorer.figures.drawn import CONFIG, snapshot_of, view_of
from tests.explorer.figures.looking import strays, words


def test_the_report_holds_planes_reconstructions_health_and_curves(trained):
    snapshot, history = trained
    figure = figures.report(snapshot, history, CONFIG)
    assert {axes.get_label() for axes in figure.axes} == {
        *("plane 1", "plane 2", "reconstructions", "health 1", "health 2", "losses", "perplexity")
    }
    said = " ".join(words(figure))
    for fact in ("tried", f"{snapshot.view.probe_mse:.4f}", "embedded sample", "λ_commit 0.25", "batch 32", "seed 0"):
        assert fact in said
    assert strays(figure) == []


@pytest.mark.parametrize(("levels", "size"), [(1, 2), (3, 1024), (5, 16), (8, 256)])
def test_any_shape_of_codebooks_fits_before_the_first_step(sample, levels, size):
    view = view_of(sample, RunConfig(levels=levels, codebook_size=size))
    history = History("tried", 0, 1, np.zeros(0, np.int32), {}, ())
    assert view.health.window == 0
    figure = figures.report(snapshot_of(view), history)
    assert strays(figure) == []
    assert [axes.get_label() for axes in figure.axes].count(f"plane {levels}") == 1
    assert {"no steps yet", "untrained"} <= set(words(figure))


def test_panels_do_not_overlap(trained):
    figure = figures.report(*trained)
    boxes = [axes.get_position() for axes in figure.axes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_a_long_title_is_cut(trained):
    snapshot, history = trained
    figure = figures.report(replace(snapshot, run_id="endless" * 36), history)
    assert strays(figure) == []
    assert sum(text.startswith("endless") and text.endswith("…") for text in words(figure)) == 1


def test_a_run_without_a_model_has_no_report(trained):
    with pytest.raises(ValueError, match="no model yet"):
        figures.report(snapshot_of(None), trained[1])


def test_rate_and_distortion_are_those_of_the_formulas():
    assert psnr(0.01) == pytest.approx(20.0)
    assert psnr(0.0) == np.inf
    assert nominal_bits((16, 16)) == 8.0
    assert nominal_bits((16, 4)) == 6.0
    assert effective_bits(np.array([16.0, 4.0])) == pytest.approx(6.0)


def test_pictures_and_page_share_their_colours():
    css = (Path(figures.__file__).parents[1] / "ui/static/base.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--(?:bench-)?([\w-]+): (#[0-9a-f]{6});", css.split("}")[0]))
    assert [light[f"digit-{digit}"] for digit in range(10)] == list(palette.DIGITS)
    single = {name: colour for name, colour in vars(palette).items() if name.isupper() and isinstance(colour, str)}
    ours = {name.lower().replace("_", "-"): colour for name, colour in single.items()}
    assert ours == {name: light[name] for name in ours}


def test_figures_load_neither_jax_nor_pyplot_nor_gradio():
    code = (
        "import sys, explorer.figures; print([m for m in ('jax', 'matplotlib.pyplot', 'gradio') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
