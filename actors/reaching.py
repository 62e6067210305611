"""Is there a cluster at an address? Ray itself takes over a minute to say that there is none."""

import socket

from explorer.errors import LabUnavailable

PATIENCE = 3.0
"""Seconds within which a head has to take a connection."""


def check_reachable(address: str) -> None:
    """Raise LabUnavailable in words unless something listens at `address`, HOST:PORT; "auto" is left to Ray."""
    if address == "auto":
        return
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise LabUnavailable(f"--address {address}: must be HOST:PORT, such as ray-head:6379")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise LabUnavailable(
            f"--address {address}: nothing answers there ({why}); is the cluster's head running, and is that its port? "
            "It is 6379 unless it was started with another"
        ) from error
