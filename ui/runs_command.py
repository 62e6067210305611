"""`rq-vae-explorer runs`: the runs of the past in a shell, without a page."""

import argparse
import math
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from actors.lab import Lab, RunInfo
from explorer.errors import ExplorerError, UnknownRun
from explorer.settings import STEPS
from explorer.sweep import value_text

RUNS = """\
The runs that have a folder: what they were, and what may be done with them. ID is a run's id, or as much of it as is unique.

  rq-vae-explorer runs list                      one line for each run
  rq-vae-explorer runs show ID                   settings, losses, health, events of one run
  rq-vae-explorer runs resume ID [--steps N]     train on, here; Ctrl-C keeps what was trained. With --address on a cluster
  rq-vae-explorer runs export ID ... --out ZIP   settings, events, curves, pictures
  rq-vae-explorer runs rm ID ... [--yes]         delete runs with all their files"""


def add_runs_arguments(parser: argparse.ArgumentParser, steps: Any) -> None:
    """What may follow `runs`; `steps` converts a number of steps."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="{list,show,resume,export,rm}")
    listed = verbs.add_parser("list", help="one line for each run")
    show = verbs.add_parser("show", help="all about one run")
    resume = verbs.add_parser("resume", help="train on")
    export = verbs.add_parser("export", help="write runs to a zip")
    remove = verbs.add_parser("rm", help="delete runs")
    for one in (show, resume):
        one.add_argument("run", metavar="ID")
    for many in (export, remove):
        many.add_argument("runs", metavar="ID", nargs="+")
    for each in (listed, show, resume, export, remove):
        place = "where runs are kept (default: RQVAE_RUNS_DIR, else a folder of your user data)"
        each.add_argument("--runs-dir", metavar="DIR", help=place)
    resume.add_argument("--steps", type=steps, help=f"{STEPS.help} Without it, until Ctrl-C.")
    resume.add_argument("--address", metavar="HOST:PORT", help="on the Ray cluster at this address, and leave it there")
    resume.add_argument("--data-dir", metavar="DIR", help="where TFDS data sets are, or go")
    export.add_argument("--out", type=Path, required=True, metavar="ZIP", help="file to write")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def runs_command(arguments: argparse.Namespace) -> int:
    """Carry it out; the exit code. Raises ExplorerError."""
    from actors.local_lab import LocalLab
    from actors.storage.archive import default_runs_dir

    runs_dir = arguments.runs_dir or default_runs_dir()
    lab = LocalLab(getattr(arguments, "data_dir", None), runs_dir)
    infos = lab.runs()
    if arguments.verb == "list":
        print("\n".join(table(infos)) if infos else f"no runs in {runs_dir}")
        return 0
    names = arguments.runs if hasattr(arguments, "runs") else [arguments.run]
    chosen = [find(infos, name) for name in names]
    if arguments.verb == "show":
        print("\n".join(described(lab, chosen[0])))
    elif arguments.verb == "export":
        _export(lab, chosen, arguments.out)
    elif arguments.verb == "rm":
        return _remove(lab, chosen, yes=arguments.yes)
    elif arguments.address:
        _resume_on_cluster(chosen[0], arguments.address, runs_dir)
    else:
        return _resume_here(lab, chosen[0], arguments.steps)
    return 0


def find(infos: Sequence[RunInfo], name: str) -> RunInfo:
    """The run of that id, or the only one whose id begins so. Raises UnknownRun, or ExplorerError if several do."""
    found = [info for info in infos if info.run_id == name] or [
        info for info in infos if info.run_id.startswith((name, f"run-{name}"))
    ]
    if not found:
        raise UnknownRun(name, [info.run_id for info in infos])
    if len(found) > 1:
        raise ExplorerError(f"{name} may be any of {', '.join(info.run_id for info in found)}: write more of it")
    return found[0]


def table(infos: Sequence[RunInfo]) -> list[str]:
    """A line for each run under a head."""
    rows = [("id", "begun", "status", "step", "name", "note")]
    for info in infos:
        begun = datetime.fromtimestamp(info.created).strftime("%Y-%m-%d %H:%M")
        rows.append((info.run_id, begun, info.status, f"{info.step:,}", info.name, info.reason or info.card.note))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return ["  ".join([*(row[i].ljust(w) for i, w in enumerate(widths)), row[-1]]).rstrip() for row in rows]


def described(lab: Lab, info: RunInfo) -> list[str]:
    """All about one run, in lines."""
    snapshot, history = lab.get_snapshot(info.run_id), lab.get_history(info.run_id)
    config = info.config
    settings = {name: value for name, value in config.to_dict().items() if name != "lambdas"} | config.lambdas.to_dict()
    lines = [
        f"{info.name} ({info.run_id}): {info.status} at step {info.step:,}{f', {info.reason}' if info.reason else ''}",
        *([f"note: {info.card.note}"] if info.card.note else []),
        *([f"forked from {info.parent} at step {info.forked_at:,}"] if info.parent else []),
        "settings: " + ", ".join(f"{name} {value_text(value)}" for name, value in settings.items()),
        "now: " + ", ".join(f"{name} {value:g}" for name, value in info.live.items()),
    ]  # fmt: skip
    if snapshot.view is not None:
        health = snapshot.view.health
        lines += [
            f"newest checkpoint: step {snapshot.step:,}, on {snapshot.device}, data: {snapshot.data_source}",
            "losses: "
            + ", ".join(f"{name} {value:.4g}" for name, value in snapshot.losses.items() if math.isfinite(value)),
            f"probe MSE {snapshot.view.probe_mse:.4f}; active codes by level {', '.join(map(str, health.active))}; "
            f"perplexity {', '.join(f'{value:.1f}' for value in health.perplexity)}",
        ]
    lines.append("events:" if history.events else "events: none")
    for event in history.events:
        detail = ", ".join(f"{name} {value}" for name, value in event.detail.items())
        lines.append(f"  step {event.step:>7,}  {event.kind}{f' ({detail})' if detail else ''}")
    return lines


def _export(lab: Lab, chosen: Sequence[RunInfo], out: Path) -> None:
    from actors.bundle import bundle
    from actors.export import replace_file

    packed = bundle(lab, [info.run_id for info in chosen])
    replace_file(out, lambda file: file.write(packed))
    print(f"{out}: {len(chosen)} run{'s'[: len(chosen) != 1]}, {len(packed) / 1e6:.1f} MB")


def _remove(lab: Lab, chosen: Sequence[RunInfo], *, yes: bool) -> int:
    for info in chosen:
        print(f"{info.run_id}  {info.status}, step {info.step:,}  {info.name}")
    if not yes:
        if not sys.stdin.isatty():
            raise ExplorerError("nobody can be asked here: say --yes to delete them")
        if input(f"Delete {'it' if len(chosen) == 1 else 'them'} with all files? [y/N] ").strip().lower() not in (
            "y",
            "yes",
        ):
            return 1
    for info in chosen:
        lab.remove(info.run_id)
    return 0


def _resume_on_cluster(info: RunInfo, address: str, runs_dir: str) -> None:
    from actors.ray_lab import RayLab

    lab = RayLab(address, runs_dir=runs_dir, bring_back="none")
    lab.connect()
    lab.runs()
    print(f"{info.name} ({info.run_id}) trains on at {address}: {lab.resume(info.run_id).status}")
    lab.close()


def _resume_here(lab: Lab, info: RunInfo, steps: int | None) -> int:
    from actors.devices import claim_local

    claim_local("auto")
    asked: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    lab.connect()
    lab.resume(info.run_id)
    until = None if steps is None else info.step + steps
    if steps is not None:
        lab.step(info.run_id, steps)
    said = ""
    while True:
        now = next(other for other in lab.runs() if other.run_id == info.run_id)
        line = now.reason if now.status == "compiling" else f"step {now.step:,}  {now.steps_per_second:.1f} steps/s"
        if line != said:
            print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)
            said = line
        if now.status in ("failed", "stopped", "lost"):
            raise ExplorerError(f"{now.name} ({now.run_id}) is {now.status}: {now.reason}")
        if asked or (until is not None and now.step >= until):
            break
        time.sleep(0.2)
    print(file=sys.stderr)
    lab.close()
    ended = next(other for other in lab.runs() if other.run_id == info.run_id)
    print(f"{ended.name} ({ended.run_id}): step {ended.step:,}")
    return 130 if asked and until is not None else 0
