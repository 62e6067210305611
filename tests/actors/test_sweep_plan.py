"""What a sweep calls its runs, and what it finds in their folders."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from actors.export import FILES
from actors.stored import read_run, thinned
from actors.sweep_plan import Planned, look, plan, refuse_conflicts, slug
from explorer.config import Lambdas
from explorer.curves import Curves
from explorer.errors import ExplorerError
from explorer.sweep import differing, grid, name_by
from tests.actors.sweeping import BASE, STEPS, finish


def test_a_folder_is_named_after_what_differs():
    configs = grid(BASE, {"commit": [0.05, 1], "learning_rate": [1e-5, 0.001]})
    assert [planned.folder.name for planned in plan(configs, Path("out"))] == [
        "commit-0.05_learning-rate-1e-05",
        "commit-0.05_learning-rate-0.001",
        "commit-1_learning-rate-1e-05",
        "commit-1_learning-rate-0.001",
    ]
    assert [planned.config for planned in plan(configs, Path("out"))] == configs


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("seed", [1000001, 1000002, 2**31 - 1]),
        ("commit", [0.1, 0.1000001, 0.10000011]),
        ("learning_rate", [1e-12, 1.0]),
    ],
)
def test_configs_that_differ_have_names_and_folders_that_differ(name, values):
    configs = grid(BASE, {name: values})
    assert len({name_by(config, differing(configs)) for config in configs}) == len(values)
    assert len({planned.folder for planned in plan(configs, Path("out"))}) == len(values)


@pytest.mark.parametrize("name", ["λ_commit 0.25 · seed 1", "../λ_commit /etc · x\n", "data set mnist · levels 8"])
def test_a_slug_is_one_harmless_word(name):
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.+-_")
    assert "/" not in slug(name)


@pytest.fixture(scope="module")
def finished(sample, tmp_path_factory) -> Path:
    """A folder with a run that finished."""
    return finish(sample, tmp_path_factory.mktemp("finished") / "run")


@pytest.fixture
def held(finished, tmp_path) -> Planned:
    """A copy of it, to be damaged."""
    shutil.copytree(finished, tmp_path / "run")
    return Planned("mine", BASE, tmp_path / "run")


def amend(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_a_run_that_was_written_is_read_back(finished, sample):
    stored = read_run(finished)
    assert stored is not None
    assert stored.record.config == BASE
    assert (stored.record.steps, stored.record.outcome, stored.record.data_source) == (STEPS, "finished", sample.source)
    with np.load(finished / "snapshot.npz") as arrays:
        for name in ("codebooks", "latents", "codes", "labels", "inputs", "reconstructions"):
            np.testing.assert_array_equal(getattr(stored.view, name), arrays[name])
        np.testing.assert_array_equal(stored.view.health.counts, arrays["counts"])
        assert stored.view.probe_mse == arrays["probe_mse"]
        assert stored.snapshot.losses["recon"] == arrays["loss/recon"]
    assert stored.history.steps.tolist() == [1, 2, 3]
    assert stored.history.columns["loss/recon"][-1] == np.float32(stored.snapshot.losses["recon"])


@pytest.mark.parametrize("count", [1, 1999, 2000, 2001, 4001, 4002, 9000])
def test_curves_read_back_are_thinned_as_those_of_a_living_run(count):
    values = np.random.default_rng(count).normal(size=count)
    living = Curves()
    for value in values:
        living.add({"loss/recon": value})
    steps, columns = living.since(0)
    read = thinned("tried", np.arange(1, count + 1, dtype=np.int32), {"loss/recon": values})
    assert read.stride == living.stride
    np.testing.assert_array_equal(read.steps, steps)
    np.testing.assert_allclose(read.columns["loss/recon"], columns["loss/recon"], atol=1e-5)


def test_the_same_run_finished_is_done_and_an_empty_folder_is_missing(held, tmp_path):
    assert look(held, STEPS).state == "done"
    assert look(replace(held, folder=tmp_path / "nowhere"), STEPS).state == "missing"


@pytest.mark.parametrize("name", FILES)
def test_a_run_that_lacks_a_file_is_unfinished(held, name):
    (held.folder / name).unlink()
    assert look(held, STEPS).state == "unfinished"


@pytest.mark.parametrize("name", ["history.csv", "snapshot.npz", "report.png"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_run_with_a_file_that_was_cut_short_is_unfinished(held, name, share):
    whole = (held.folder / name).read_bytes()
    (held.folder / name).write_bytes(whole[: int(share * len(whole))])
    assert look(held, STEPS).state == "unfinished"


def test_a_run_whose_history_is_a_row_short_is_unfinished(held):
    rows = (held.folder / "history.csv").read_text().splitlines(keepends=True)
    (held.folder / "history.csv").write_text("".join(rows[:-1]))
    assert look(held, STEPS).state == "unfinished"


def test_an_interrupted_run_is_unfinished(held):
    amend(held.folder, outcome="interrupted")
    assert look(held, STEPS).state == "unfinished"


def test_another_config_other_steps_and_other_data_are_conflicts_that_say_what_differs(held):
    other = replace(held, config=replace(BASE, seed=7, lambdas=Lambdas(commit=2)))
    assert look(other, STEPS).why == "its λ_commit is 0.25, not 2.0"
    assert look(replace(held, config=replace(BASE, batch_size=9)), STEPS).why == "its batch size is 8, not 9"
    assert look(held, 2000).why == "it was to take 3 steps, not 2,000"
    assert "not on mnist, 60,000" in look(held, STEPS).on("mnist, 60,000 images (TFDS)").why
    found = [look(other, STEPS), look(held, STEPS), look(held, 2000)]
    with pytest.raises(
        ExplorerError, match=r"run holds another run \(so do 1 more folders\): its λ_commit.*--overwrite"
    ):
        refuse_conflicts([other, held, held], found)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"config": {"no": 1}}', "not json", '{"config": 7, "steps": "x"}'])
def test_a_config_json_of_something_else_is_a_conflict(held, text):
    (held.folder / "config.json").write_text(text)
    seen = look(held, STEPS)
    assert seen.state == "conflict"
    assert "config.json" in seen.why
