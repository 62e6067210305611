"""Small files that are whole or not there, on any path that etils knows: a local one, gs://, s3:// and so on."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from etils import epath
from fsspec.config import conf

from explorer.errors import ExplorerError, shown

TEMPORARY = ".tmp-"
"""What the names of half-written files begin with."""


for protocol in ("s3", "gcs", "az"):  # other machines write there too: what was listed once is soon wrong
    conf.setdefault(protocol, {}).setdefault("use_listings_cache", False)


def is_local(path: epath.Path) -> bool:
    """Whether a path is in this machine's file system; not so gs://, s3:// and so on."""
    return "://" not in str(path)


def replace_with(path: epath.Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file under another name, then give it its own. Raises OSError."""
    temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}"
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            if is_local(path):
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def create(path: epath.Path) -> None:
    """Make an empty file. Raises FileExistsError if somebody did, of two at once in one of them, and OSError.

    Where files are objects in a store two at once may both succeed.
    """
    if is_local(path):
        Path(path).touch(exist_ok=False)
    elif path.exists():
        raise FileExistsError(str(path))
    else:
        path.write_text("")


def copy_tree(source: epath.Path, target: epath.Path) -> None:
    """Copy a folder with all that is in it. Raises OSError."""
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_dir():
            copy_tree(path, target / path.name)
        else:
            (target / path.name).write_bytes(path.read_bytes())


def write_json(path: epath.Path, value: object) -> None:
    """Write a value as JSON. Raises OSError."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    replace_with(path, lambda file: file.write(text.encode()))


def read_json(path: epath.Path) -> dict[str, Any]:
    """The object in a file. Raises FileNotFoundError, and Damaged if it is not whole."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as problem:
        raise Damaged(path, problem) from problem
    if not isinstance(value, dict):
        raise Damaged(path, f"a {type(value).__name__} where an object was expected")
    return value


class Damaged(ExplorerError):
    """A file of a run's folder cannot be used; its message names it."""

    def __init__(self, path: object, problem: object) -> None:
        super().__init__(f"{shown(path)} is damaged ({shown(problem)})")

    def __reduce__(self) -> tuple[object, ...]:
        return ExplorerError, (str(self),)
