"""A process in which many runs train keeps within the memory mappings that the kernel gives it."""

import gc

import jax
import numpy as np
import pytest

from actors import mappings
from actors.local_lab import LocalLab
from explorer.config import RunConfig
from tests.actors.labs.conftest import await_info, paused_at

SMALL = RunConfig(batch_size=8, codebook_size=4)


@pytest.fixture
def lab(cache_dir, no_data):
    opened = LocalLab(no_data)
    opened.connect()
    yield opened
    opened.close()


def begun(lab: LocalLab) -> str:
    """A run that is paused at step 5."""
    run_id = lab.start(SMALL).run_id
    await_info(lab, run_id, lambda info: info.status == "running")
    paused_at(lab, run_id, 5)
    return run_id


def test_what_was_compiled_is_let_go_of_once_it_takes_too_much_and_not_before(monkeypatch) -> None:
    functions = [jax.jit(lambda x, n=n: (x @ x.T + n).sum()) for n in range(30)]
    gc.collect()  # what other tests compiled is not to be let go of meanwhile
    before = mappings.count()
    results = [float(function(np.ones((4, 4), np.float32))) for function in functions]
    many = mappings.count()
    assert many > before + 30
    assert not mappings.forget_compiled()
    monkeypatch.setattr(mappings, "SHARE", 0.0)
    assert mappings.forget_compiled()
    assert mappings.count() < many - 30
    assert [float(function(np.ones((4, 4), np.float32))) for function in functions] == results


def test_a_run_trains_on_bit_for_bit_when_another_makes_room_for_itself(lab, monkeypatch) -> None:
    first = begun(lab)
    monkeypatch.setattr(mappings, "SHARE", 0.0)
    twin = begun(lab)
    monkeypatch.undo()
    for run_id in (first, twin):
        lab.step(run_id, 5)
        await_info(lab, run_id, lambda info: info.status == "paused" and info.step == 10)
    ours, theirs = (lab.get_history(run_id).columns for run_id in (first, twin))
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])
