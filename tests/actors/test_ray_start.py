"""Ray of one's own: what of it is started, and how often that is tried."""

import json
import subprocess
import sys

import pytest

from actors import ray_start

LONGER = RuntimeError("the node timed out during startup")
START = """
import json, psutil
from actors import ray_start
from actors.ray_later import ray
def patched():
    return [ray._private.services.get_node, *(getattr(ray._private.node.Node, name) for name in ray_start.UNUSED)]
ask, known = ray._private.services.get_node, []
def asked(gcs_address, node_id):
    nodes = ray._raylet.GcsClient(address=gcs_address).get_all_node_info()
    known.append(node_id in [node.hex() for node in nodes])
    return ask(gcs_address, node_id)
ray._private.services.get_node = asked
before = patched()
ray_start.start(1)
answer = ray.get(ray.remote(lambda: 42).remote())
commands = [" ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)]
print(json.dumps([answer, commands, before == patched(), known]))
"""


@pytest.mark.slow
def test_a_ray_of_ones_own_works_without_processes_that_nobody_asks(monkeypatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    told = subprocess.run([sys.executable, "-c", START], stdout=subprocess.PIPE, check=True, text=True).stdout
    answer, commands, others_are_started_as_ever, node_was_known_when_ray_asked = json.loads(told)
    assert answer == 42
    assert any("raylet" in command for command in commands)
    assert not [c for c in commands if "dashboard.py" in c or "monitor.py" in c]
    assert others_are_started_as_ever
    assert node_was_known_when_ray_asked == [True]  # Ray asks again only a second later


@pytest.mark.parametrize(
    ("failures", "tried"),
    [([], 1), ([LONGER], 2), ([LONGER, LONGER], 3)],
)
def test_a_start_that_takes_too_long_is_tried_again(monkeypatch, failures: list[Exception], tried: int) -> None:
    assert starts(monkeypatch, failures) == tried


@pytest.mark.parametrize("failures", [[LONGER] * 3, [ValueError("no such address")]])
def test_what_does_not_help_is_not_tried_again(monkeypatch, failures: list[Exception]) -> None:
    with pytest.raises(type(failures[-1]), match=str(failures[-1])):
        starts(monkeypatch, failures)


def starts(monkeypatch, failures: list[Exception]) -> int:
    """How often Ray was asked to start, where it fails in turn before it starts."""
    left, asked = list(failures), []

    def init(*_: object, **__: object) -> None:
        asked.append(1)
        if left:
            raise left.pop(0)

    monkeypatch.setattr(ray_start, "_init", init)
    ray_start.start(1)
    return len(asked)
