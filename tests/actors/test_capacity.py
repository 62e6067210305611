"""Whether a run fits and why it waits, in words."""

import os
import platform
import subprocess
import sys

import pytest

from actors.capacity import Request, refuse_if_too_large, why_waiting
from actors.devices import (
    ALLOCATOR,
    claim,
    give_back_freed_memory,
    gpus_per_run,
    have_memory_kept,
    keep_freed_memory,
    needs_one_arena,
    parse_gpu,
)
from explorer.errors import ConfigError, NoCapacity


def node(cpus: float, gpus: float = 0, alive: bool = True) -> dict:
    return {"Alive": alive, "Resources": {"CPU": cpus, "GPU": gpus}}


def test_a_run_that_some_node_can_hold_is_taken() -> None:
    refuse_if_too_large(Request(2, 0.5), [node(1), node(4, 1)])


@pytest.mark.parametrize(
    "nodes", [[node(2)], [node(2), node(8, 0)], [node(1, 1)], [node(8, 1, alive=False), node(2)], []]
)
def test_a_run_that_no_live_node_can_hold_is_refused_with_what_there_is(nodes: list) -> None:
    live = [n["Resources"] for n in nodes if n["Alive"]]
    cpus, gpus = sum(r["CPU"] for r in live), sum(r["GPU"] for r in live)
    with pytest.raises(NoCapacity, match=f"needs 2 CPU and 1 GPU on one node.*has {cpus} CPU and {gpus} GPU"):
        refuse_if_too_large(Request(2, 1), nodes)


def test_a_run_that_has_room_is_starting_and_one_that_has_none_is_queued_behind_named_runs() -> None:
    total, free = {"CPU": 2.0}, {"CPU": 0.0}
    assert why_waiting(Request(1, 0), 0.5, total, free, ["a"]) == "its process is starting"
    queued = why_waiting(Request(1, 0), 0.5, total, free, ["a", "b"])
    assert queued == "queued, needs 1 CPU: 2 of 2 CPU in use by a, b"


def test_what_a_run_gives_back_is_free_and_never_more_than_there_is() -> None:
    total = {"CPU": 2.0, "GPU": 1.0, "memory": 8e9}
    assert Request(1, 0.25).returned({"memory": 8e9}, total) == {"CPU": 1, "GPU": 0.25, "memory": 8e9}
    assert Request(1, 0, 2e9).returned({"CPU": 2.0, "memory": 7e9}, total) == {"CPU": 2, "memory": 8e9}


@pytest.mark.parametrize("text", ["", "on", "-1", "0", "nan", "inf", "1.5", "1e9", "AUTO"])
def test_a_gpu_share_is_auto_off_a_fraction_or_whole(text: str) -> None:
    with pytest.raises(ConfigError, match="gpu must be auto, off, a fraction"):
        parse_gpu(text)


def test_auto_takes_a_share_only_where_there_is_a_gpu() -> None:
    assert gpus_per_run("auto", 0) == 0
    assert 0 < gpus_per_run("auto", 1) < 1
    assert gpus_per_run("off", 8) == 0
    assert gpus_per_run(parse_gpu("0.5"), 0) == 0.5


def test_threads_and_devices_are_claimed_through_the_environment() -> None:
    environment: dict[str, str] = {}
    claim(1, 0, environment)
    assert (environment["NPROC"], environment["JAX_PLATFORMS"]) == ("1", "cpu")
    shared: dict[str, str] = {}
    claim(None, 0.25, shared)
    assert shared["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert not {"NPROC", "JAX_PLATFORMS"} & set(shared)


def test_what_is_compiled_for_one_number_of_threads_is_never_used_with_another() -> None:
    one: dict[str, str] = {}
    two: dict[str, str] = {}
    claim(1, 0, one)
    claim(2, 0, two)
    assert one["JAX_COMPILATION_CACHE_DIR"] != two["JAX_COMPILATION_CACHE_DIR"]
    machine: dict[str, str] = {}
    claim(None, 0, machine)
    fresh: dict[str, str] = {}
    claim(os.cpu_count(), 0, fresh)
    assert machine["JAX_COMPILATION_CACHE_DIR"] == fresh["JAX_COMPILATION_CACHE_DIR"]


def test_a_users_own_compilation_cache_is_left_alone() -> None:
    environment = {"JAX_COMPILATION_CACHE_DIR": "/mine"}
    claim(1, 0, environment)
    assert environment["JAX_COMPILATION_CACHE_DIR"] == "/mine"


def test_freed_memory_is_kept_where_the_c_library_allows_it() -> None:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
    assert not keep_freed_memory("no such library")


def test_processes_that_are_started_keep_memory_too_unless_a_user_chose_otherwise() -> None:
    environment = {"MALLOC_TRIM_THRESHOLD_": "1", "GLIBC_TUNABLES": "glibc.malloc.perturb=1"}
    have_memory_kept(environment)
    assert environment.items() >= {("MALLOC_TRIM_THRESHOLD_", "1"), ("GLIBC_TUNABLES", "glibc.malloc.perturb=1")}
    assert environment.keys() == ALLOCATOR.keys()


THREAD_THAT_ENDS = """
import threading
import psutil
from actors.devices import give_back_freed_memory, keep_freed_memory

def use():
    blocks = [bytes(10_000) for _ in range(10_000)]

keep_freed_memory()
thread = threading.Thread(target=use)
thread.start()
thread.join()
kept = psutil.Process().memory_info().rss
give_back_freed_memory()
print((kept - psutil.Process().memory_info().rss) // 1_000_000)
"""


def test_what_a_thread_that_ended_had_used_is_given_back() -> None:
    assert not give_back_freed_memory("no such library")
    if not keep_freed_memory():
        pytest.skip("the allocator is not glibc's")
    said = subprocess.run([sys.executable, "-c", THREAD_THAT_ENDS], stdout=subprocess.PIPE, text=True, check=True)
    assert int(said.stdout) > 40  # of 100


def test_one_arena_is_asked_for_only_where_a_batch_needs_it() -> None:
    assert [needs_one_arena(size) for size in (0, 128, 256, 512)] == [False, False, False, True]
