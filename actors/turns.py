"""What a run does next: train, show, export, begin anew, or wait. Decided by its thread, between steps, under the desk's lock."""

from typing import Literal, NamedTuple

from actors.lab import Plan
from actors.memory import Memory
from actors.pace import Pace
from actors.storage.keeper import Keeper
from explorer.config import RunConfig
from explorer.messages import Status
from explorer.training.remedies import until_due


class Turn(NamedTuple):
    """So many steps under the live settings of `now`, and the remedies asked for that treat dead codes before the first."""

    now: RunConfig
    steps: int
    cures: list[str]


class Turns(Memory):
    """A desk whose training thread knows what comes next.

    It claims steps before it trains them: whatever is asked for then holds from the step after those.
    """

    def __init__(self, run_id: str, name: str, config: RunConfig, plan: Plan, keeper: Keeper | None) -> None:
        super().__init__(run_id, name, config, plan, keeper)
        self._pace = Pace(1)

    @property
    def at_once(self) -> int:
        """Steps that it trains, now, before it looks again at what is asked of it; fewer where something else is to happen."""
        return self._pace.steps

    def _await_turn(self) -> "Turn | Literal['reset', 'show', 'export'] | None":
        """The next steps to train, or what else was asked for; None once closed."""
        with self._asked:
            while not self._closed:
                step = self._record.step
                unseen = self._unseen(step)
                if self._keeper is not None and self._keeper.superseded:
                    self._end("another copy of this run took over", "superseded")
                    return None
                if self._reset_asked:
                    return "reset"
                if self._state_asked:
                    return "export"
                if self._gate.finished(step) or self._gate.shut:
                    if unseen or not self._is_kept(step):
                        return "show"
                    self._rest(step)
                elif wait := self._gate.held(step):
                    if unseen and self._view_asked:
                        return "show"
                    self._enter("running")
                    self._held = True
                    self._asked.wait(wait)
                else:
                    self._enter("running")
                    self._held = False
                    if self._gate.running and self._watch.neglected:
                        self._neglect = self._watch.words
                        self._gate.close()
                        continue
                    return self._claim(step)
            return None

    def _claim(self, step: int) -> Turn:
        """Take the next steps: as many as the pace allows, and none beyond anything that is to happen between two steps."""
        self._change_as_scheduled(step + 1)
        ahead = [change.step - 1 - step for change in (*self.plan.schedule, *self._replay) if change.step > step + 1]
        ahead += [self._gate.room(step), self._record.until_probe, until_due(self._now, step)]
        steps = min(self._pace.steps, *ahead)
        self._claimed = step + steps
        cures, self._cures = self._cures, []
        return Turn(self._now, steps, cures)

    def _rest(self, step: int) -> None:
        """End, or wait until something is asked."""
        if self._gate.finished(step):
            self._end(f"finished at step {step:,}", "finished")
            return
        self._gate.close()
        self._enter("paused")
        self._asked.wait()

    def _change_as_scheduled(self, step: int) -> None:
        for change in (*self.plan.schedule, *self._replay):
            if change.step == step:
                if isinstance(change.value, str):
                    self._cures.append(change.value)
                else:
                    self._record.setting(change.name, self._now.live[change.name], change.value, change.step)
                    self._now = self._now.with_live({change.name: change.value})

    def _enter(self, status: Status) -> None:
        if self._status != status:
            why, self._neglect = self._neglect, ""
            if status == "paused" and self._status == "running":
                self._record.event("paused", self._record.step, **({"reason": why} if why else {}))
            self._status, self._reason = status, f"paused: {why}" if why else ""
            self._watch.seen()
            self._times.clear()
            self._changed()
