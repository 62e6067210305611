"""The cluster as `docker compose up` makes it: what it can do, what it shows, and to whom."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from gradio_client import Client

from tests.conftest import require

from .stack import ROOT, Stack, compose_command, until

pytestmark = pytest.mark.slow


def status(url: str) -> int:
    try:
        return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as problem:
        return problem.code


def test_a_comparison_trains_on_both_workers(stack: Stack) -> None:
    started = stack.call("/start_comparison", {"commit": [0.05, 0.25, 1, 4]}, {"batch_size": 16, "codebook_size": 8})
    ids = [run["run_id"] for run in started["runs"]]
    stack.await_runs(ids, lambda run: run["status"] == "running" and run["step"] > 20)
    assert [len(stack.processes(worker, "ray::RunActor")) for worker in stack.containers("worker")] == [2, 2]
    assert {run["lambdas"]["commit"] for run in stack.runs(*ids)} == {0.05, 0.25, 1, 4}
    stack.clear()


def test_the_data_is_decoded_once_and_mapped_by_every_run_of_every_worker(stack: Stack, four: list[str]) -> None:
    maps = [
        line.split()
        for worker in stack.containers("worker")
        for pid in stack.processes(worker, "ray::RunActor")
        for line in stack.docker("exec", worker, "cat", f"/proc/{pid}/maps").splitlines()
        if line.endswith("train_images.npy")
    ]
    assert len(maps) == len(four)
    assert {permissions for _, permissions, *_ in maps} == {"r--s"}
    assert len({(device, inode) for _, _, _, device, inode, _ in maps}) == 1
    assert {stack.call("/get_snapshot", run_id)["data_source"] for run_id in four} == {"mnist, 60,000 images (TFDS)"}


def test_only_the_page_is_published_and_only_to_this_machine(stack: Stack) -> None:
    published = {
        service: [
            f"{binding['HostIp']}:{port}"
            for container in stack.containers(service)
            for port, bindings in stack.inspect(container)["NetworkSettings"]["Ports"].items()
            for binding in bindings or []
        ]
        for service in ("head", "worker", "ui")
    }
    assert published == {"head": [], "worker": [], "ui": ["127.0.0.1:7860/tcp"]}


def test_the_page_asks_for_a_login_and_only_its_health_is_open(stack: Stack) -> None:
    assert urllib.request.urlopen(f"{stack.url}/healthz", timeout=10).read() == b'{"status":"ok"}'
    assert [status(f"{stack.url}{path}") for path in ("/config", "/gradio_api/info")] == [401, 401]
    with pytest.raises(Exception, match="(?i)login|auth|credentials|401"):
        Client(stack.url, auth=(stack.user, "not the password"), verbose=False, download_files=False)
    assert isinstance(stack.call("/list_runs"), list)


def test_figures_of_runs_can_be_scraped_inside_the_network_only(stack: Stack) -> None:
    (run_id,) = stack.start(0.25)
    stack.await_runs([run_id], lambda run: run["step"] > 20)
    code = "import urllib.request as u, sys; print(u.urlopen(sys.argv[1], timeout=5).read().decode())"

    def figures() -> set[str]:
        said = ""
        for worker in stack.containers("worker"):
            said += stack.docker("exec", worker, "python3", "-c", code, "http://127.0.0.1:8080/metrics")
        return {line.partition("{")[0] for line in said.splitlines() if f'run="{run_id}"' in line}

    names = ("step", "loss_total", "loss_recon", "loss_commit", "loss_codebook", "steps_per_second", "active_codes")
    until(lambda: figures() == {f"ray_rqvae_{name}" for name in (*names, "restarts")}, lambda: str(figures()), 60)
    stack.clear()


def test_nobody_is_root_and_no_build_tool_is_left(stack: Stack) -> None:
    for service in ("head", "worker", "ui"):
        for container in stack.containers(service):
            assert stack.docker("exec", container, "id", "-u").strip() == "1000"
            found = stack.docker("exec", container, "sh", "-c", "command -v uv gcc g++ make git || true").strip()
            assert found == ""


def test_every_module_is_compiled_to_bytecode(stack: Stack) -> None:
    code = (
        "import importlib.util as u, pathlib, sys\n"
        "paths = [p for p in pathlib.Path('/opt/explorer/lib').rglob('*.py') if '/tests/' not in str(p)]\n"
        "plain = [p for p in paths if not pathlib.Path(u.cache_from_source(p)).exists()]\n"
        "print(len(paths), len(plain))\n"
    )
    modules, plain = map(int, stack.docker("exec", stack.container("ui"), "python3", "-c", code).split())
    assert modules > 5000
    assert plain < modules / 100  # templates that are no Python


def test_every_container_has_its_limits_its_memory_to_share_and_starts_again_by_itself(stack: Stack) -> None:
    for service in ("head", "worker", "ui"):
        for container in stack.containers(service):
            known = stack.inspect(container)
            host, config = known["HostConfig"], known["Config"]
            assert host["RestartPolicy"]["Name"] == "unless-stopped"
            assert host["Init"]
            assert host["Memory"] >= 2 * 2**30
            assert host["ShmSize"] >= 2 * int(os.environ.get("RQVAE_OBJECT_STORE", "200000000"))
            assert config["StopTimeout"] >= 15
            assert config["Healthcheck"]["Test"][0] == "CMD"
            volumes = {mount["Destination"] for mount in known["Mounts"] if mount["Type"] == "volume"}
            assert {"/runs", "/data", "/cache"} <= volumes


def test_a_run_of_a_newer_version_is_named_in_the_log_of_the_page_and_left_alone(stack: Stack) -> None:
    folder = stack.runs_dir / "run-newer000"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"format": 99, "run_id": folder.name}))
    said = "run-newer000/run.json was written by a newer version of RQ-VAE Explorer (format 99;"
    until(lambda: stack.runs() is not None and said in stack.logs("ui"), lambda: stack.logs("ui")[-2000:], 60)
    assert json.loads((folder / "run.json").read_text())["format"] == 99
    shutil.rmtree(folder)


def test_no_secret_is_in_the_image_the_containers_settings_processes_or_logs(stack: Stack) -> None:
    seen = [stack.docker("history", "--no-trunc", f"{stack.project}-image")]
    for service in ("head", "worker", "ui"):
        seen.append(stack.logs(service))
        for container in stack.containers(service):
            seen.append(stack.docker("inspect", container))
            seen.append(stack.docker("exec", container, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))
    for secret in (stack.token, stack.password):
        assert len(secret) >= 16
        assert not any(secret in text for text in seen)


def test_missing_secrets_are_said_with_the_line_that_creates_them(stack: Stack) -> None:
    said = stack.compose("config", check=False, without="RQVAE_SECRETS")
    assert "sh containers/create-secrets.sh" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["worker"],
            "the secret /run/secrets/ray_token cannot be read (No such file or directory); create the secrets",
        ),
        (["-v", "{empty}:/run/secrets/ray_token:ro", "worker"], "the secret /run/secrets/ray_token is empty"),
        (
            ["-v", "{token}:/run/secrets/ray_token:ro", "-v", "{root}:/runs", "worker"],
            "nothing can be written to /runs",
        ),
    ],
)
def test_what_a_container_lacks_is_said_in_a_line_of_its_log(stack: Stack, tmp_path, arguments, said) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "root").mkdir(mode=0o755)
    places = {"empty": tmp_path / "empty", "token": stack.folder / "secrets" / "ray_token", "root": tmp_path / "root"}
    *options, role = [argument.format(**places) for argument in arguments]
    done = stack.docker("run", "--rm", *options, f"{stack.project}-image", role, check=False)
    assert said in done
    assert "Traceback" not in done


def test_a_worker_with_another_token_says_so(stack: Stack, tmp_path) -> None:
    other = tmp_path / "token"
    other.write_text("0123456789abcdef0123456789abcdef")
    other.chmod(0o444)
    network = f"{stack.project}_cluster"
    image = f"{stack.project}-image"
    options = ["--rm", "--network", network, "-v", f"{other}:/run/secrets/ray_token:ro"]
    done = stack.docker("run", *options, image, "worker", check=False)
    assert "head:6379: the cluster refuses this token" in done


def test_compose_files_are_valid_with_gpus_too() -> None:
    files = ["-f", "docker-compose.yml", "-f", "docker-compose.gpu.yml"]
    require(bool(compose_command()), "there is no Compose on this machine")
    command = [*compose_command(), *files, "config"]
    environment = os.environ | {"RQVAE_SECRETS": "./secrets"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "nvidia" in done.stdout
