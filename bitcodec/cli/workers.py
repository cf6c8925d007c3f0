"""Several tasks at a time: in copies of this process, or in threads where copies will not do."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitcodec.cli.manifest import Done
from bitcodec.cli.plan import Task
from bitcodec.errors import BitcodecError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Work = Callable[[Task], Done | None]
"""Does a task; None if its output was there already and may stay."""

Outcome = Done | BitcodecError | None

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


def outcomes(tasks: list[Task], work: Work, jobs: int) -> AbstractContextManager[Iterator[Outcome]]:
    """What becomes of the tasks, as they end, ``jobs`` at a time.

    A block that is left early leaves what has not begun; what has begun is finished first.

    Half of the work on a picture is Python's, of which only one of a process's threads can do some
    at a time. And a reader written in C may crash, which then is that one picture's failure.

    Raises:
        BitcodecError: if the system gives no processes.
    """
    # A copy of this process has no standard input.
    if _may_be_copied() and all(task.source is not None for task in tasks):
        return _in_processes(tasks, work, jobs)
    return _in_threads(tasks, work, jobs)


def _may_be_copied() -> bool:
    # What another thread has locked at that moment would stay locked in the copy.
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


def _outcome(work: Work, task: Task) -> Outcome:
    try:
        return work(task)
    except BitcodecError as error:
        return error


@contextmanager
def _in_threads(tasks: list[Task], work: Work, jobs: int) -> Iterator[Iterator[Outcome]]:
    from concurrent.futures import ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_outcome, work, task) for task in tasks]
        try:
            yield (future.result() for future in as_completed(futures))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _in_processes(tasks: list[Task], work: Work, jobs: int) -> Iterator[Iterator[Outcome]]:
    crew = _Crew(tasks, work)
    try:
        for number in islice(crew.waiting, jobs):
            crew.hire(number)
        yield crew.outcomes()
    finally:
        crew.dismiss()


class _Crew:
    """Copies of this process: each is sent the number of a task, answers, and is sent the next."""

    def __init__(self, tasks: list[Task], work: Work) -> None:
        self.waiting = iter(range(len(tasks)))
        self._tasks, self._work = tasks, work
        self._busy: dict[Connection, tuple[Any, int]] = {}
        self._members: list[Any] = []

    def hire(self, number: int) -> None:
        """One more copy, which begins with this task."""
        from multiprocessing import get_context

        fork = get_context("fork")
        ours, theirs = fork.Pipe()
        member = fork.Process(target=self._serve, args=(theirs, ours))
        # A signal that ends the batch is this process's matter; copies keep it blocked for good.
        ending = {getattr(signal, name) for name in _ENDING}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
        try:
            member.start()
        except OSError as error:
            raise BitcodecError(
                f"no process can be started ({error.strerror}): give fewer --jobs"
            ) from None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._members.append(member)
        self._send(ours, member, number)

    def _send(self, pipe: Connection, member: Any, number: int) -> None:
        self._busy[pipe] = member, number
        with suppress(OSError):  # whoever is gone by now is missed when the answer is
            pipe.send(number)

    def _serve(self, pipe: Connection, *others: Connection) -> None:
        # Only if nobody else holds the other end does a pipe say that the first process is gone.
        for other in (*others, *self._busy):
            other.close()
        with suppress(EOFError, OSError):
            while True:
                pipe.send(_outcome(self._work, self._tasks[pipe.recv()]))

    def outcomes(self) -> Iterator[Outcome]:
        """What they answer, until no task is left."""
        from multiprocessing.connection import wait

        while self._busy:
            for pipe in wait(list(self._busy)):
                yield self._answer(pipe)  # type: ignore[arg-type]

    def _answer(self, pipe: Connection) -> Outcome:
        member, number = self._busy[pipe]
        try:
            outcome: Outcome = pipe.recv()
        except (EOFError, OSError):
            outcome = self._lost(member, self._tasks[number])
        following = next(self.waiting, None)
        if member.exitcode is None and following is not None:
            self._send(pipe, member, following)
            return outcome
        del self._busy[pipe]
        pipe.close()
        if following is not None:
            self.hire(following)
        return outcome

    def _lost(self, member: Any, task: Task) -> Outcome:
        member.join()
        what = f"cannot be done (its process was ended, code {member.exitcode})"
        if member.exitcode == -signal.SIGKILL:
            what += ": if memory is short, give fewer --jobs"
        # As work that fails, so that it is written down like that.
        return _outcome(self._work, replace(task, problem=BitcodecError(what, task.name)))

    def dismiss(self) -> None:
        """Let everybody finish what has begun."""
        for pipe in self._busy:
            pipe.close()
        for member in self._members:
            member.join()
