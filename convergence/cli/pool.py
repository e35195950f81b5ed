"""Claims in a few threads: one compiles while another runs, since both release the interpreter.

Reports come back in the order of the claims. Compiled programs are released when they hold much
memory, between two claims. The threads are daemons, and the main thread only
waits: Ctrl-C is answered at once, whatever XLA is doing.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from convergence import memory
from convergence.claims.base import AbstractClaim
from convergence.claims.report import Report
from convergence.errors import told

Tell = Callable[[AbstractClaim, int, int], None]  # (claim, runs done, runs in all)


Outcome = Report | Exception
ROOM = 200 * 2**20  # bytes at least beyond what was held after a release, before the next


class Stopped(Exception):
    """Raised inside a claim that nobody waits for any more."""


class Pool:
    """Verifies claims, `jobs` at a time; iterate once for (claim, report or what it raised)."""

    def __init__(
        self, claims: Sequence[AbstractClaim], settings: Any, shelf: Any, jobs: int, tell: Tell
    ):
        self.claims, self.settings, self.shelf, self.tell = claims, settings, shelf, tell
        self.jobs = min(jobs, len(claims))
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        self._ready: dict[int, Outcome] = {}
        self._halt = threading.Event()
        self._threads: list[threading.Thread] = []
        self._gate, self._under_way, self._most = threading.Condition(), 0, memory.MOST

    def __iter__(self) -> Iterator[tuple[AbstractClaim, Outcome]]:
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.jobs)]
        for thread in self._threads:
            thread.start()
        self._feed()
        for index in range(len(self.claims)):
            while index not in self._ready:
                self._take(*self._done.get())
            yield self.claims[index], self._ready.pop(index)

    def _feed(self) -> None:
        """Let claims be begun; None ends a thread."""
        for index in range(len(self.claims)):
            self._waiting.put(index)
        self._end()

    def _end(self) -> None:
        for _ in range(self.jobs):
            self._waiting.put(None)

    def close(self) -> None:
        """Give back what was taken for the run."""

    def stop(self) -> list[tuple[AbstractClaim, Outcome]]:
        """Begin no further claim, leave those under way, and hand over what was finished."""
        self._halt.set()
        self._end()
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
        while (index := self._waiting.get()) is not None and not self._halt.is_set():
            claim = self.claims[index]

            def progress(runs: int, total: int, claim: AbstractClaim = claim) -> None:
                if self._halt.is_set():
                    raise Stopped
                self.tell(claim, runs, total)

            self._enter()
            try:
                outcome: Outcome = claim.verify(self.settings, self.shelf, progress)
            except Exception as error:
                outcome = error
            except BaseException as error:  # sys.exit in a claim would end this thread alone
                outcome = RuntimeError(told(error))
            self._leave()
            self._done.put((index, outcome))

    def _enter(self) -> None:
        """Begin a claim; before that, and while no other is under way, release the programs of
        earlier ones if they hold much."""
        with self._gate:
            while memory.resident() > self._most and self._under_way:
                self._gate.wait()
            if memory.resident() > self._most:
                memory.release()
                self._most = max(memory.MOST, memory.resident() + ROOM)
            self._under_way += 1

    def _leave(self) -> None:
        with self._gate:
            self._under_way -= 1
            self._gate.notify_all()


def by_program(claims: Sequence[AbstractClaim]) -> list[AbstractClaim]:
    """The claims of one paper side by side, and among them those of one theorem, since they often
    share a program."""
    first: dict[Any, int] = {}

    def place(claim: AbstractClaim) -> tuple[int, int]:
        kind = type(getattr(claim, "theorem", None))
        return first.setdefault(kind.__module__, len(first)), first.setdefault(kind, len(first))

    return sorted(claims, key=place)
