"""What a checkpoint holds beside the state: curves, probes, live settings and the picture of its step. numpy only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from etils import epath

from actors.storage.files import TEMPORARY, Damaged, replace_with
from actors.storage.folder import RunFolder
from actors.view_arrays import view_arrays, view_of
from explorer.messages import Snapshot, View

SUFFIX = ".npz"
_PICTURE = "picture/"
_FACTS = ("step", "resets", "epoch", "device", "data_source", "live", "since", "losses", "digest")


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The host's part of a checkpoint. `arrays` are those of Record.dump(); `digest` is that of the state's arrays.

    `since` maps each live setting to the step from which it holds; `losses` are those of the batch of `step`.
    """

    step: int
    resets: int
    epoch: float
    device: str
    data_source: str
    live: dict[str, float]
    since: dict[str, int]
    losses: dict[str, float]
    arrays: dict[str, np.ndarray]
    view: View | None = None
    digest: str = ""

    def facts(self) -> str:
        """All but the arrays, as a line of JSON."""
        return json.dumps({name: getattr(self, name) for name in _FACTS})


def write_recording(checkpoint: epath.Path, recording: Recording) -> None:
    """Write it beside the checkpoint's folder. Raises OSError."""
    arrays: dict[str, Any] = {"facts": np.array(recording.facts()), **recording.arrays}
    if recording.view is not None:
        arrays |= {f"{_PICTURE}{name}": value for name, value in view_arrays(recording.view).items()}
    path = beside(checkpoint)
    replace_with(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def read_recording(checkpoint: epath.Path) -> Recording:
    """Read what is beside a checkpoint's folder. Raises Damaged."""
    path = beside(checkpoint)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return _recording(json.loads(str(arrays.pop("facts"))), arrays)
    except Exception as problem:  # files that are cut short or damaged raise errors of many kinds
        raise Damaged(path, problem) from problem


def recordings(folder: RunFolder) -> list[epath.Path]:
    """The checkpoints that have one, oldest first."""
    found = (path for path in folder.checkpoints.glob(f"*{SUFFIX}") if not path.name.startswith(TEMPORARY))
    return sorted((path.parent / path.name.removesuffix(SUFFIX) for path in found), key=lambda path: path.name)


def newest_recording(folder: RunFolder) -> Recording | None:
    """The newest that can be read; the folder's `damage` names the others."""
    for path in reversed(recordings(folder)):
        try:
            return read_recording(path)
        except Damaged as problem:
            if str(problem) not in folder.damage:
                folder.damage.append(str(problem))
    return None


def beside(checkpoint: epath.Path) -> epath.Path:
    """The file that belongs to a checkpoint's folder."""
    return checkpoint.parent / f"{checkpoint.name}{SUFFIX}"


def _recording(facts: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Recording:
    picture = {name.removeprefix(_PICTURE): arrays[name] for name in arrays if name.startswith(_PICTURE)}
    return Recording(
        **facts,
        arrays={name: value for name, value in arrays.items() if not name.startswith(_PICTURE)},
        view=view_of(picture) if picture else None,
    )


def snapshot_of(recording: Recording, run_id: str, version: int, **state: Any) -> Snapshot:
    """The picture of its step as a snapshot; `state` gives generation, status and reason."""
    return Snapshot(
        run_id=run_id,
        version=version,
        step=recording.step,
        epoch=recording.epoch,
        steps_per_second=0.0,
        device=recording.device,
        data_source=recording.data_source,
        live=recording.live,
        since=recording.since,
        losses=recording.losses,
        view=recording.view,
        **state,
    )
