"""The browser's share of a snapshot: compact, exact where it counts, and JSON whatever the numbers."""

import base64
import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.messages import Event, History
from tests.ui.watching import CountingLab, run_info, snapshot, view
from ui.hub import Hub
from ui.packing import gzipped
from ui.payload import GREYS, encode_history, encode_lab, encode_snapshot, pack_greys, pack_scaled

CEILING = 8000


def unscaled(told: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(told["data"]), "<i2") * told["scale"]


@given(arrays.arrays(np.float32, (7, 2), elements=st.floats(-(2.0**60), 2.0**60, width=32)))
def test_coordinates_are_kept_to_half_a_part_in_32767_of_the_largest(array: np.ndarray) -> None:
    told = pack_scaled(array)
    assert np.abs(unscaled(told) - array.ravel()).max() <= 0.501 * np.abs(array).max() / 32767


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_coordinates_that_are_no_numbers_still_make_json(bad: float) -> None:
    latents = view().latents.copy()
    latents[3, 0] = bad
    told = json.loads(encode_snapshot(snapshot(1, view(), epoch=bad, losses={"recon": bad})))
    assert told["epoch"] is None
    assert told["losses"] == {"recon": None}
    assert np.isfinite(unscaled(pack_scaled(latents))).all()


@given(arrays.arrays(np.uint8, (2, 3, 4)))
def test_greys_are_kept_to_four_of_256(images: np.ndarray) -> None:
    greys = np.array([GREYS.index(letter) for letter in pack_greys(images)]) * 255 / 63
    assert np.abs(greys - images.ravel()).max() < 4.1


def test_a_tick_of_the_default_run_fits_eight_kilobytes(sample) -> None:
    blurred = sample.train_images[:10].reshape(10, 28, 28).astype(float)
    for _ in range(2):
        blurred = (blurred + np.roll(blurred, 1, 1) + np.roll(blurred, 1, 2)) / 3
    images = (blurred * (255 if blurred.max() <= 1 else 1)).astype(np.uint8)
    lab = CountingLab(snapshot(2, view(images=images)), steps=20)
    question = {"run": "run-a", "fixed": True, "history": {"generation": 0, "stride": 1, "step": 1}}
    assert len(gzipped(Hub(lab).answer(question))) < CEILING  # pyright: ignore[reportArgumentType]


def test_the_whole_history_of_the_longest_run_fits_45_kilobytes() -> None:
    random = np.random.default_rng(0)
    columns = {f"loss/{name}": random.random(2000, np.float32) for name in ("recon", "commit", "codebook", "total")}
    history = History("run-a", 0, 64, np.arange(1, 2001, dtype=np.int32) * 64, columns, ())
    assert len(gzip.compress(encode_history(history, 0))) < 45_000


def test_a_history_tells_the_curves_and_the_changes_of_settings_only() -> None:
    column = np.ones(1, np.float32)
    events = (Event(0, "started"), Event(5, "setting", {"name": "commit", "old": 0.25, "new": 4.0}))
    columns = {"loss/recon": column, "codebook/active/0": column}
    told = json.loads(encode_history(History("run-a", 0, 1, np.ones(1, np.int32), columns, events), 0))
    assert list(told["columns"]) == ["loss/recon", "codebook/active/0"]
    assert told["events"] == [{"step": 5, "name": "commit", "old": 0.25, "new": 4.0}]


def test_names_and_reasons_travel_as_they_are() -> None:
    name = '<img src=x onerror="alert(1)"> λ & "quotes"'
    told = json.loads(encode_lab(CountingLab().info(), [run_info(name=name, reason="</script>")]))
    assert (told["runs"][0]["name"], told["runs"][0]["reason"]) == (name, "</script>")
