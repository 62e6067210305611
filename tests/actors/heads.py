"""Heads of Ray as a lab would start them, for the tests: each on ports that nobody else has."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

PATIENCE = 120.0
ATTEMPTS = 3


@contextmanager
def ray_head(log: Path, environment: Mapping[str, str], cpus: int) -> Iterator[tuple[str, psutil.Process]]:
    """The address of a head with these CPUs, once it has started, and its process; it ends with all its children."""
    for attempt in range(ATTEMPTS):  # another process may take a port between its choice and its use
        port, client_port = _free_ports(2)
        ports = [f"--port={port}", f"--ray-client-server-port={client_port}"]
        rest = [f"--num-cpus={cpus}", "--include-dashboard=false", "--disable-usage-stats", "--block"]
        command = [Path(sys.executable).with_name("ray"), "start", "--head", *ports, *rest]
        with log.open("w") as said:
            started = subprocess.Popen(command, env=environment, stdout=said, stderr=said, start_new_session=True)
        process = psutil.Process(started.pid)
        try:
            if _runs(started, log):
                yield f"127.0.0.1:{port}", process
                return
        finally:
            _end(started, process)
        assert attempt < ATTEMPTS - 1, f"no head of Ray started: {log.read_text()[-2000:]}"


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [listener.getsockname()[1] for listener in listeners]


def _runs(started: subprocess.Popen, log: Path) -> bool:
    """Whether it says that it has started; False once it has ended."""
    deadline = time.monotonic() + PATIENCE
    while "Ray runtime started" not in log.read_text():
        if started.poll() is not None:
            return False
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.1)
    return True


def _end(started: subprocess.Popen, process: psutil.Process) -> None:
    family = process.children(recursive=True) if started.poll() is None else []
    if family:
        os.kill(started.pid, signal.SIGTERM)
    psutil.wait_procs([process, *family], timeout=15)
    for left in [process, *family]:
        if left.is_running():
            left.kill()
    started.wait()
