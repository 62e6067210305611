"""Where programs are kept, who compiles them, and what happens where they cannot be had. With real compilers."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path

import psutil
import pytest

from actors import mappings
from actors import programs as kept
from actors.devices import claim, tell_xla
from actors.headless import train
from actors.local_lab import LocalLab
from explorer.config import Lambdas, RunConfig
from explorer.training.step import train_step
from explorer.training.trainer import Trainer

CONFIG = RunConfig(batch_size=8, codebook_size=3)
PATIENCE = 120.0
ASK = """
import sys, time
from actors.programs import compile_ahead
from explorer.config import RunConfig
compile_ahead(RunConfig(batch_size=8, codebook_size=5))
print("asked", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for programs, with the three of CONFIG in the end."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(folder))
    kept.forget()


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "programs").glob("*") if not path.suffix]


def test_they_are_compiled_by_another_process_once_for_all_who_ask(sample, folder: Path) -> None:
    traced = train_step._cache_size()
    kept.compile_ahead(CONFIG)
    (compiler,) = kept._under_way.values()
    kept.compile_ahead(CONFIG)
    assert list(kept._under_way.values()) == [compiler]
    first, second = kept.programs(CONFIG, sample), kept.programs(replace(CONFIG, seed=9), sample)
    assert first is not None
    assert second is not None
    assert (first.begin, first.step) == (second.begin, second.step)
    assert compiler.wait(PATIENCE) == 0
    assert len(files(folder)) == 3
    assert kept.programs(CONFIG, sample) == kept.programs(replace(CONFIG, seed=9), sample)
    assert Trainer(CONFIG, sample, programs=first).step(CONFIG)
    assert train_step._cache_size() == traced


def test_what_is_there_is_not_compiled_again(sample, folder: Path, monkeypatch) -> None:
    assert len(files(folder)) == 3
    monkeypatch.setattr(kept.subprocess, "Popen", lambda *_, **__: pytest.fail("a compiler was started"))
    kept.compile_ahead(CONFIG)
    assert kept.programs(CONFIG, sample) is not None


def test_runs_of_a_lab_and_of_the_command_line_train_with_them_and_compile_nothing(
    sample, folder: Path, no_data: Path, tmp_path: Path
) -> None:
    assert len(files(folder)) == 3
    traced = train_step._cache_size()
    lab = LocalLab(no_data)
    lab.connect()
    run_id = lab.start(CONFIG).run_id
    deadline = time.monotonic() + PATIENCE
    while not lab.runs()[0].step:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lab.stop(run_id)
    lab.close()
    train(CONFIG, 2, tmp_path / "out", lambda _: sample, progress=StringIO())
    assert train_step._cache_size() == traced


def test_the_page_has_compiled_what_a_runs_process_will_look_for() -> None:
    page, actor = dict(os.environ), dict(os.environ)
    tell_xla(1, 0.0, page)
    claim(1, 0.0, actor, batch_size=CONFIG.batch_size)
    assert kept._paths(CONFIG, page) == kept._paths(CONFIG, actor)


def test_a_process_that_makes_room_lets_go_of_them(sample, monkeypatch) -> None:
    assert kept.programs(CONFIG, sample) is not None
    assert kept._load.cache_info().currsize == 3
    monkeypatch.setattr(mappings, "SHARE", 0.0)
    assert mappings.forget_compiled()
    assert kept._load.cache_info().currsize == 0


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda _: b"", lambda whole: whole[::-1]])
def test_a_damaged_file_alone_is_replaced(sample, folder: Path, damage) -> None:
    path = kept._paths(CONFIG, os.environ)["begin"]
    others = {other: other.stat().st_mtime for other in files(folder) if other != path}
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    found = kept.programs(CONFIG, sample)
    assert found is not None
    assert Trainer(CONFIG, sample, programs=found).step(CONFIG)
    assert {other: other.stat().st_mtime for other in files(folder) if other != path} == others
    assert path.exists()


def test_a_damaged_file_is_replaced_though_its_compiler_is_about_to_end(sample, folder: Path) -> None:
    paths = kept._paths(CONFIG, os.environ)
    paths["begin"].write_bytes(b"")
    # It has looked already, and makes nothing.
    ending = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"])
    kept._under_way[paths["step"]] = ending
    assert kept.programs(CONFIG, sample) is not None
    assert ending.poll() == 0


