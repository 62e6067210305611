"""The processes of a sweep: so many at a time, each for one run; none outlives the sweep."""

import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from actors.devices import have_memory_kept
from actors.sweep_worker import ENDED, Task, Told, work

LOOK_SECONDS = 0.2
"""How long the processes may be silent before the sweep looks whether it is interrupted."""


@dataclass(slots=True)
class _Worker:
    run: int
    process: BaseProcess
    channel: Connection
    told: Told


def train_all(
    tasks: Sequence[Task], jobs: int, tell: Callable[[int, Told], None], interrupted: threading.Event
) -> None:
    """Train every task, `jobs` at a time, in processes of their own; at the end none is left, whatever happens.

    `tell` is called with a task's index whenever there is news of it. Ends early once `interrupted` is set.
    """
    have_memory_kept()
    waiting = deque(enumerate(tasks))
    working: list[_Worker] = []
    try:
        while (waiting or working) and not interrupted.is_set():
            while waiting and len(working) < jobs:
                run, task = waiting.popleft()
                tell(run, Told("starting"))
                working.append(_hire(run, task))
            ready = wait([worker.channel for worker in working], LOOK_SECONDS)
            for worker in [worker for worker in working if worker.channel in ready]:
                if not _hear(worker, tell):
                    working.remove(worker)
    finally:
        for worker in working:
            worker.process.kill()  # files are replaced when they are whole: nothing needs its time to end well
        for worker in working:
            worker.process.join()
            worker.channel.close()


def _hire(run: int, task: Task) -> _Worker:
    """A process that is deaf to Ctrl-C, which a terminal sends to all of them: the sweep ends it."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(task, sending), name=f"sweep-{task.folder.name}", daemon=True)
    resource_tracker.ensure_running()  # it unblocks SIGINT when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    sending.close()
    return _Worker(run, process, receiving, Told("starting"))


def _hear(worker: _Worker, tell: Callable[[int, Told], None]) -> bool:
    """Take a message; False once the process has ended, which without a last word is a failure."""
    try:
        worker.told = worker.channel.recv()
    except (EOFError, OSError):
        worker.process.join()
        worker.channel.close()
        if worker.told.stage not in ENDED:
            tell(worker.run, replace(worker.told, stage="failed", reason=_why_ended(worker.process.exitcode)))
        return False
    tell(worker.run, worker.told)
    return True


def _why_ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed: perhaps memory ran out; lower --jobs"
    return f"its process ended with {f'signal {-code}' if code and code < 0 else f'exit code {code}'}"
