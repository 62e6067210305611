"""What a page asks of runs that live in Ray actors, and what it knows of them between their answers."""

import logging
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from actors.capacity import Request, why_waiting
from actors.lab import RunInfo
from actors.members import Member
from actors.news import News
from actors.ray_later import ray
from actors.storage.archive import Archive
from explorer.errors import ExplorerError, RunLost, UnknownRun
from explorer.messages import Snapshot, empty_snapshot

PATIENCE = 0.3
"""Seconds that a poll waits for all runs together: one hung run costs this, not the page."""
ANSWER_WITHIN = 10.0
"""Seconds that a verb waits for its run."""

COMING_BACK = "its process died; it comes back from its newest checkpoint where there is room"

logger = logging.getLogger(__name__)


class RayCalls:
    """The runs that this process knows, by id; those of the past come from the archive when somebody asks for them."""

    def __init__(self, request: Request, archive: Archive | None) -> None:
        self._request, self._archive = request, archive
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}
        self._spares: Collection[str] = ()
        """Actors that this process made before there was a run for them."""

    def _member(self, run_id: str) -> Member:
        member = self._spoken(run_id)
        if member is None and isinstance(run_id, str) and ray.is_initialized():  # another page may have started it
            self._discover()
            self._gather({run_id: ()}, "info", ANSWER_WITHIN)
            member = self._spoken(run_id)
        if member is not None:
            return member
        past = self._past()
        for info in past:
            if info.run_id == run_id:
                return Member(None, info, gone=True)
        raise UnknownRun(run_id, [*self._members, *(info.run_id for info in past)])

    def _spoken(self, run_id: str) -> Member | None:
        member = self._members.get(run_id) if isinstance(run_id, str) else None
        return member if member and member.info else None

    def _past(self) -> list[RunInfo]:
        """Runs that have a folder and no actor that this process knows."""
        return self._archive.infos(without=list(self._members)) if self._archive else []

    def _alive(self) -> list[str]:
        return [run_id for run_id, member in list(self._members.items()) if not member.gone]

    def _discover(self) -> None:
        for name in ray.util.list_named_actors():
            if name in self._spares and name not in self._members:
                continue
            with self._lock, suppress(ValueError):  # it may be gone since the list was made
                known = self._members.get(name)
                if known is None or known.gone:
                    handle = ray.get_actor(name)
                    if known is None or known.handle != handle:
                        self._members[name] = Member(handle, self._announced(name))

    def _announced(self, run_id: str) -> RunInfo | None:
        """What the folder says of a run that another page started, until it speaks itself."""
        past = self._archive.infos() if self._archive else []
        found = next((info for info in past if info.run_id == run_id), None)
        return found and replace(found, status="pending", reason="", resumable=False)

    def _gather(self, requests: Mapping[str, tuple[Any, ...]], method: str, patience: float = PATIENCE) -> None:
        """Ask several runs at once and store what they answer in time; a run that owes an answer is not asked again."""
        asked: dict[Any, Member] = {}
        for run_id, arguments in requests.items():
            member = self._members.get(run_id)
            if member is None:
                continue
            with self._lock:
                if method not in member.unanswered:
                    member.unanswered[method] = getattr(member.handle, method).remote(*arguments)
                asked[member.unanswered[method]] = member
        if asked:
            ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=patience)
            for reference in ready:
                self._store(asked[reference], method, reference)

    def _answers(self, run_id: str, member: Member) -> bool:
        """Whether it has a process that can be asked; one that had none when it was last looked at may have it by now."""
        if not member.gone and not member.placed:
            self._gather({run_id: ()}, "info")
        return member.placed and not member.gone

    def _store(self, member: Member, method: str, reference: Any) -> None:
        with self._lock:
            member.unanswered.pop(method, None)
        try:
            answer = ray.get(reference)
        except ray.exceptions.RayActorError as error:
            self._lose(member, error)
            return
        except ray.exceptions.RayTaskError as error:
            if method != "info":
                raise
            ray.kill(member.handle)  # it was to become a run, and could not
            self._lose(member, error)
            return
        member.placed, member.heard, member.restarting = True, time.monotonic(), False
        if isinstance(answer, RunInfo):
            member.info = answer
        elif isinstance(answer, Snapshot):
            member.snapshot = answer
        elif isinstance(answer, News):
            member.snapshot, member.news = answer.snapshot, answer
        elif isinstance(answer, tuple):
            member.node, member.place = answer

    def _ask(self, run_id: str, method: str, *arguments: Any) -> Any:
        """Call one run and wait. Raises what the run raises, or RunLost if it is gone or silent."""
        member = self._member(run_id)
        described = self._described(member)
        if member.gone:
            next_step = "resume it first" if described.resumable else "start a new run"
            raise RunLost(f"{described.name} ({run_id}) is {described.status}: {described.reason or next_step}")
        if not self._answers(run_id, member):
            raise ExplorerError(f"{described.name} ({run_id}) has not started yet: {described.reason}")
        try:
            return ray.get(getattr(member.handle, method).remote(*arguments), timeout=ANSWER_WITHIN)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ExplorerError):
                raise error.cause from None
            raise
        except ray.exceptions.GetTimeoutError:
            raise RunLost(f"{described.name} ({run_id}) did not answer within {ANSWER_WITHIN:g} s") from None
        except ray.exceptions.RayActorError as error:
            self._lose(member, error)
            raise RunLost(f"{described.name} ({run_id}): {self._described(member).reason or COMING_BACK}") from None

    def _lose(self, member: Member, error: "ray.exceptions.RayActorError | ray.exceptions.RayTaskError") -> None:
        """Its process is gone: keep its last words. One that is merely unavailable may come back."""
        if isinstance(error, ray.exceptions.ActorUnavailableError):
            member.restarting = True
        if isinstance(error, ray.exceptions.ActorUnavailableError) or member.gone:
            return
        logger.warning("lost a run: %s", error)
        killed = "ray.kill" in str(error)
        status, reason = ("stopped", "stopped elsewhere") if killed else ("lost", _last_line(error))
        member.gone = True
        if member.info is not None:
            kept = self._archive is not None
            member.info = replace(member.info, status=status, reason=reason, resumable=kept)
        if member.snapshot is not None:
            version = member.snapshot.version + 1
            member.snapshot = replace(
                member.snapshot, status=status, reason=reason, version=version, steps_per_second=0.0
            )

    def _described(self, member: Member) -> RunInfo:
        """What is known of it, with why it waits or since when it is silent."""
        info = member.info
        assert info is not None
        if member.gone:
            return info
        silent = time.monotonic() - member.heard
        if not member.placed:
            holders = [m.info.name for m in self._members.values() if m.placed and not m.gone and m.info]
            total, free = ray.cluster_resources(), ray.available_resources()
            return replace(info, reason=why_waiting(self._request, silent, total, free, holders))
        if member.restarting:
            return replace(info, status="pending", reason=f"{COMING_BACK} (for {silent:.0f} s)", steps_per_second=0.0)
        if silent > 3:
            return replace(info, reason=f"not responding for {silent:.0f} s")
        return info

    def _last_snapshot(self, member: Member) -> Snapshot:
        if member.snapshot is not None:
            return member.snapshot
        info = self._described(member)
        if self._archive is not None and member.gone:
            member.snapshot = self._archive.snapshot(info)
            return member.snapshot
        return empty_snapshot(info.run_id, info.status, info.reason, info.live)


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"its process died ({lines[-1] if lines else type(error).__name__})"
