"""What a container of the cluster does: `head`, `worker` or `ui`; anything else is run as a command.

It checks the secrets first, starts Ray, and when the container is stopped lets the runs in it write what they are.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import psutil

CREATE = "sh containers/create-secrets.sh"
HEAD = os.environ.get("RQVAE_HEAD", "head:6379")
SAVED = Path("/tmp")
SAVE_WITHIN = 18.0
"""Seconds that the runs of a container have to write their last checkpoint: with 10 to end in, less than Compose's 30."""
LOOK_EVERY = 0.5


def main() -> int:
    """Play the role; the exit code of what it ran."""
    role = sys.argv[1] if len(sys.argv) > 1 else "ui"
    if role not in ("head", "worker", "ui"):
        os.execvp(role, sys.argv[1:])
    check_secrets(role)
    check_volume(Path(os.environ["RQVAE_RUNS_DIR"]), needed=role != "head")
    return {"head": head, "worker": worker, "ui": ui}[role]()


def check_secrets(role: str) -> None:
    """End with one line that says how to create what is missing."""
    needed = [Path(os.environ["RAY_AUTH_TOKEN_PATH"])]
    if role == "ui":
        needed.append(Path(os.environ["RQVAE_USERS_FILE"]))
    for path in needed:
        try:
            empty = not path.read_text(encoding="utf-8").strip()
        except OSError as problem:
            fail(f"the secret {path} cannot be read ({problem.strerror}); create the secrets with:  {CREATE}")
        if empty:
            fail(f"the secret {path} is empty; delete it and create it again with:  {CREATE}")


def check_volume(path: Path, *, needed: bool) -> None:
    """End with one line unless runs can be written there."""
    probe = path / f".writable-{os.getpid()}-{os.uname().nodename}"
    try:
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as problem:
        if needed and problem.errno != 28:  # a full disk is no reason to end: training goes on without checkpoints
            fail(
                f"nothing can be written to {path} ({problem.strerror}): the volume of runs must be writable by uid 1000"
            )


def fail(text: str) -> None:
    """Say it in one line and end."""
    print(f"rq-vae-explorer: {text}", file=sys.stderr, flush=True)
    sys.exit(2)


def ray_start(*arguments: str) -> list[str]:
    """The command that starts this container's part of the cluster."""
    memory = os.environ.get("RQVAE_OBJECT_STORE", "200000000")
    metrics = os.environ.get("RQVAE_METRICS_PORT", "8080")
    common = ["--disable-usage-stats", f"--object-store-memory={memory}", f"--metrics-export-port={metrics}"]
    return ["ray", "start", *arguments, *common]


def head() -> int:
    """The cluster's head: it holds no runs."""
    port = HEAD.rpartition(":")[2]
    return run(ray_start("--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false", "--block"))


def worker() -> int:
    """A machine that holds runs."""
    cpus = os.environ.get("RQVAE_WORKER_CPUS") or "0"
    sized = [f"--num-cpus={cpus}"] if cpus != "0" else []
    await_head()
    check_token()
    return run(ray_start(f"--address={HEAD}", *sized, "--block"), save=True)


def ui() -> int:
    """The web page: a node without CPUs, and the page in front of it. Ends when the cluster is gone, to be started anew."""
    await_head()
    check_token()
    subprocess.run(ray_start(f"--address={HEAD}", "--num-cpus=0"), check=True, stdout=subprocess.DEVNULL)
    options = ["--address", HEAD, "--host", "0.0.0.0", "--port", "7860"]
    try:
        return run(["rq-vae-explorer", *options, *sys.argv[2:]], needs="raylet")
    finally:
        subprocess.run(["ray", "stop"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def await_head() -> None:
    """Until the head's port answers; its name may not be known yet."""
    import socket

    host, _, port = HEAD.rpartition(":")
    for attempt in range(120):
        try:
            socket.create_connection((host, int(port)), 2).close()
            return
        except OSError as problem:
            if attempt % 10 == 0:
                print(f"rq-vae-explorer: waiting for the head at {HEAD} ({problem})", file=sys.stderr, flush=True)
            time.sleep(1)
    fail(f"the head at {HEAD} did not answer within two minutes")


def check_token() -> None:
    """End with one line unless the head takes this container's token and versions. Ray itself says it vaguely, and late."""
    from actors.ray_check import check_cluster
    from explorer.errors import LabUnavailable

    try:
        check_cluster(HEAD)
    except LabUnavailable as problem:
        fail(str(problem).removeprefix("--address "))


def run(command: list[str], *, save: bool = False, needs: str = "") -> int:
    """Run a command to its end; a signal to end is passed on, after the runs here were saved."""
    process = subprocess.Popen(command)
    asked: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if save:
            for raylet in named("raylet"):  # or it would be given runs of other machines that are stopping, too
                raylet.suspend()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while process.poll() is None and not asked:
        time.sleep(LOOK_EVERY)
        if needs and not named(needs):
            print(f"rq-vae-explorer: {needs} has ended: the cluster is gone", file=sys.stderr, flush=True)
            break
    if process.poll() is None:
        if save and asked:
            save_runs()
            for raylet in named("raylet"):
                raylet.kill()
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    code = process.wait()
    return 0 if asked else code or 1


def named(name: str) -> list[psutil.Process]:
    """Processes of this container whose title begins so."""
    found = []
    for process in psutil.process_iter(["cmdline", "name"]):
        title = (process.info["cmdline"] or [""])[0]
        if title.startswith(name) or process.info["name"] == name:
            found.append(process)
    return found


def save_runs() -> None:
    """Ask every run here to write its last checkpoint, and wait for that."""
    runs = named("ray::RunActor")
    for process in runs:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + SAVE_WITHIN
    while runs and time.monotonic() < deadline:
        runs = [
            process for process in runs if process.is_running() and not (SAVED / f"rqvae-saved-{process.pid}").exists()
        ]
        time.sleep(0.05)
    print(f"rq-vae-explorer: stopping; {len(runs)} runs could not be saved", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
