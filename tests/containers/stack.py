"""The cluster of docker-compose.yml, for real: built, started, harmed, looked into."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradio_client import Client

from .leftovers import project

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0
WORKERS = 2
CHECKPOINT_EVERY = 4
SMALL = {"batch_size": 16, "codebook_size": 8}
BOUND = """\
  %s:
    driver: local
    driver_opts: {type: none, o: bind, device: "%s"}
"""


def engine_answers() -> bool:
    """Whether there is a Docker engine and a Compose."""
    if not shutil.which("docker") or not compose_command():
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def compose_command() -> list[str]:
    """Compose v2 if there is one, else 1.29."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else []


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Stack:
    """A project of its own in a folder of its own.

    Its volume of runs is a small file system, so that it can be filled; that of data is `data`, which holds a prepared MNIST.
    """

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.workers = folder, WORKERS
        self.project = project(os.getpid())
        self.runs_dir = folder / "runs"
        self.runs_dir.mkdir()
        self._run("mount", "-t", "tmpfs", "-o", "size=1g,uid=1000,gid=1000", "tmpfs", str(self.runs_dir))
        bound = "".join(BOUND % volume for volume in (("runs", self.runs_dir), ("data", data)))
        (folder / "override.yml").write_text(f"volumes:\n{bound}")
        self._run("sh", str(ROOT / "containers" / "create-secrets.sh"), "lab", cwd=folder)
        self.token = (folder / "secrets" / "ray_token").read_text().strip()
        self.user, _, self.password = (folder / "secrets" / "page_users").read_text().strip().partition(":")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.seconds: dict[str, float] = {}
        self.starting = 0.0
        """Seconds that four runs took to start, as busy as this machine is."""
        self._environment = os.environ | {
            "RQVAE_SECRETS": str(folder / "secrets"),
            "RQVAE_PUBLISH": self.url.removeprefix("http://"),
            "RQVAE_WORKER_CPUS": "2",
            "RQVAE_CHECKPOINT_EVERY": str(CHECKPOINT_EVERY),
            "RQVAE_IMAGE": f"{self.project}-image",
            "COMPOSE_PROJECT_NAME": self.project,
        }
        self._client: Client | None = None

    # The containers ----------------------------------------------------------------------------------------------------

    def _run(self, *command: str, cwd: Path = ROOT, check: bool = True) -> str:
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stderr[-2000:]}"
        return done.stdout + done.stderr

    def compose(self, *arguments: str, check: bool = True, without: str = "") -> str:
        """What a compose command printed. `without`: a variable that it does not get."""
        files = ["-f", str(ROOT / "docker-compose.yml"), "-f", str(self.folder / "override.yml")]
        environment = {name: value for name, value in self._environment.items() if name != without}
        (self.folder / "no.env").touch()
        places = ["--project-directory", str(ROOT), "--env-file", str(self.folder / "no.env")]
        command = [*compose_command(), *places, *files, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=self.folder, check=False)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def build(self) -> None:
        """Build the image."""
        began = time.monotonic()
        self.compose("build")
        self.seconds["build"] = time.monotonic() - began

    def up(self, workers: int | None = None, **settings: str) -> None:
        """Start what is not running or has other settings now, and wait until the page answers and every worker is there."""
        began = time.monotonic()
        self.workers = workers or self.workers
        self._environment |= settings
        self.compose("up", "-d", "--scale", f"worker={self.workers}")
        self.await_page()
        self.seconds["up"] = time.monotonic() - began

    def await_page(self) -> None:
        """Until the page answers, and Ray does on every machine."""
        until(lambda: self._healthy("worker") >= self.workers and self._healthy("ui") == 1, lambda: self.compose("ps"))

    def _healthy(self, service: str) -> int:
        states = [self.inspect(container)["State"].get("Health", {}) for container in self.containers(service)]
        return sum(state.get("Status") == "healthy" for state in states)

    def down(self, *arguments: str) -> None:
        """Stop everything, as a user does."""
        self.compose("down", *arguments)
        self._client = None

    def close(self) -> None:
        """Leave nothing behind but the image's layers."""
        self.compose("down", "-v", "-t", "5", "--remove-orphans", check=False)
        self._run("docker", "rmi", f"{self.project}-image", check=False)
        self._run("umount", "-l", str(self.runs_dir), check=False)

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers that run, by their number."""
        listed = self._run(
            "docker", "ps", "--format", "{{.Names}} {{.ID}}",
            "--filter", f"label=com.docker.compose.project={self.project}",
            "--filter", f"label=com.docker.compose.service={service}",
        )  # fmt: skip
        return [line.split()[1] for line in sorted(listed.splitlines())]

    def container(self, service: str) -> str:
        """The id of a service's only container."""
        (container,) = self.containers(service)
        return container

    def docker(self, *arguments: str, check: bool = True) -> str:
        """What a docker command printed."""
        return self._run("docker", *arguments, check=check)

    def freeze(self, container: str) -> None:
        """Stop all processes of a container where they are; now and then the kernel needs to be asked again."""

        def frozen() -> bool:
            self.docker("pause", container, check=False)
            return self.inspect(container)["State"]["Paused"]

        until(frozen, f"{container} cannot be frozen", 30)

    def inspect(self, container: str) -> dict[str, Any]:
        """What the engine knows of a container."""
        return json.loads(self.docker("inspect", container))[0]

    def logs(self, service: str) -> str:
        """All that a service's containers printed."""
        return self.compose("logs", "--no-color", service)

    def processes(self, container: str, title: str) -> list[int]:
        """The pids, in the container, of processes whose title begins so."""
        code = (
            "import psutil, sys\n"
            "for p in psutil.process_iter():\n"
            " try:\n"
            "  if (p.cmdline() or [''])[0].startswith(sys.argv[1]): print(p.pid)\n"
            " except psutil.Error: pass\n"
        )
        return [int(line) for line in self.docker("exec", container, "python3", "-c", code, title).split()]

    # The runs ----------------------------------------------------------------------------------------------------------

    def call(self, endpoint: str, *arguments: Any, **named: Any) -> Any:
        """Ask the page; its sessions end with its container."""
        if self._client is None:
            self._client = Client(self.url, auth=(self.user, self.password), verbose=False, download_files=False)
        try:
            return self._client.predict(*arguments, api_name=endpoint, **named)
        except Exception:
            self._client = None
            raise

    def start(self, *weights: float) -> list[str]:
        """Start runs that differ in λ_commit."""
        return [self._start(SMALL | {"lambdas": {"commit": weight}}) for weight in weights]

    def _start(self, config: dict[str, Any]) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.call("/start_run", config, "")["run_id"]
            except Exception:  # the lab is starting, or the page is
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def runs(self, *run_ids: str) -> list[dict[str, Any]]:
        """The runs named, or all; none while the page does not answer."""
        try:
            found = {run["run_id"]: run for run in self.call("/list_runs")}
        except Exception:  # noqa: BLE001 - while the page does not answer
            return []
        return [found[run_id] for run_id in run_ids if run_id in found] if run_ids else list(found.values())

    def await_runs(self, run_ids: list[str], good: Callable[[dict[str, Any]], bool], within: float = PATIENCE) -> float:
        """Seconds until all runs named are good."""
        began = time.monotonic()

        def all_good() -> bool:
            runs = self.runs(*run_ids)
            return len(runs) == len(run_ids) and all(map(good, runs))

        until(all_good, lambda: str([(r["status"], r["step"], r["reason"]) for r in self.runs()]), within)
        return time.monotonic() - began

    def clear(self) -> None:
        """Stop and remove every run, and leave as many workers as there were."""
        for run in self.runs():
            if run["status"] not in ("stopped", "lost"):
                self.call("/stop_run", run["run_id"])
        if self.workers != WORKERS or len(self.containers("worker")) != WORKERS:
            self.up(workers=WORKERS)
        for folder in self.runs_dir.glob("run-*"):
            shutil.rmtree(folder)


def until(happened: Callable[[], object], said: "str | Callable[[], str]", within: float = PATIENCE) -> None:
    """Wait until something happened; fails with what is said."""
    deadline = time.monotonic() + within
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {said if isinstance(said, str) else said()}")
        time.sleep(0.3)
