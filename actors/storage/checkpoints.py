"""Checkpoints of a run: its state by orbax, and beside it the curves, probes and picture of that step. Imports jax.

A checkpoint's name says which copy of the run wrote it, how often the run had been reset, and the step; so that names in
order are checkpoints in order. Its record holds a digest of the state: what does not match is not used.
"""

import hashlib
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np
from etils import epath

from actors.storage.files import TEMPORARY, Damaged, copy_tree, is_local
from actors.storage.folder import RunFolder
from actors.storage.recording import Recording, read_recording, recordings, write_recording
from explorer.config import RunConfig
from explorer.errors import ExplorerError
from explorer.messages import RunState

KEPT = 3
"""Checkpoints that a run keeps: the newest."""

logging.getLogger("absl").setLevel(logging.ERROR)  # orbax tells of every file


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A run as of one step."""

    state: RunState
    recording: Recording


class Checkpoints:
    """Those of one run's folder."""

    def __init__(self, folder: RunFolder) -> None:
        from orbax import checkpoint as orbax  # takes a second, which the start of a run need not wait for

        self._folder = folder
        self._orbax = orbax.Checkpointer(orbax.PyTreeCheckpointHandler(use_ocdbt=True, use_zarr3=True))

    def save(self, checkpoint: Checkpoint, incarnation: int) -> None:
        """Write a checkpoint, then delete the oldest beyond three. Raises OSError, or what orbax raises."""
        recording, state = checkpoint.recording, checkpoint.state
        path = self._folder.checkpoints / name_of(incarnation, recording.resets, state.step)
        write_recording(path, replace(recording, digest=digest(state.leaves)))
        self._save_state(path, state)
        self._prune()

    def _save_state(self, path: epath.Path, state: RunState) -> None:
        if is_local(path):
            self._orbax.save(path, _tree(state.leaves), force=True)
            return
        with tempfile.TemporaryDirectory() as folder:  # orbax writes to few of the stores that etils knows
            here = epath.Path(folder) / path.name
            self._orbax.save(here, _tree(state.leaves))
            copy_tree(here, path)

    def _restore_state(self, path: epath.Path) -> tuple[np.ndarray, ...]:
        if is_local(path):
            return tuple(np.asarray(leaf) for leaf in jax.tree.leaves(self._orbax.restore(path)))
        with tempfile.TemporaryDirectory() as folder:
            here = epath.Path(folder) / path.name
            copy_tree(path, here)
            return self._restore_state(here)

    def newest(self, config: RunConfig, resets: int) -> Checkpoint | None:
        """The newest that is whole, of a run that was reset `resets` times; the folder's `damage` names the others."""
        for path in reversed(recordings(self._folder)):
            if name_parts(path.name)[1] != resets:
                return None
            try:
                return self._read(path, config)
            except ExplorerError as problem:
                self._folder.damage.append(str(problem))
        return None

    def _read(self, path: epath.Path, config: RunConfig) -> Checkpoint:
        recording = read_recording(path)
        try:
            leaves = self._restore_state(path)
        except Exception as problem:
            raise Damaged(path, problem.__class__.__name__) from problem
        if digest(leaves) != recording.digest:
            raise Damaged(path, "its numbers are not those that were written")
        return Checkpoint(RunState(config.with_live(recording.live), recording.step, leaves), recording)

    def _prune(self) -> None:
        names = sorted({path.name.removesuffix(".npz") for path in self._folder.checkpoints.iterdir()})
        whole = [name for name in names if not name.startswith(TEMPORARY) and "." not in name]
        for name in whole[:-KEPT]:
            (self._folder.checkpoints / f"{name}.npz").unlink(missing_ok=True)
            if (self._folder.checkpoints / name).exists():
                (self._folder.checkpoints / name).rmtree()


def name_of(incarnation: int, resets: int, step: int) -> str:
    """A checkpoint's name."""
    return f"{incarnation:04d}-{resets:04d}-{step:09d}"


def name_parts(name: str) -> tuple[int, int, int]:
    """Which copy wrote it, resets, step."""
    incarnation, resets, step = name.split("-")
    return int(incarnation), int(resets), int(step)


def digest(leaves: Sequence[np.ndarray]) -> str:
    """Of all arrays' shapes, kinds and bytes."""
    hashed = hashlib.blake2b(digest_size=16)
    for leaf in leaves:
        hashed.update(f"{leaf.shape} {leaf.dtype}".encode())
        hashed.update(np.ascontiguousarray(leaf).data)
    return hashed.hexdigest()


def _tree(leaves: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"leaf-{i:03d}": leaf for i, leaf in enumerate(leaves)}


def newest_state(path: str) -> RunState:
    """The state in the newest whole checkpoint of the run's folder at `path`. Raises ExplorerError if there is none."""
    folder = RunFolder(path)
    log, config = folder.log(), folder.manifest().config
    checkpoint = None if log is None else Checkpoints(folder).newest(config, log.resets)
    if checkpoint is None:
        raise ExplorerError(f"{folder.path.name} cannot be forked: it has no checkpoint that could be read")
    return checkpoint.state
