"""Runs that are kept in an object store: a real S3 server, spoken to by s3fs."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from actors.local_lab import LocalLab
from tests.containers.stack import free_port

from .conftest import SMALL, find, until

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket's URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until(lambda: _created(f"{url}/lab"))
        yield "s3://lab/runs"
        server.terminate()


def _created(url: str) -> bool:
    try:
        with urlopen(Request(url, method="PUT"), timeout=5) as answer:
            return answer.status == 200
    except URLError:
        return False


def test_a_run_is_kept_and_comes_back_from_an_object_store(bucket: str, sample, no_data) -> None:
    first = LocalLab(no_data, runs_dir=bucket)
    first.connect()
    run_id = first.start(SMALL).run_id
    until(lambda: find(first, run_id).step > 5)
    first.stop(run_id)
    ended = find(first, run_id).step
    first.close()

    second = LocalLab(no_data, runs_dir=bucket)
    second.connect()
    info = find(second, run_id)
    assert (info.status, info.step, info.resumable) == ("stopped", ended, True)
    second.resume(run_id)
    until(lambda: find(second, run_id).status == "running" and find(second, run_id).step > ended)
    steps = second.get_history(run_id).steps
    assert steps.tolist() == list(range(1, len(steps) + 1))
    second.stop(run_id)
    second.remove(run_id)
    assert not any(info.run_id == run_id for info in second.runs())
    second.close()
