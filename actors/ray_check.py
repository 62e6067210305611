"""Does this process fit the cluster at an address? Ray itself takes long to say no, or says it vaguely."""

import json
import os
import platform
from pathlib import Path

from actors.ray_later import ray
from explorer.errors import LabUnavailable

TOKEN_HINT = (
    "give this process the cluster's token: RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH=FILE, "
    "where FILE holds the same token as on the head"
)


def check_cluster(address: str) -> None:
    """Raise LabUnavailable in words unless the cluster at HOST:PORT takes this process's token and versions."""
    if address == "auto":
        return
    if os.environ.get("RAY_AUTH_MODE") == "token" and not _has_token():
        where = os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token"
        raise LabUnavailable(f"--address {address}: RAY_AUTH_MODE is token, but there is none in {where}; {TOKEN_HINT}")
    try:
        client = ray._raylet.GcsClient(address=address.removeprefix("ray://"))  # pyright: ignore[reportAttributeAccessIssue]
        said = client.internal_kv_get(b"CLUSTER_METADATA", b"cluster", timeout=5)
    except ray.exceptions.AuthenticationError:
        raise LabUnavailable(f"--address {address}: the cluster refuses this token; {TOKEN_HINT}") from None
    except Exception as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LabUnavailable(f"--address {address}: what answers there is no Ray cluster's head ({why})") from error
    if said:
        _check_versions(address, json.loads(said))


def _has_token() -> bool:
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token").expanduser()
    try:
        return bool(os.environ.get("RAY_AUTH_TOKEN") or path.read_text(encoding="utf-8").strip())
    except OSError:
        return False


def _check_versions(address: str, cluster: dict[str, str]) -> None:
    """Ray wants the same release on both sides, and pickled functions the same Python."""
    mine = {"ray": ray.__version__, "python": platform.python_version()}
    theirs = {name: str(cluster.get(f"{name}_version") or mine[name]) for name in mine}
    minor = {name: versions["python"].rpartition(".")[0] for name, versions in (("mine", mine), ("theirs", theirs))}
    if mine["ray"] != theirs["ray"] or minor["mine"] != minor["theirs"]:
        raise LabUnavailable(
            f"--address {address}: the cluster runs Ray {theirs['ray']} on Python {theirs['python']}, this is Ray "
            f"{mine['ray']} on Python {mine['python']}; they have to be the same: install Ray {theirs['ray']} on Python "
            f"{minor['theirs']} here, or update the cluster"
        )
