"""Claims side by side: in a few threads of this process, which compile while others run.

Reports come back in the order of the claims. Compiled programs are released when they hold much
memory, between two claims. The threads are daemons, and the main thread only waits: Ctrl-C is
answered at once, whatever XLA is doing.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from convergence.claims.base import AbstractClaim
from convergence.claims.report import Report
from convergence.claims.settings import Progress
from convergence.errors import told
from convergence.memory import CEILING

Tell = Callable[[AbstractClaim, int, int], None]  # (claim, runs done, runs in all)


Outcome = Report | Exception
Judge = Callable[[AbstractClaim, Progress], Outcome]


class Stopped(Exception):
    """Raised inside a claim that nobody waits for any more."""


class Pool:
    """Verifies claims, `jobs` at a time; iterate once for (claim, report or what it raised).

    groups: places of claims that one thread takes one after another; each by itself without.
    """

    def __init__(
        self,
        claims: Sequence[AbstractClaim],
        settings: Any,
        shelf: Any,
        jobs: int,
        tell: Tell,
        groups: Sequence[list[int]] | None = None,
    ):
        self.claims, self.settings, self.shelf, self.tell = claims, settings, shelf, tell
        self.groups = [[k] for k in range(len(claims))] if groups is None else groups
        self.jobs = min(jobs, len(self.groups))
        self._waiting: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        self._ready: dict[int, Outcome] = {}
        self._halt = threading.Event()
        self._threads: list[threading.Thread] = []
        self._gate, self._under_way = threading.Condition(), 0

    def __iter__(self) -> Iterator[tuple[AbstractClaim, Outcome]]:
        self._begin()
        for index in range(len(self.claims)):
            while index not in self._ready:
                self._take(*self._done.get())
            yield self.claims[index], self._ready.pop(index)

    def _begin(self) -> None:
        """Let claims be begun, and answers come."""
        for group in self.groups:
            self._waiting.put(group)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.jobs)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Give back what was taken for the run."""

    def stop(self) -> list[tuple[AbstractClaim, Outcome]]:
        """Begin no further claim, leave those under way, and hand over what was finished."""
        self._halt.set()
        with contextlib.suppress(queue.Empty):
            while True:
                self._take(*self._done.get_nowait())
        return [(self.claims[i], self._ready[i]) for i in sorted(self._ready)]

    def idle(self) -> bool:
        """Whether no claim is under way."""
        return not any(thread.is_alive() for thread in self._threads)

    def _take(self, place: int, outcome: Any) -> None:
        self._ready[place] = outcome

    def _work(self) -> None:
        with self._judge() as judge, contextlib.suppress(queue.Empty):
            while True:
                for index in self._waiting.get_nowait():
                    if self._halt.is_set():
                        return
                    self._done.put((index, self._outcome(judge, self.claims[index])))

    def _outcome(self, judge: Judge, claim: AbstractClaim) -> Outcome:
        def progress(runs: int, total: int) -> None:
            if self._halt.is_set():
                raise Stopped
            self.tell(claim, runs, total)

        try:
            return judge(claim, progress)
        except Exception as error:
            return error
        except BaseException as error:  # sys.exit in a claim would end this thread alone
            return RuntimeError(told(error))

    @contextlib.contextmanager
    def _judge(self) -> Iterator[Judge]:
        """What a thread judges its claims with."""
        yield self._here

    def _here(self, claim: AbstractClaim, progress: Progress) -> Outcome:
        self._enter()
        try:
            return claim.verify(self.settings, self.shelf, progress)
        finally:
            self._leave()

    def _enter(self) -> None:
        """Begin a claim; before that, and while no other is under way, release the programs of
        earlier ones if they hold much."""
        with self._gate:
            while CEILING.passed() and self._under_way:
                self._gate.wait()
            if CEILING.passed():
                CEILING.release()
            self._under_way += 1

    def _leave(self) -> None:
        with self._gate:
            self._under_way -= 1
            self._gate.notify_all()
