"""The real command as a process of its own: started, listened to, interrupted, and searched for what it left behind."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from gradio_client import Client

COMMAND = Path(sys.executable).with_name("rq-vae-explorer")
MODES = {"local": ("--local",), "ray": ()}
UP = re.compile(r" is at (http://\S+)")
PATIENCE = 90.0


@dataclass(frozen=True)
class Ending:
    """How a process ended: its exit code, after how many seconds, and who of its family outlived it."""

    code: int
    seconds: float
    survivors: list[str]


class Serving:
    """`rq-vae-explorer` with these options, in a session of its own, as from a terminal of its own."""

    def __init__(self, *options: str | Path) -> None:
        self.log: list[str] = []
        self._runs_dir = tempfile.TemporaryDirectory(prefix="runs-")
        self._heard = threading.Condition()
        self.process = subprocess.Popen(
            [COMMAND, *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={"RQVAE_RUNS_DIR": self._runs_dir.name, **os.environ},
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                with self._heard:
                    self.log.append(line.rstrip("\n"))
                    self._heard.notify_all()

    def await_line(self, pattern: str | re.Pattern[str], within: float = PATIENCE) -> re.Match[str]:
        """The first line of the log that holds the pattern; fails if the process ends before, or says nothing of it."""
        deadline = time.monotonic() + within
        while True:
            with self._heard:
                found = next((match for line in self.log if (match := re.search(pattern, line))), None)
                if found:
                    return found
                self._heard.wait(0.1)
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log}"
            assert time.monotonic() < deadline, f"no {pattern!r} in {within:g} s: {self.log}"

    @property
    def url(self) -> str:
        """Where the page is, as the log says."""
        return self.await_line(UP)[1]

    def client(self) -> Client:
        """A client of its API."""
        return Client(self.url, verbose=False, download_files=False, analytics_enabled=False)

    def family(self) -> set[psutil.Process]:
        """The process, its descendants, and whoever else is in its session."""
        root = psutil.Process(self.process.pid)
        return {root, *root.children(recursive=True), *self._session()}

    def _session(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _session_of(process) == self.process.pid]

    def interrupt(self, number: int = signal.SIGINT, patience: float = 30.0) -> Ending:
        """Signal the process group, as Ctrl-C in a terminal does, and see the whole family go."""
        family = self.family()
        began = time.monotonic()
        os.killpg(self.process.pid, number)
        code = self.process.wait(patience)
        alive = family
        while (alive := {p for p in alive | set(self._session()) if _lives(p)}) and time.monotonic() < began + patience:
            time.sleep(0.02)
        return Ending(code, time.monotonic() - began, [_command_line(p) for p in alive])

    def close(self) -> None:
        """End whatever is left of it, by force."""
        if self.process.poll() is None:
            family = self.family()
            for process in family:
                if _lives(process):
                    process.kill()
        self.process.wait(10)
        self._listener.join(10)
        self._runs_dir.cleanup()


@contextmanager
def serving(mode: str, *options: str | Path) -> Iterator[Serving]:
    """The command in a mode of MODES, on a free port."""
    served = Serving(*MODES[mode], "--port", "0", *options)
    try:
        yield served
    finally:
        served.close()


def await_run(client: Client, run_id: str, step: int, status: str = "running", within: float = PATIENCE) -> dict:
    """The run's dict once it has that status and at least that step."""
    deadline = time.monotonic() + within
    while True:
        run = next(run for run in client.predict(api_name="/list_runs") if run["run_id"] == run_id)
        if run["status"] == status and run["step"] >= step:
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.05)


def _session_of(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def _lives(process: psutil.Process) -> bool:
    """A zombie has ended; that nobody asked for its exit code is its parent's affair."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:120]}"
    except psutil.NoSuchProcess:
        return f"{process.pid}"
