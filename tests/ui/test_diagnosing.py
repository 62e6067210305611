"""What the diagnosis panels get: only where they ask, no more than is new, and true for any shape of codebooks."""

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.config import RunConfig
from explorer.messages import Event, History, Probes
from explorer.probes import MAX_PROBES, ProbeLog
from tests.ui.test_hub import Clock, told
from tests.ui.test_payload import CEILING, unscaled
from tests.ui.watching import CountingLab, snapshot, view
from ui.diagnosing import MOST_PATHS, encode_diagnosis, encode_life
from ui.hub import Hub
from ui.packing import gzipped
from ui.payload import encode_history, encode_snapshot

SHAPES: list[dict[str, Any]] = [
    {},
    {"sizes": (16, 8, 4)},
    {"dims": 8},
    {"sizes": (2,)},
    {"sizes": (3, 300, 5), "dims": 3},
]


def numbers(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("shape", SHAPES)
def test_latents_and_codes_come_in_the_plane_of_the_view(shape: dict[str, Any]) -> None:
    seen = view(**shape, points=40)
    raw = json.loads(encode_snapshot(snapshot(1, seen)))["view"]
    levels, codes, dims = seen.codebooks.shape
    assert (raw["sizes"], raw["dims"], raw["codes"]) == (list(seen.sizes), dims, codes)
    assert raw["explained"] == pytest.approx(seen.explained)
    latents = unscaled(raw["latents"]).reshape(40, 2)
    np.testing.assert_allclose(latents, seen.latents @ seen.basis, atol=1e-3)
    codebooks = unscaled(raw["codebooks"]).reshape(levels, codes, 2)
    for level, size in enumerate(seen.sizes):
        np.testing.assert_allclose(codebooks[level, :size], (seen.codebooks @ seen.basis)[level, :size], atol=1e-3)


def test_what_stands_beyond_a_levels_own_size_is_neither_told_nor_costs_precision() -> None:
    seen = view(sizes=(16, 4))
    wild = seen.codebooks.copy()
    wild[1, 4:] = 1e20
    told_codes = [
        json.loads(encode_snapshot(snapshot(1, replace(seen, codebooks=codebooks))))["view"]["codebooks"]
        for codebooks in (wild, np.where(np.abs(wild) > 1e9, 0, wild))
    ]
    assert told_codes[0] == told_codes[1]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_diagnosis_tells_ratios_tuples_and_motion(shape: dict[str, Any]) -> None:
    seen = view(**shape)
    ratio = seen.residual_ratio.copy()
    ratio[-1] = np.nan
    raw = json.loads(encode_diagnosis(snapshot(3), replace(seen, residual_ratio=ratio), images=False))
    assert (raw["version"], raw["tuples"]) == (3, 97)
    assert raw["residual_ratio"][-1] is None
    np.testing.assert_allclose(raw["residual_ratio"][:-1], ratio[:-1], rtol=1e-3)
    np.testing.assert_allclose(unscaled(raw["motion"]), seen.motion.ravel(), atol=1e-4)
    assert "by_level" not in raw


def test_images_of_the_levels_are_all_but_the_last_which_are_the_reconstructions() -> None:
    seen = view(levels=3)
    raw = json.loads(encode_diagnosis(snapshot(1), seen, images=True))
    assert [len(level) for level in raw["by_level"]] == [10 * 28 * 28] * 2
    assert json.loads(encode_diagnosis(snapshot(1), view(levels=1), images=True))["by_level"] == []


def test_each_levels_error_is_that_of_the_shown_images_before_they_were_packed() -> None:
    seen = view(levels=3)
    worse = np.stack([seen.inputs // (4 - level) for level in range(1, 4)])
    raw = json.loads(encode_diagnosis(snapshot(1), replace(seen, by_level=worse), images=True))
    expected = [np.mean((level / 255.0 - seen.inputs / 255.0) ** 2) for level in worse]
    np.testing.assert_allclose(raw["by_level_mse"], expected, rtol=1e-3)
    assert raw["by_level_mse"][-1] == 0


def log(steps: range | list[int], seen: Any = None) -> Probes:
    seen = seen or view()
    kept = ProbeLog((len(seen.sizes), max(seen.sizes), seen.latents.shape[-1]))
    for i, step in enumerate(steps):
        kept.add(step, replace(seen, codebooks=seen.codebooks + i))
    return kept.probes("run-a", 0)


def place(probes: Probes) -> tuple[int, int, int]:
    return probes.generation, len(probes.steps), int(probes.steps[-1])


def test_a_life_comes_in_increments() -> None:
    old, new = log(range(0, 200, 50)), log(range(0, 300, 50))
    raw = json.loads(encode_life(new, place(old), view()))
    assert (raw["from"], numbers(raw["steps"], "<i4").tolist()) == (4, [200, 250])
    shares = numbers(raw["shares"], "<u2").reshape(2, 2, 16) / 65535
    np.testing.assert_allclose(shares, new.shares[4:].astype(float), atol=1e-4)
    np.testing.assert_allclose(unscaled(raw["codebooks"]), new.codebooks[4:].ravel(), atol=1e-3)


@pytest.mark.parametrize("known", [(1, 4, 150), (0, 4, 140), (0, 90, 150), (0, 0, 0), (0, 4, 0)])
def test_a_life_comes_whole_to_who_has_another(known: tuple[int, int, int]) -> None:
    raw = json.loads(encode_life(log(range(0, 300, 50)), known, view()))
    assert (raw["from"], len(numbers(raw["steps"], "<i4"))) == (0, 6)


def test_a_life_comes_whole_once_every_second_probe_has_gone() -> None:
    full = log(range(0, 50 * MAX_PROBES, 50))
    halved = log(range(0, 50 * MAX_PROBES + 50, 50))
    assert json.loads(encode_life(halved, place(full), view()))["from"] == 0


def test_a_plane_that_turns_has_all_places_told_anew() -> None:
    seen = view(dims=8)
    probes = log([0, 50, 100], seen)
    raw = json.loads(encode_life(probes, (0, 2, 50), seen))
    assert raw["from"] == 0
    np.testing.assert_allclose(unscaled(raw["codebooks"]), (probes.codebooks @ seen.basis).ravel(), atol=1e-2)


def test_paths_of_more_codes_than_can_be_told_apart_are_not_told() -> None:
    for size, told_them in ((MOST_PATHS // 2, True), (MOST_PATHS // 2 + 1, False)):
        seen = view(codes=size)
        raw = json.loads(encode_life(log([0, 50], seen), (0, 0, 0), seen))
        assert ("codebooks" in raw) == told_them
        assert len(numbers(raw["shares"], "<u2")) == 2 * 2 * size


def remedy(step: int, codes: list[list[int]], dims: int = 2, *, placed: bool = True) -> Event:
    old = [[float(i)] * dims for i in range(len(codes))]
    new = [[float(i) + 0.5] * dims for i in range(len(codes))]
    places = {"old": old, "new": new} if placed else {}
    return Event(step, "remedy", {"name": "reinit", "by": "hand", "codes": codes, **places})


def events(*happened: Event, basis: np.ndarray | None = None) -> list[dict[str, Any]]:
    steps = np.ones(1, np.int32)
    return json.loads(encode_history(History("run-a", 0, 1, steps, {}, happened), 0, basis))["events"]


def test_a_remedy_says_how_many_codes_of_each_level_it_moved_and_whereto() -> None:
    (event,) = events(remedy(9, [[0, 3], [1, 2], [1, 5]]))
    assert (event["step"], event["name"], event["remedy"], event["by"]) == (9, "remedy", "reinit", "hand")
    assert event["moved"] == [[0, 1], [1, 2]]
    assert event["codes"] == [[0, 3], [1, 2], [1, 5]]
    old, new = unscaled(event["places"]).reshape(2, 3, 2)
    np.testing.assert_allclose(old, [[0, 0], [1, 1], [2, 2]], atol=1e-3)
    np.testing.assert_allclose(new - old, 0.5, atol=1e-3)


def test_where_codes_moved_in_many_dimensions_comes_in_the_plane() -> None:
    basis = view(dims=8).basis
    (event,) = events(remedy(9, [[0, 3]], dims=8), basis=basis)
    np.testing.assert_allclose(unscaled(event["places"])[2:], np.full(8, 0.5) @ basis, atol=1e-3)
    (hidden,) = events(remedy(9, [[0, 3]], dims=8))
    assert "places" not in hidden


def test_only_the_newest_remedies_say_whereto_and_one_that_found_nothing_dead_is_told_too() -> None:
    found = events(*(remedy(step, [[0, 1]]) for step in range(1, 7)), remedy(8, [], placed=False))
    assert ["places" in event for event in found] == [False] * 4 + [True] * 2 + [False]
    assert found[-1]["moved"] == []


def hub_of(lab: CountingLab, clock: Clock) -> Hub:
    return Hub(lab, tick=0.2, clock=clock)  # pyright: ignore[reportArgumentType]


def test_the_hub_tells_a_diagnosis_and_a_life_only_to_who_asks(clock: Clock) -> None:
    lab = CountingLab()
    hub = hub_of(lab, clock)
    assert not {"diagnosis", "life"} & set(told(hub.answer({"run": "run-a"})))
    assert lab.probings == 0
    assert "life" not in told(hub.answer({"run": "run-a", "diagnosis": {}}))
    assert lab.probings == 0
    assert {"diagnosis", "life"} <= set(told(hub.answer({"run": "run-a", "diagnosis": {}, "life": {}})))
    compared = told(hub.answer_many({"runs": {"run-a": {"diagnosis": {}, "life": {}}}, "diagnosis": {}, "life": {}}))
    assert not {"diagnosis", "life", "by_level"} & {*compared, *compared["runs"]["run-a"]}


def test_a_diagnosis_comes_once_a_snapshot_and_again_when_images_are_wanted(clock: Clock) -> None:
    lab = CountingLab()
    hub = hub_of(lab, clock)
    assert "diagnosis" not in told(hub.answer({"run": "run-a", "diagnosis": {"version": 1}}))
    pictured = told(hub.answer({"run": "run-a", "version": 1, "diagnosis": {"version": None, "images": True}}))
    assert len(pictured["diagnosis"]["by_level"]) == 1
    assert "snapshot" not in pictured
    lab.snapshot, clock.now = snapshot(2), 1.0
    assert told(hub.answer({"run": "run-a", "diagnosis": {"version": 1}}))["diagnosis"]["version"] == 2


def test_a_life_comes_once_a_probe_and_every_two_seconds_at_most(clock: Clock) -> None:
    lab = CountingLab()
    hub = hub_of(lab, clock)
    life = told(hub.answer({"run": "run-a", "life": {}}))["life"]
    assert (life["from"], numbers(life["steps"], "<i4").tolist()) == (0, [0, 50])
    known = {"generation": 0, "count": 2, "step": 50}
    assert "life" not in told(hub.answer({"run": "run-a", "life": known}))
    lab.snapshot, lab.probed, clock.now = snapshot(2, step=101), (0, 50, 100), 1.0
    assert "life" not in told(hub.answer({"run": "run-a", "life": known}))
    clock.now = 3.0
    newer = told(hub.answer({"run": "run-a", "life": known}))["life"]
    assert (newer["from"], numbers(newer["steps"], "<i4").tolist()) == (2, [100])


@pytest.mark.parametrize(
    "nonsense", [None, 3, [], {"version": []}, {"count": "7", "step": None}, {"count": -1}, {"step": 2**70}]
)
def test_a_question_that_makes_no_sense_is_answered_with_everything(clock: Clock, nonsense: object) -> None:
    answer = told(hub_of(CountingLab(), clock).answer({"run": "run-a", "diagnosis": nonsense, "life": nonsense}))
    assert {"diagnosis", "life"} <= set(answer)


@pytest.mark.slow
def test_a_tick_of_the_default_run_with_every_panel_open_fits_eight_kilobytes(sample, clock: Clock) -> None:
    from explorer.training.trainer import Trainer

    config = RunConfig()
    trainer = Trainer(config, sample)
    for _ in range(60):
        trainer.step(config)
    lab = CountingLab(snapshot(2, trainer.view(config), step=101), steps=20, probed=(0, 50, 100))
    question = {
        "run": "run-a",
        "fixed": True,
        "history": {"generation": 0, "stride": 1, "step": 1},
        "diagnosis": {"version": 1, "images": True},
        "life": {"generation": 0, "count": 2, "step": 50},
    }
    hub = hub_of(lab, clock)
    listed = told(hub.answer(question))["listed"]
    parts = hub.answer({**question, "listed": listed})
    assert {"snapshot", "history", "diagnosis", "life"} == set(told(parts))
    assert len(gzipped(parts)) < CEILING
