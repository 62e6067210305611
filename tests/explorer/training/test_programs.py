"""Programs that were kept: they compute what those compute that are compiled on the spot, to the bit."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import jax
import numpy as np
import pytest

from explorer.config import RunConfig
from explorer.data import Dataset
from explorer.training.programs import Programs, fits, loads
from explorer.training.state import SEEN
from explorer.training.step import train_step
from explorer.training.trainer import Trainer

PLAIN = RunConfig(batch_size=16, codebook_size=4, seed=5)
RICH = RunConfig(batch_size=16, codebook_size=(6, 4), codebook_update="ema", codebook_init="data", optimizer="sgd")


@pytest.fixture(scope="module", params=[PLAIN, RICH], ids=["plain", "rich"])
def config(request) -> RunConfig:
    return request.param


COMPILE = """
import json, pickle, sys
from explorer.config import RunConfig
from explorer.training.programs import Programs, dumps, lowered
config = RunConfig.from_dict(json.loads(sys.argv[1]))
sys.stdout.buffer.write(pickle.dumps({name: dumps(lowered(config, name).compile()) for name in Programs._fields}))
"""


@pytest.fixture(scope="module")
def kept(config: RunConfig) -> dict[str, bytes]:
    """Made by another process."""
    environment = {**os.environ, "JAX_ENABLE_COMPILATION_CACHE": "false"}
    command = [sys.executable, "-c", COMPILE, json.dumps(config.to_dict())]
    return pickle.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def loaded_from(kept: dict[str, bytes]) -> Programs:
    return Programs(**{name: loads(program) for name, program in kept.items()})


def bits(trainer: Trainer) -> list[bytes]:
    """All that it holds and shows."""
    seen = trainer.view(trainer.config)
    shown = [seen.latents, seen.by_level, seen.codes, seen.residual_ratio, np.float64(seen.probe_mse)]
    return [np.asarray(array).tobytes() for array in [*jax.tree.leaves(trainer.state), *shown]]


def test_a_trainer_with_kept_programs_goes_through_the_same_bits_and_traces_no_step(sample, config, kept) -> None:
    traced = train_step._cache_size()
    loaded = Trainer(config, sample, programs=loaded_from(kept))
    now = config.with_live({"entropy": 0.1} if config is PLAIN else {})
    told = [bits(loaded), *(loaded.step(now) for _ in range(4)), bits(loaded)]
    loaded.warm_up()
    assert train_step._cache_size() == traced
    plain = Trainer(config, sample)
    assert told == [bits(plain), *(plain.step(now) for _ in range(4)), bits(plain)]


def test_programs_refuse_another_batch_rather_than_train_on_it(sample, config, kept) -> None:
    other = Trainer(replace(config, batch_size=8), sample, programs=loaded_from(kept))
    with pytest.raises(TypeError):
        other.step(other.config)


def test_damaged_programs_are_not_loaded(kept) -> None:
    with pytest.raises(Exception, match=r"."):
        loads(kept["look"][: len(kept["look"]) // 2])


def test_programs_are_for_as_many_images_as_they_were_compiled_for(sample: Dataset) -> None:
    assert fits(sample)
    assert not fits(replace(sample, train_images=sample.train_images[: SEEN - 1]))