def test_what_another_recipe_compiled_to_the_same_is_not_compiled_again(sample, folder: Path) -> None:
    before = set(files(folder))
    other = replace(CONFIG, batch_size=12, loss_form="per_level", recon_loss="bce")
    found = kept.programs(other, sample)
    (new,) = set(files(folder)) - before
    assert new == kept._paths(other, os.environ)["step"]
    assert Trainer(other, sample, programs=found).step(other) == Trainer(other, sample).step(other)


def test_compilers_of_several_processes_take_turns_and_end_with_them(folder: Path) -> None:
    asking = [subprocess.Popen([sys.executable, "-c", ASK], stdin=-1, stdout=-1) for _ in range(2)]
    compilers = []
    for process in asking:
        assert process.stdout is not None
        assert process.stdout.readline() == b"asked\n"
        (compiler,) = psutil.Process(process.pid).children()
        compilers.append(compiler)
    deadline = time.monotonic() + PATIENCE
    while not (busy := [compiler for compiler in compilers if compiler.cpu_times().user > 2]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (waiting,) = set(compilers) - set(busy)
    assert waiting.cpu_times().user < 1.5
    before = len(files(folder))
    for process in asking:
        process.kill()
        process.communicate()
    assert not psutil.wait_procs(compilers, PATIENCE)[1]
    assert len(files(folder)) == before


@pytest.mark.parametrize("place", [None, "a file"])
def test_where_they_cannot_be_kept_the_process_compiles_for_itself(
    sample, tmp_path: Path, monkeypatch, place: str | None
) -> None:
    if place is None:
        monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    else:
        (tmp_path / place).touch()
        monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / place))
    began = time.monotonic()
    kept.compile_ahead(CONFIG)
    assert kept.programs(CONFIG, sample) is None
    assert time.monotonic() - began < PATIENCE / 2


def test_fewer_images_than_they_are_compiled_for_need_others(sample) -> None:
    assert kept.programs(CONFIG, replace(sample, train_images=sample.train_images[:100])) is None


def test_their_names_are_those_of_all_that_decides_what_is_compiled_and_of_nothing_else() -> None:
    def names(config: RunConfig = CONFIG, threads: int = 1, **more: str) -> dict[str, str]:
        environment = {"RQVAE_CACHE_DIR": "/somewhere", **more}
        tell_xla(threads, 0.0, environment)
        return {name: str(path) for name, path in kept._paths(config, environment).items()}

    same = names()
    for config in (
        replace(CONFIG, seed=3, learning_rate=1.0, lambdas=Lambdas(entropy=1.0), remedy="reinit", dead_window=9),
        replace(CONFIG, dataset="fashion_mnist", init_scale=1.0),
    ):
        assert names(config) == same
    assert names(HOME="/elsewhere") == same
    changes = {
        "step begin look": [
            names(threads=2),
            names(XLA_FLAGS="--xla_cpu_prefer_vector_width=512"),
            names(replace(CONFIG, codebook_size=4)),
            names(replace(CONFIG, levels=3)),
            names(replace(CONFIG, latent_dim=3)),
        ],
        "step begin": [
            names(replace(CONFIG, optimizer="sgd")),
            names(replace(CONFIG, codebook_init="data")),
            names(replace(CONFIG, codebook_update="ema")),
        ],
        "step look": [names(replace(CONFIG, distance="cosine"))],
        "step": [names(replace(CONFIG, batch_size=9)), names(replace(CONFIG, recon_loss="bce"))],
    }
    for changed, found in changes.items():
        for others in found:
            assert {name for name in same if others[name] != same[name]} == set(changed.split())
    averaged = names(replace(CONFIG, codebook_update="ema"))
    assert names(replace(CONFIG, codebook_update="ema", distance="cosine"))["begin"] != averaged["begin"]


def test_where_no_process_can_be_started_this_one_compiles(sample, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(kept.subprocess, "Popen", refuse)
    other = replace(CONFIG, codebook_size=7)
    kept.compile_ahead(other)
    assert kept.programs(other, sample) is None
