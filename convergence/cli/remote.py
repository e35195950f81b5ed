"""Claims whose runs are made by workers elsewhere, and which are read and judged here."""

from __future__ import annotations

import queue
import threading
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import Any

from convergence.claims.base import AbstractClaim
from convergence.claims.modules import file_of
from convergence.cli.pool import Pool, Tell
from convergence.cluster.executors import AbstractExecutor, executor
from convergence.cluster.groups import alike, dealt, dearest
from convergence.cluster.task import Desk, work
from convergence.errors import InvalidInput, told


class NotRun(InvalidInput):
    """Raised for a claim whose worker ended twice."""


LACKING = "A worker does not have the package convergence-lab; install it there."


class Unfit(InvalidInput):
    """Raised where a worker and its scheduler differ: no claim will do better."""


def pool_of(
    arguments: Namespace, claims: Sequence[AbstractClaim], settings: Any, shelf: Any, tell: Tell
) -> Pool:
    """A pool of threads, or of the workers that `--on` names."""
    where, jobs = getattr(arguments, "on", None), arguments.jobs
    if where is None or not claims:
        return Pool(claims, settings, shelf, jobs, tell)
    desk = Desk(arguments.out)
    try:
        carrier = executor(where, jobs, desk.out / ".jobs", desk.environment)
    except BaseException:
        desk.close()
        raise
    if where == "local":
        groups = dealt(claims, settings, jobs)
    elif carrier.one_each:
        groups = [[k] for k in dearest(claims, settings)]
    else:
        groups = alike(claims, settings)
    return Remote(claims, settings, shelf, jobs, tell, carrier, desk, groups)


class Remote(Pool):
    """Sends claims to workers, and judges each from the store once its worker is done.

    groups: places of claims that are sent as one task. A task whose worker ended is sent once more,
    each claim by itself and elsewhere; a claim whose worker ends again is not run.
    """

    def __init__(
        self,
        claims: Sequence[AbstractClaim],
        settings: Any,
        shelf: Any,
        jobs: int,
        tell: Tell,
        carrier: AbstractExecutor,
        desk: Desk,
        groups: Sequence[list[int]],
    ):
        super().__init__(claims, settings, shelf, jobs, tell)
        self.carrier, self.desk, self.groups = carrier, desk, groups
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._left = len(claims)

    def close(self) -> None:
        self._halt.set()
        self._end()
        self._answers.put(None)
        self.carrier.shutdown()
        self.desk.close()

    def _feed(self) -> None:
        with self.carrier.batch():
            futures = [self._send(group) for group in self.groups]
        for group, future in zip(self.groups, futures, strict=True):
            future.add_done_callback(partial(self._note, group, True))
        threading.Thread(target=self._read, daemon=True).start()

    def _send(self, group: list[int], avoid: BaseException | None = None) -> Any:
        tasks = [self.desk.task(c.slug, file_of(c), self.settings) for c in self._of(group)]
        return self.carrier.submit(work, tasks, avoid=avoid)

    def _of(self, group: Sequence[int]) -> list[AbstractClaim]:
        return [self.claims[k] for k in group]

    def _note(self, group: list[int], first: bool, future: Any) -> None:
        self._answers.put((group, first, future))

    def _read(self) -> None:
        """Answers, as they come."""
        while self._left and (answer := self._answers.get()) is not None:
            group, first, future = answer
            error = None if future.cancelled() else future.exception()
            if future.cancelled():
                continue
            if error is None:
                for index, found in zip(group, future.result(), strict=True):
                    self._settle(index, found)
            elif isinstance(error, self.carrier.died) and first:
                for index in group:
                    self._send([index], error).add_done_callback(
                        partial(self._note, [index], False)
                    )
            elif isinstance(error, ImportError) and (error.name or "").startswith("convergence"):
                for index in group:
                    self._settle(index, Unfit(LACKING))
            else:
                twice = isinstance(error, self.carrier.died)
                why = "the process that ran it ended, twice" if twice else told(error)
                for index in group:
                    self._settle(index, NotRun(why))
        self._end()

    def _settle(self, index: int, found: Any) -> None:
        """Judge a claim that was measured, or say why it was not."""
        self._left -= 1
        if isinstance(found, Exception):
            self._done.put((index, found))
        elif "unfit" in found:
            self._done.put((index, Unfit(found["unfit"])))
        elif "error" in found:
            self._done.put((index, InvalidInput(found["error"])))
        else:
            self._waiting.put(index)

    def _take(self, place: int, outcome: Any) -> None:
        if isinstance(outcome, Unfit):
            raise outcome
        super()._take(place, outcome)
