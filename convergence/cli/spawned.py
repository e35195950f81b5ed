"""Claims in processes of this machine: Python traces and judges in all of them at once.

Each thread of the pool has a process, started anew and never forked, and sends it one claim after
another, as a task in plain values. What comes back is the report, bit for bit that of a run here.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

from convergence.claims.base import AbstractClaim
from convergence.claims.settings import Progress
from convergence.cli.environment import RARELY
from convergence.cli.pool import Judge, Outcome, Pool, Stopped
from convergence.cli.remote import TWICE, NotRun, taken
from convergence.cluster.task import judged, order, raised
from convergence.workers import leave_with


class Spawned(Pool):
    """Each of `jobs` threads has a process that judges its claims. A claim whose process ends is
    sent once more, to a new one."""

    def close(self) -> None:
        self._halt.set()
        for hand in self._hands:
            hand.end()

    def _begin(self) -> None:
        self._hands = [Hand() for _ in range(self.jobs)]
        self._idle = iter(self._hands)
        super()._begin()

    @contextlib.contextmanager
    def _judge(self) -> Iterator[Judge]:
        hand = next(self._idle)
        try:
            yield lambda claim, progress: self._there(hand, claim, progress)
        finally:
            hand.end()

    def _there(self, hand: Hand, claim: AbstractClaim, progress: Progress) -> Outcome:
        task = order(claim, self.settings, self.shelf.shelf.root)
        for _ in range(2):
            if (answer := hand.ask(task, progress)) is not None:
                return taken(answer, self.shelf)
            if self._halt.is_set():
                raise Stopped
        return NotRun(TWICE)


class Hand:
    """A process that judges claims: started when it is asked first, and anew after it ended."""

    def __init__(self) -> None:
        self._process: Any = None
        self._line: Any = None
        self._lock = threading.Lock()
        self._over = False

    def ask(self, task: Mapping[str, Any], progress: Progress) -> dict[str, Any] | None:
        """What it answers to a task; None if it ends before."""
        try:
            if self._process is None:
                self._start()
            self._line.send(task)
            while isinstance(said := self._line.recv(), tuple):
                progress(*said)
            return said
        except (EOFError, OSError):
            self._stop()
            return None

    def end(self) -> None:
        """Kill the process, from any thread; there will be no other."""
        self._over = True
        self._stop()

    def _start(self) -> None:
        # Started afresh, not forked: a fork of a process with XLA's threads can hang.
        context = multiprocessing.get_context("spawn")
        with self._lock:
            if self._over:
                raise EOFError
            self._line, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs, os.getpid()))
            with BEGUN, deaf(), nameless():
                self._process.start()
            theirs.close()

    def _stop(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.join()
                self._process = None


BEGUN = threading.Lock()  # processes are started one after another


@contextlib.contextmanager
def nameless() -> Iterator[None]:
    """A spawned process runs the file of `__main__` again; a script of a user's, which may have no
    guard, would judge everything once more in each."""
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Ctrl-C of a terminal goes to all processes; one that is started here leaves it to us."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # with the first process otherwise, and it unblocks signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(line: Connection, parent: int) -> None:
    """What the process does: judge what it is sent, and say how far it is."""
    leave_with(parent)
    gc.set_threshold(*RARELY)
    with contextlib.suppress(EOFError, OSError):  # it is gone
        while True:
            answer = judged(line.recv(), lambda runs, total: line.send((runs, total)))
            try:
                line.send(answer)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                line.send(raised(error))
