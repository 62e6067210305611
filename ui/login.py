"""Who may open the page where others could reach it: names and passwords in a file, which nobody else should read."""

import hmac
import ipaddress
from collections.abc import Callable
from pathlib import Path

from explorer.errors import ExplorerError, shown

Check = Callable[[str, str], bool]


class LoginError(ExplorerError):
    """The page cannot be opened to others like this."""


def login(users_file: str | None, address: str) -> Check | None:
    """The check of a name and a password; None if the page listens at a loopback `address` only and there are no users.

    Raises LoginError for a page that others could reach without a login, and for a file that is no list of users.
    """
    if not users_file:
        if ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            return None
        raise LoginError(
            f"--host {address} lets others reach the page, so it needs a login: name a file with a line NAME:PASSWORD for "
            "each user with --users-file FILE (or RQVAE_USERS_FILE)"
        )
    users = read_users(Path(users_file).expanduser())

    def check(name: str, password: str) -> bool:
        expected = users.get(name, "")
        return hmac.compare_digest(expected.encode(), password.encode()) and name in users

    return check


def read_users(path: Path) -> dict[str, str]:
    """Names and passwords; empty lines and those that begin with # say nothing. Raises LoginError, which quotes no password."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "not UTF-8"
        raise LoginError(f"--users-file {shown(path)} cannot be read ({why})") from problem
    users: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, password = line.strip().partition(":")
        if not colon or not name or len(password) < 8:
            raise LoginError(
                f"--users-file {shown(path)}, line {number}: must be NAME:PASSWORD, with a password of at least 8 characters"
            )
        users[name] = password
    if not users:
        raise LoginError(f"--users-file {shown(path)} names nobody: write a line NAME:PASSWORD for each user")
    return users
