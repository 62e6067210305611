"""The command from start to Ctrl-C, as real processes: nothing outlives it."""

import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.ui.serving import await_run, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ENDS_WITHIN = 20.0
"""Seconds. Five are promised, of a machine that has nothing else to do; one that tests has."""
CONFIG = {"batch_size": 16, "codebook_size": 8}
RAY_PROCESSES = ("gcs_server", "raylet", "ray::")


@pytest.mark.parametrize(
    ("mode", "number"),
    [("local", signal.SIGINT), ("local", signal.SIGTERM), ("ray", signal.SIGINT)],
    ids=lambda value: getattr(value, "name", value),
)
def test_ctrl_c_while_a_run_trains_ends_everything(mode, number, cache_dir, no_data) -> None:
    with serving(mode, "--data-dir", no_data) as served:
        with urlopen(f"{served.url}/healthz", timeout=5) as answer:
            assert answer.status == 200
        if mode == "ray":
            served.await_line(r"Ray · 1 node")
        client = served.client()
        run_id = client.predict(CONFIG, "", api_name="/start_run")["run_id"]
        await_run(client, run_id, step=3)
        found = {word for p in served.family() for word in RAY_PROCESSES if word in " ".join(p.cmdline())}
        assert found == (set(RAY_PROCESSES) if mode == "ray" else set())
        ending = served.interrupt(number)
    assert ending.survivors == []
    assert ending.seconds < ENDS_WITHIN, served.log
    assert ending.code == 0, served.log
    assert not [line for line in served.log if "Traceback" in line]


@pytest.mark.parametrize("mode", ["local", "ray"])
def test_ctrl_c_during_the_start_leaves_nothing_behind_either(mode: str, cache_dir, no_data) -> None:
    with serving(mode, "--data-dir", no_data) as served:
        assert served.url
        ending = served.interrupt()
    assert ending.survivors == []
    assert ending.seconds < ENDS_WITHIN, served.log
    assert ending.code in (0, 130), served.log
    assert not [line for line in served.log if "Traceback" in line], served.log


LOSES_CTRL_C = """
import os, signal, sys
from actors.local_lab import LocalLab
from ui.app import main

def connect(lab):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        pass

LocalLab.connect = connect
sys.exit(main(sys.argv[1:]))
"""
"""What Ctrl-C raises comes to nothing where a library's callback is running, say."""


COMPILES_ON_AND_ON = """
import os, signal, sys, threading
from actors.local_lab import LocalLab
from actors.prepared import Preparation
from ui.app import main

compiling = threading.Event()

def compile_on_and_on(_preparation):
    import jax
    for number in range(10**6):
        jax.jit(lambda x, number=number: x + number)(1.0)
        compiling.set()

def connect(lab, connect=LocalLab.connect):
    connect(lab)
    compiling.wait()
    os.kill(os.getpid(), signal.SIGINT)

Preparation._live = compile_on_and_on
LocalLab.connect = connect
sys.exit(main(sys.argv[1:]))
"""
"""Ctrl-C comes while XLA compiles, which aborts an interpreter that ends in the usual way (in most tries)."""


@pytest.mark.parametrize("script", [LOSES_CTRL_C, COMPILES_ON_AND_ON], ids=["lost", "compiling"])
def test_ctrl_c_at_any_moment_of_the_start_ends_the_command(script, cache_dir, no_data, tmp_path: Path) -> None:
    command = [sys.executable, "-c", script, "--local", "--port", "0", "--data-dir", no_data, "--runs-dir", tmp_path]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert ended.returncode == 130, ended.stderr
    assert "RQ-VAE Explorer is at" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_two_commands_on_one_machine_serve_side_by_side_on_ports_of_their_own(cache_dir, no_data) -> None:
    with serving("local", "--data-dir", no_data) as first, serving("local", "--data-dir", no_data) as second:
        assert first.url != second.url
        port = first.url.rsplit(":", 1)[1]
        with serving("local", "--data-dir", no_data, "--port", port) as third:
            assert third.process.wait(30) == 2
        assert len(third.log) == 1
        assert "choose another with --port" in third.log[0]
        with urlopen(f"{first.url}/healthz", timeout=5) as answer:
            assert answer.status == 200
