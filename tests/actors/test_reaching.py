"""Addresses of clusters: what is wrong is said at once."""

import socket
import time

import pytest

from actors.reaching import check_reachable
from explorer.errors import LabUnavailable


@pytest.mark.parametrize("address", ["", "head", "head:", ":6379", "head:port", "head:0", "head:70000", "head:-1"])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    with pytest.raises(LabUnavailable, match="must be HOST:PORT, such as ray-head:6379"):
        check_reachable(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "host.invalid"])
def test_an_address_where_nobody_listens_is_named_within_seconds(host: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(LabUnavailable, match=f"--address {host}:{port}: nothing answers there"):
        check_reachable(f"{host}:{port}")
    assert time.monotonic() - began < 10


def test_an_address_where_somebody_listens_is_let_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        check_reachable(f"127.0.0.1:{listener.getsockname()[1]}")
    check_reachable("auto")
