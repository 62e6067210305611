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

from actors import compiled
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
    """A folder for programs, with those of CONFIG in the end."""
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
    assert first is second
    assert compiler.poll() == 0
    assert len(files(folder)) == 1
    assert Trainer(CONFIG, sample, programs=first).step(CONFIG)
    assert train_step._cache_size() == traced


def test_what_is_there_is_not_compiled_again(sample, folder: Path, monkeypatch) -> None:
    assert len(files(folder)) == 1
    monkeypatch.setattr(kept.subprocess, "Popen", lambda *_, **__: pytest.fail("a compiler was started"))
    kept.compile_ahead(CONFIG)
    assert kept.programs(CONFIG, sample) is not None


def test_runs_of_a_lab_and_of_the_command_line_train_with_them_and_compile_nothing(
    sample, folder: Path, no_data: Path, tmp_path: Path
) -> None:
    assert len(files(folder)) == 1
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
    assert kept._path(CONFIG, page) == kept._path(CONFIG, actor)


def test_a_process_that_makes_room_lets_go_of_them(sample, monkeypatch) -> None:
    assert kept.programs(CONFIG, sample) is not None
    assert kept._load.cache_info().currsize == 1
    monkeypatch.setattr(compiled, "SHARE", 0.0)
    assert compiled.forget_compiled()
    assert kept._load.cache_info().currsize == 0


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda _: b"", lambda whole: whole[::-1]])
def test_a_damaged_file_is_replaced(sample, folder: Path, damage) -> None:
    (path,) = files(folder)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    found = kept.programs(CONFIG, sample)
    assert found is not None
    assert Trainer(CONFIG, sample, programs=found).step(CONFIG)
    assert len(files(folder)) == 1


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


def test_their_name_is_that_of_all_that_decides_what_is_compiled_and_of_nothing_else() -> None:
    def name(config: RunConfig = CONFIG, threads: int = 1, **more: str) -> str:
        environment = {"RQVAE_CACHE_DIR": "/somewhere", **more}
        tell_xla(threads, 0.0, environment)
        return str(kept._path(config, environment))

    same = [
        name(),
        name(replace(CONFIG, seed=3, learning_rate=1.0, lambdas=Lambdas(entropy=1.0), remedy="reinit", dead_window=9)),
        name(replace(CONFIG, dataset="fashion_mnist", init_scale=1.0)),
        name(HOME="/elsewhere"),
    ]
    assert len(set(same)) == 1
    others = [
        name(threads=2),
        name(XLA_FLAGS="--xla_cpu_prefer_vector_width=512"),
        name(replace(CONFIG, batch_size=9)),
        name(replace(CONFIG, codebook_size=4)),
        name(replace(CONFIG, levels=3)),
        name(replace(CONFIG, optimizer="sgd")),
    ]
    assert len({*others, same[0]}) == len(others) + 1


def test_where_no_process_can_be_started_this_one_compiles(sample, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(kept.subprocess, "Popen", refuse)
    other = replace(CONFIG, codebook_size=7)
    kept.compile_ahead(other)
    assert kept.programs(other, sample) is None
