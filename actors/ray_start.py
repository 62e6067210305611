"""A Ray of one's own on this machine, or one that is there already."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from actors.ray_later import ray

NAMESPACE = "rq-vae-explorer"
STARTS = 3
"""How often this machine's own cluster is tried to be started."""
OBJECTS = 100 * 2**20
"""Bytes of Ray's object store: what runs answer is small."""
UNUSED = ("start_api_server", "start_monitor", "start_log_monitor")
"""What starts Ray's dashboard, the autoscaler's monitor and the one that sends logs to drivers."""
NODE_WITHIN = 30.0
"""Seconds that a node has to start."""

logger = logging.getLogger(__name__)


def join(address: str) -> None:
    """Become a driver of the cluster there. Raises whatever Ray raises."""
    _init(address)


def start(num_cpus: int | None) -> None:
    """Start Ray here; on a busy machine it may take longer than Ray waits for it. Raises whatever Ray raises."""
    for left in reversed(range(STARTS)):
        try:
            with _sooner():
                _init("local", num_cpus=num_cpus, include_dashboard=False, object_store_memory=OBJECTS)
            return
        except Exception as error:
            if not left or "timed out during startup" not in str(error):
                raise
            logger.warning("Ray did not start in time; trying again: %s", error)
            ray.shutdown()


def _init(address: str, **own: Any) -> None:
    ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.WARNING, **own)


@contextmanager
def _sooner() -> Iterator[None]:
    """While it lasts Ray's start leaves out three processes that nothing here asks, and sees at once that the node is there.

    Ray has no setting for either: without a dashboard it still starts its process, and starts nothing else until that answers;
    and it asks for the node once a second.
    """
    node, services = ray._private.node.Node, cast(Any, ray._private.services)
    before, ask = {name: getattr(node, name) for name in UNUSED}, services.get_node

    def get_node(gcs_address: str, node_id: str) -> Any:
        _await_node(gcs_address, node_id)
        return ask(gcs_address, node_id)

    try:
        for name in UNUSED:
            setattr(node, name, lambda *_, **__: None)
        services.get_node = get_node
        yield
    finally:
        for name, method in before.items():
            setattr(node, name, method)
        services.get_node = ask


def _await_node(gcs_address: str, node_id: str) -> None:
    """Until the node is known, or for as long as Ray itself waits for it."""
    client = cast(Any, ray._raylet).GcsClient(address=gcs_address)
    deadline = time.monotonic() + NODE_WITHIN
    while all(known.hex() != node_id for known in client.get_all_node_info()) and time.monotonic() < deadline:
        time.sleep(0.02)
