"""What the Compare tab may ask for: one command in, what came of it out, every mistake in words."""

import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actors.bundle import bundle
from actors.comparisons import Comparisons
from actors.deriving import fork, replay
from actors.lab import Lab, RunInfo
from explorer.choices import CHOICES
from explorer.config import RunConfig
from explorer.errors import ConfigError, ExplorerError
from explorer.settings import LIVE_SETTINGS, STEPS
from explorer.sweep import MAX_RUNS, differing, grid, name_by, parse_values
from ui.hub import Hub

Command = Mapping[str, Any]
logger = logging.getLogger(__name__)


class Actions:
    """Commands are plain JSON: `verb`, and what that verb's method reads. Answers are, too; `error` says what went wrong."""

    def __init__(self, lab: Lab, hub: Hub, comparisons: Comparisons) -> None:
        self._lab, self._hub, self._comparisons = lab, hub, comparisons
        bulk = ("pause", "resume", "step", "reset", "stop", "remove")
        self._verbs: dict[str, Callable[[Command], dict[str, Any]]] = {
            **{verb: self._in_bulk(verb) for verb in bulk},
            "plan": self._plan,
            "start": self._start,
            "preset": self._preset,
            "set": self._set,
            "scale": self._scale,
            "cure": self._cure,
            "fork": self._fork,
            "replay": self._replay,
            "describe": self._describe,
            "in_step": self._in_step,
            "export": self._export,
        }

    def act(self, command: object) -> dict[str, Any]:
        """Carry out a command."""
        try:
            verb = command.get("verb") if isinstance(command, Mapping) else command
            if not isinstance(command, Mapping) or not isinstance(verb, str) or verb not in self._verbs:
                raise ConfigError("verb", verb, f"one of {', '.join(self._verbs)}")
            return self._verbs[verb](command)
        except ExplorerError as error:
            return {"error": str(error)}
        except Exception as error:
            logger.exception("a command of the page failed")
            return {"error": f"that went wrong in the server: {type(error).__name__}; its log says more"}
        finally:
            self._hub.touch()

    # Many runs -------------------------------------------------------------------------------------------------------

    def _each(self, command: Command, act: Callable[[str], Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """What came of it, and what went wrong, by run."""
        done: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for run_id in _run_ids(command):
            try:
                done[run_id] = act(run_id)
            except ExplorerError as error:
                errors[run_id] = str(error)
        return done, errors

    def _in_bulk(self, verb: str) -> Callable[[Command], dict[str, Any]]:
        def act(command: Command) -> dict[str, Any]:
            done, errors = self._each(command, getattr(self._lab, verb))
            return {"done": list(done), "errors": errors}

        return act

    def _set(self, command: Command) -> dict[str, Any]:
        name, value = _live_name(command), command.get("value")
        checked = LIVE_SETTINGS[name].check(LIVE_SETTINGS[name].label, value)
        return self._steer(command, name, lambda _: checked)

    def _scale(self, command: Command) -> dict[str, Any]:
        name, factor = _live_name(command), command.get("factor")
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 <= factor <= 1e6:
            raise ConfigError("factor", factor, "a number from 0 to 1,000,000")
        return self._steer(command, name, lambda run_id: float(f"{self._run(run_id).live[name] * factor:.6g}"))

    def _steer(self, command: Command, name: str, value_for: Callable[[str], float]) -> dict[str, Any]:
        def act(run_id: str) -> dict[str, float]:
            value = value_for(run_id)
            return {"step": self._lab.set_live(run_id, {name: value}).step, "value": value}

        applied, errors = self._each(command, act)
        return {"applied": applied, "done": list(applied), "errors": errors}

    def _cure(self, command: Command) -> dict[str, Any]:
        remedy = CHOICES["remedy"].check("remedy", command.get("remedy"))
        applied, errors = self._each(command, lambda run_id: {"step": self._lab.cure(run_id, remedy).step})
        return {"applied": applied, "done": list(applied), "errors": errors}

    # One run ---------------------------------------------------------------------------------------------------------

    def _run(self, run_id: object) -> RunInfo:
        run = self._hub.find(run_id)
        if run is None:
            raise ExplorerError(f"there is no run {str(run_id)[:60]!r} any more")
        return run

    def _fork(self, command: Command) -> dict[str, Any]:
        child = fork(self._lab, self._run(command.get("run")).run_id, *_changes(command))
        return {"run": child.run_id, "step": child.forked_at}

    def _replay(self, command: Command) -> dict[str, Any]:
        return {"run": replay(self._lab, self._run(command.get("run")).run_id, *_changes(command)).run_id}

    def _describe(self, command: Command) -> dict[str, Any]:
        values = {name: command[name] for name in ("name", "note", "pinned", "hidden") if name in command}
        self._lab.describe(self._run(command.get("run")).run_id, **values)
        return {}

    # Comparisons -----------------------------------------------------------------------------------------------------

    def _configs(self, command: Command) -> list[RunConfig]:
        fixed, live = _mapping(command, "fixed"), _mapping(command, "live")
        base = RunConfig.from_dict(dict(fixed)).with_live(live)
        axes = _mapping(command, "axes")
        configs = grid(base, {name: parse_values(name, str(text)) for name, text in axes.items()})
        if len(configs) < 2:
            raise ConfigError("comparison", f"{len(configs)} run", "made of at least two: name another value in a list")
        return configs

    def _plan(self, command: Command) -> dict[str, Any]:
        configs = self._configs(command)
        _until(command)
        names = differing(configs)
        return {
            "count": len(configs),
            "words": self._room_for(len(configs)),
            "names": [name_by(config, names) for config in configs],
        }

    def _room_for(self, count: int) -> str:
        places = self._lab.info().capacity
        if places is None:
            return f"{count} runs"
        busy = sum(run.status in ("compiling", "running", "paused", "failed") for run in self._hub.runs())
        free = max(places - busy, 0)
        now = min(free, count)
        held = f"the lab holds {places} at once" + (f", {busy} of these places are taken" if busy else "")
        rest = f"; {now} start now, {count - now} wait for room" if now < count else ""
        return f"{count} runs: {held}{rest}"

    def _start(self, command: Command) -> dict[str, Any]:
        configs = self._configs(command)
        words = self._room_for(len(configs))
        name = command.get("name")
        started = self._comparisons.start(
            configs,
            name if isinstance(name, str) else None,
            until=_until(command),
            in_step=command.get("in_step") is True,
        )
        return _started(started) | {"words": words}

    def _preset(self, command: Command) -> dict[str, Any]:
        seed, dataset = command.get("seed", 0), command.get("dataset", "mnist")
        return _started(self._comparisons.start_preset(command.get("preset"), seed, dataset))

    def _in_step(self, command: Command) -> dict[str, Any]:
        self._comparisons.keep_in_step(command.get("comparison"), command.get("on"))  # pyright: ignore[reportArgumentType]
        return {}

    def _export(self, command: Command) -> dict[str, Any]:
        packed = bundle(self._lab, _run_ids(command))
        return {"name": "rq-vae-runs.zip", "data": base64.b64encode(packed).decode()}


def _started(runs: Sequence[RunInfo]) -> dict[str, Any]:
    comparison = runs[0].card.comparison
    assert comparison is not None
    return {"comparison": comparison.comparison_id, "runs": [info.run_id for info in runs]}


def _run_ids(command: Command) -> Sequence[str]:
    runs = command.get("runs")
    if not isinstance(runs, list) or not 1 <= len(runs) <= MAX_RUNS or not all(isinstance(r, str) for r in runs):
        raise ConfigError("runs", runs, f"a list of 1 to {MAX_RUNS} ids of runs: choose some first")
    return list(dict.fromkeys(runs))


def _live_name(command: Command) -> str:
    name = command.get("name")
    if name not in LIVE_SETTINGS:
        raise ConfigError("name", name, f"one of {', '.join(LIVE_SETTINGS)}")
    return name


def _changes(command: Command) -> tuple[dict[str, Any], str | None]:
    name = command.get("name")
    return dict(_mapping(command, "changes")), name if isinstance(name, str) and name.strip() else None


def _mapping(command: Command, name: str) -> Mapping[str, Any]:
    value = command.get(name) or {}
    if not isinstance(value, Mapping):
        raise ConfigError(name, value, "an object of settings and values")
    return value


def _until(command: Command) -> int | None:
    until = command.get("until")
    return None if until is None or until == "" else int(STEPS.check("stop at step", until))
