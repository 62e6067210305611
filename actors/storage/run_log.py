"""What a run's process logs, beside the run: run-0001.log in its folder, so that all logs of a cluster are in one place."""

import logging
import platform
from pathlib import Path

from actors.storage.files import is_local
from actors.storage.folder import RunFolder

FORMAT = "%(asctime)s %(levelname)s {run} {place} %(message)s"


def log_beside(folder: RunFolder, incarnation: int) -> None:
    """Append what this process logs from now on, each line with the run's id and the machine's name.

    A copy of the run has a file of its own. Where the folder is no local path, the lines are Ray's alone.
    """
    if not is_local(folder.path):
        return
    logging.raiseExceptions = False  # a full disk must not fill the other log with its traces
    handler = logging.FileHandler(Path(folder.path) / f"run-{incarnation:04d}.log", encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(FORMAT.format(run=folder.path.name, place=platform.node())))
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("actors").setLevel(logging.INFO)
