"""Claims that workers elsewhere run and judge."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from convergence.claims.base import AbstractClaim
from convergence.claims.notary import Notary
from convergence.claims.report import Report
from convergence.cli.pool import Outcome, Pool, Tell
from convergence.cluster.executors import AbstractExecutor
from convergence.cluster.task import Desk, work
from convergence.errors import InvalidInput, told

LACKING = "A worker does not have the package convergence-lab; install it there."
TWICE = "the process that ran it ended, twice"


class NotRun(InvalidInput):
    """Raised for a claim whose worker ended twice."""


class Unfit(InvalidInput):
    """Raised where a worker and its scheduler differ: no claim will do better."""


def taken(answer: Mapping[str, Any], shelf: Any) -> Outcome:
    """The report in a worker's answer, and what it witnessed; or what its claim raised."""
    if "unfit" in answer:
        return Unfit(answer["unfit"])
    if "error" in answer:
        raised = InvalidInput(answer["error"])
        raised.add_note(answer["traceback"])  # for --debug
        return raised
    report: Report = answer["report"]
    shelf.seen[report.slug] = answer["seen"]
    shelf.shelf.unwritten += answer["unwritten"]
    return report


class Remote(Pool):
    """Sends claims to workers, which judge them.

    shelf: the notary, before the store, that learns what workers used. groups: places of claims
    that are sent as one task. A task whose worker ended is sent once more, each claim by itself and
    elsewhere; a claim whose worker ends again is not run.
    """

    def __init__(
        self,
        claims: Sequence[AbstractClaim],
        settings: Any,
        shelf: Notary,
        jobs: int,
        tell: Tell,
        groups: Sequence[list[int]],
        carrier: AbstractExecutor,
        desk: Desk,
    ):
        super().__init__(claims, settings, shelf, jobs, tell, groups)
        self.carrier, self.desk = carrier, desk
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def close(self) -> None:
        self._halt.set()
        self._answers.put(None)
        self.carrier.shutdown()
        self.desk.close()

    def _begin(self) -> None:
        with self.carrier.batch():
            futures = [self._send(group) for group in self.groups]
        for group, future in zip(self.groups, futures, strict=True):
            future.add_done_callback(partial(self._note, group, True))
        threading.Thread(target=self._read, daemon=True).start()

    def _send(self, group: list[int], avoid: BaseException | None = None) -> Any:
        tasks = [self.desk.task(self.claims[k], self.settings) for k in group]
        return self.carrier.submit(work, tasks, avoid=avoid)

    def _note(self, group: list[int], first: bool, future: Any) -> None:
        self._answers.put((group, first, future))

    def _read(self) -> None:
        """Answers, as they come."""
        left = len(self.claims)
        while left and (answer := self._answers.get()) is not None:
            group, first, future = answer
            error = None if future.cancelled() else future.exception()
            if future.cancelled():
                continue
            if isinstance(error, self.carrier.died) and first:
                for index in group:
                    self._send([index], error).add_done_callback(
                        partial(self._note, [index], False)
                    )
                continue
            if error is None:
                found = [taken(answer, self.shelf) for answer in future.result()]
            elif isinstance(error, ImportError) and (error.name or "").startswith("convergence"):
                found = [Unfit(LACKING)] * len(group)
            else:
                twice = isinstance(error, self.carrier.died)
                found = [NotRun(TWICE if twice else told(error))] * len(group)
            for index, outcome in zip(group, found, strict=True):
                self._done.put((index, outcome))
            left -= len(group)

    def _take(self, place: int, outcome: Any) -> None:
        if isinstance(outcome, Unfit):
            raise outcome
        super()._take(place, outcome)
