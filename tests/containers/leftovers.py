"""What an interrupted session of container tests left behind: the engine would start it again, beside every later test."""

import shutil
import subprocess

import psutil

PROJECT = "rqvae-test-"
LABEL = "com.docker.compose.project"


def project(pid: int) -> str:
    """The Compose project of the test process with this pid."""
    return f"{PROJECT}{pid}"


def remove_leftovers() -> list[str]:
    """Remove the containers, networks, volumes and images of test processes that are gone; their projects."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return []
    gone = {name for kind in ("container", "network", "volume") for name in _projects(kind) if not _lives(name)}
    for name in sorted(gone):
        for kind in ("container", "network", "volume"):
            named = _docker(
                kind, "ls", "-q", *(["-a"] if kind == "container" else []), "--filter", f"label={LABEL}={name}"
            )
            if named:
                _docker(kind, "rm", *([] if kind == "network" else ["-f"]), *named)
        _docker("image", "rm", "-f", f"{name}-image")
    return sorted(gone)


def _projects(kind: str) -> set[str]:
    every = ["-a"] if kind == "container" else []
    named = _docker(kind, "ls", *every, "--filter", f"label={LABEL}", "--format", f'{{{{.Label "{LABEL}"}}}}')
    return {name for name in named if name.startswith(PROJECT)}


def _lives(name: str) -> bool:
    return psutil.pid_exists(int(name.removeprefix(PROJECT)))


def _docker(*arguments: str) -> list[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False).stdout.split()
