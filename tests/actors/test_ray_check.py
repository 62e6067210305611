"""Is this process fit for the cluster at an address? Against a real head with a token, and within seconds."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actors.heads import ray_head

pytestmark = pytest.mark.slow
CHECK = """
import json, sys, time
from actors import ray_check
from explorer.errors import LabUnavailable
began = time.monotonic()
try:
    if len(sys.argv) > 2:
        ray_check._check_versions(sys.argv[1], json.loads(sys.argv[2]))
    else:
        ray_check.check_cluster(sys.argv[1])
    said = ""
except LabUnavailable as error:
    said = str(error)
print(json.dumps([said, time.monotonic() - began]))
"""


@pytest.fixture(scope="module")
def tokens(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "right").write_text("right-right-right-right-right-32")
    (folder / "wrong").write_text("wrong-wrong-wrong-wrong-wrong-32")
    (folder / "empty").write_text("\n")
    return folder


@pytest.fixture(scope="module")
def head(tokens: Path) -> Iterator[str]:
    """The address of a head with the right token."""
    with ray_head(tokens / "log", environment(tokens / "right"), cpus=0) as (address, _):
        yield address


def environment(token: Path | None) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    return plain if token is None else plain | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}


def check(token: Path | None, *arguments: str) -> tuple[str, float]:
    """What is said, and after how many seconds."""
    command = [sys.executable, "-c", CHECK, *arguments]
    done = subprocess.run(command, env=environment(token), capture_output=True, text=True, check=True)
    said, seconds = json.loads(done.stdout.splitlines()[-1])
    return said, seconds


def test_the_right_token_is_let_in(head, tokens) -> None:
    assert check(tokens / "right", head)[0] == ""


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("wrong", "the cluster refuses this token; give this process the cluster's token"),
        ("empty", "RAY_AUTH_MODE is token, but there is none in"),
        ("missing", "RAY_AUTH_MODE is token, but there is none in"),
    ],
)
def test_another_token_or_none_is_said_in_words_within_10_seconds(head, tokens, token, words) -> None:
    said, seconds = check(tokens / token, head)
    assert words in said
    assert seconds < 10


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ({"ray_version": "2.49.1", "python_version": "3.11.2"}, "the cluster runs Ray 2.49.1 on Python 3.11.2"),
        ({"python_version": "3.9.1"}, "on Python 3.9.1"),
    ],
)
def test_another_release_of_ray_or_python_is_said_with_both(cluster, words) -> None:
    said, _ = check(None, "head:6379", json.dumps(cluster))
    assert words in said
    assert "install Ray" in said


PRETEND = """
import json, sys
from actors.ray_later import ray
client = ray._raylet.GcsClient(address=sys.argv[1])
said = json.loads(client.internal_kv_get(b"CLUSTER_METADATA", b"cluster", timeout=5))
before = dict(said)
said["ray_version"] = sys.argv[2] or said["ray_version"]
client.internal_kv_put(b"CLUSTER_METADATA", json.dumps(said).encode(), True, b"cluster", timeout=5)
print(before["ray_version"])
"""


@pytest.fixture
def older(head: str, tokens: Path) -> Iterator[str]:
    """The same head, which says that it is of another release of Ray."""

    def pretend(release: str) -> str:
        command = [sys.executable, "-c", PRETEND, head, release]
        return subprocess.check_output(command, env=environment(tokens / "right"), text=True).strip()

    own = pretend("2.49.1")
    yield head
    pretend(own)


def command_at(address: str, token: Path) -> tuple[int, str]:
    """The real command's exit code and what it says."""
    command = [Path(sys.executable).with_name("rq-vae-explorer"), "--address", address, "--port", "0"]
    done = subprocess.run(command, env=environment(token), capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("token", "words"), [("wrong", "the cluster refuses this token"), ("missing", "there is none in")]
)
def test_the_command_ends_with_the_words_in_one_line(head, tokens, token, words) -> None:
    code, said = command_at(head, tokens / token)
    assert code == 2
    assert [words in line for line in said.splitlines() if "--address" in line] == [True]
    assert "Traceback" not in said


def test_the_command_ends_with_both_releases_where_the_clusters_is_another(older, tokens) -> None:
    code, said = command_at(older, tokens / "right")
    assert code == 2
    assert f"--address {older}: the cluster runs Ray 2.49.1 on Python 3." in said
    assert "they have to be the same: install Ray 2.49.1" in said


def test_another_patch_of_python_is_no_mismatch() -> None:
    here = {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}.99"}
    assert check(None, "head:6379", json.dumps(here))[0] == ""
