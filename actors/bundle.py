"""Runs of a lab as one zip to keep or share: settings, events, histories, snapshots, and a figure."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from actors.export import snapshot_arrays
from actors.lab import Lab, RunInfo
from explorer.errors import UnknownRun
from explorer.messages import History, Snapshot


def bundle(lab: Lab, run_ids: Sequence[str]) -> bytes:
    """A zip with a folder for each run, and figure.png and figure.pdf of those that have something to show.

    Raises UnknownRun before anything is fetched.
    """
    infos = {info.run_id: info for info in lab.runs()}
    for run_id in run_ids:
        if run_id not in infos:
            raise UnknownRun(run_id, infos)
    packed = io.BytesIO()
    shown: list[tuple[RunInfo, Snapshot, History]] = []
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for run_id in run_ids:
            snapshot, history = lab.get_snapshot(run_id), lab.get_history(run_id)
            _add_run(archive, infos[run_id], snapshot, history)
            if snapshot.view is not None:
                shown.append((infos[run_id], snapshot, history))
        if shown:
            _add_figure(archive, shown)
    return packed.getvalue()


def folder_of(info: RunInfo) -> str:
    """A folder's name that says which run it is, whatever people called it."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", info.name.replace("λ", "lambda")).strip("-.").lower()[:50]
    return f"{words or 'run'}_{info.run_id}"


def _add_run(archive: zipfile.ZipFile, info: RunInfo, snapshot: Snapshot, history: History) -> None:
    folder = folder_of(info)
    facts = {
        "run_id": info.run_id,
        "name": info.name,
        "note": info.card.note,
        "status": info.status,
        "reason": info.reason,
        "step": snapshot.step,
        "config": info.config.to_dict(),
        "live": snapshot.live,
        "parent": info.parent,
        "forked_at": info.forked_at,
        "data_source": snapshot.data_source,
        "device": snapshot.device,
    }
    archive.writestr(f"{folder}/config.json", json.dumps(facts, indent=2, ensure_ascii=False))
    events = [asdict(event) for event in history.events]
    archive.writestr(f"{folder}/events.json", json.dumps(events, indent=1, ensure_ascii=False))
    archive.writestr(f"{folder}/history.csv", _csv(history))
    if snapshot.view is not None:
        arrays = io.BytesIO()
        np.savez_compressed(arrays, allow_pickle=False, **snapshot_arrays(snapshot, snapshot.view))
        archive.writestr(f"{folder}/snapshot.npz", arrays.getvalue())


def _csv(history: History) -> str:
    """A row a point; each is the mean of the steps since the point before."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["step", *history.columns])
    for i, step in enumerate(history.steps):
        rows.writerow([int(step), *(f"{column[i]:.9g}" for column in history.columns.values())])
    return text.getvalue()


def _add_figure(archive: zipfile.ZipFile, shown: Sequence[tuple[RunInfo, Snapshot, History]]) -> None:
    from explorer import figures  # matplotlib takes half a second, which the start of a page need not wait for

    info, snapshot, history = shown[0]
    if len(shown) == 1:
        figure = figures.report(snapshot, history, info.config)
    else:
        first = shown[: figures.MAX_SHOWN]
        entries = [figures.Entry(run.name, run.config, seen, curves) for run, seen, curves in first]
        figure = figures.comparison(entries, of=len(shown))
    for kind in ("png", "pdf"):
        drawn = io.BytesIO()
        figure.savefig(drawn, format=kind, dpi=130)
        archive.writestr(f"figure.{kind}", drawn.getvalue())
