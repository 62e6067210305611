"""A run read back from the folder that `actors.export` wrote."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from actors.export import CONFIG, HISTORY, REPORT, SNAPSHOT
from actors.view_arrays import view_of
from explorer.config import RunConfig
from explorer.curves import MAX_POINTS
from explorer.errors import ConfigError, ExplorerError, shown
from explorer.messages import History, Snapshot, View

_PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True, slots=True)
class Record:
    """What config.json says: `outcome` is finished, interrupted or failed, `reason` why it failed."""

    config: RunConfig
    asked: int
    steps: int
    outcome: str
    reason: str
    data_source: str
    device: str


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A run whose files are whole."""

    record: Record
    snapshot: Snapshot
    view: View
    history: History


def read_record(out: Path) -> Record | None:
    """What the folder's config.json says; None if there is none. Raises ExplorerError if it is not a run's."""
    path = out / CONFIG
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            config=RunConfig.from_dict(said["config"]),
            asked=int(said["steps_asked"]),
            steps=int(said["steps"]),
            outcome=str(said["outcome"]),
            reason=str(said["reason"]),
            data_source=str(said["data_source"]),
            device=str(said["device"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ConfigError) as problem:
        raise ExplorerError(f"{shown(path)} is not the config.json of a run ({problem})") from problem


def read_run(out: Path) -> Stored | None:
    """The run that the folder holds; None if a file is missing, cut short or of another run.

    Raises ExplorerError if its config.json is not a run's.
    """
    record = read_record(out)
    if record is None:
        return None
    try:
        with (out / REPORT).open("rb") as report:
            report.seek(-len(_PNG_END), 2)
            if report.read() != _PNG_END:
                return None
        steps, columns = _read_history(out / HISTORY)
        with (out / SNAPSHOT).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        view = view_of(arrays)
        snapshot = _snapshot(out.resolve().name, record, arrays, view)
    except Exception:  # noqa: BLE001 - files that are cut short or damaged raise errors of many kinds
        return None
    if (
        len(steps) != record.steps
        or snapshot.step != record.steps
        or view.codebooks.shape != record.config.codebooks_shape
    ):
        return None
    return Stored(record, snapshot, view, thinned(snapshot.run_id, steps, columns))


def _read_history(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Steps (N) and the columns of metrics (N each); none of a run that failed in its first step."""
    text = path.read_text(encoding="utf-8")
    if not text:
        return np.zeros(0, np.int32), {}
    if not text.endswith("\n"):
        raise ValueError(f"{path} ends within a row")
    head, _, body = text.partition("\n")
    names, rows = head.split(","), np.loadtxt(io.StringIO(body), delimiter=",", ndmin=2)
    steps = rows[:, names.index("step")].astype(np.int32)
    if not np.array_equal(steps, np.arange(1, len(rows) + 1)):
        raise ValueError(f"{path} does not have a row a step")
    metrics = [name for name in names if name.startswith(("loss/", "codebook/"))]
    return steps, {name: rows[:, names.index(name)] for name in metrics}


def thinned(run_id: str, steps: np.ndarray, columns: dict[str, np.ndarray]) -> History:
    """The curves in as many points as `explorer.curves.Curves` would keep, each the mean of its steps."""
    stride = 1
    while len(steps) // stride > MAX_POINTS:
        stride *= 2
    points = len(steps) // stride
    means = {
        name: values[: points * stride].reshape(points, stride).mean(axis=1).astype(np.float32)
        for name, values in columns.items()
    }
    return History(run_id, 0, stride, steps[stride - 1 :: stride][:points], means, ())


def _snapshot(run_id: str, record: Record, arrays: dict[str, Any], view: View) -> Snapshot:
    config = record.config
    losses = {name.removeprefix("loss/"): float(arrays[name]) for name in arrays if name.startswith("loss/")}
    return Snapshot(
        run_id=run_id,
        version=1,
        generation=0,
        status="failed" if record.outcome == "failed" else "stopped",
        reason=record.reason,
        step=int(arrays["step"]),
        epoch=float(arrays["epoch"]),
        steps_per_second=0.0,
        device=record.device,
        data_source=record.data_source,
        live=config.live,
        since=dict.fromkeys(config.live, 0),
        losses=losses,
        view=view,
    )
