"""Audits in processes: one for each optimizer, with a time and a memory limit.

A crash, a hang, `sys.exit` or a flood of prints in one of them is a cell, and the laws that are
left are asked in another process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from convergence.audit.asking import chosen
from convergence.audit.cells import Audit, Cell, Outcome
from convergence.audit.families import FAMILIES, by_name
from convergence.audit.find import split
from convergence.errors import InvalidInput
from convergence.workers import ALONE

LAW = 60.0  # seconds for one law
WHOLE = 240.0  # and for one optimizer
RESTARTS = 3


@dataclasses.dataclass(frozen=True)
class Job:
    """An optimizer to audit; laws: their ids, None for all; family: instead of that of its name;
    every: calls that make one step."""

    target: str
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    family: str | None = None
    laws: tuple[str, ...] | None = None
    like: str | None = None
    every: int = 1


class Worker:
    """A worker process and what it says; started anew when it has died."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.child = 0

    def ask(self, **job: Any) -> None:
        """Hand a job over."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()

    def start(self) -> None:
        """A new process."""
        self.end()
        ours, theirs = os.pipe()
        self.folder = tempfile.mkdtemp(prefix="convergence-audit-")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "convergence.audit.worker",
             str(theirs), str(os.getpid()), self.folder],
            stdin=subprocess.PIPE, pass_fds=(theirs,), text=True, start_new_session=True,
            env={**os.environ, **ALONE, "JAX_PLATFORMS": "cpu"},
        )  # fmt: skip
        os.close(theirs)
        self.answers, self.rest = ours, b""

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """What it says next; None after so many seconds, {"dead": …} when it is gone."""
        end = time.monotonic() + seconds
        while b"\n" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                return None
            more = os.read(self.answers, 1 << 16)
            if not more:
                return {"dead": True}
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        said = json.loads(line)
        if "pid" in said:
            self.child = said["pid"]
        return said

    def stop_child(self) -> None:
        """Kill the process of the optimizer, and the worker if that is what hangs."""
        if self.child:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.child, signal.SIGKILL)
            self.child = 0
        else:
            self.end()

    def end(self) -> None:
        """Kill the worker; from any thread."""
        process, self.process = self.process, None
        child, self.child = self.child, 0
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if child:
                os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        with contextlib.suppress(OSError):
            os.close(self.answers)


def listed(worker: Worker, target: str) -> list[str]:
    """Every `module:Name` of a target; `InvalidInput` with what is wrong with it."""
    worker.ask(do="expand", target=target)
    found: list[str] | None = None
    while True:
        said = worker.hear(120.0)
        if said is None or "dead" in said:
            worker.end()
            why = "did not end in 120 s" if said is None else "ended the process"
            raise InvalidInput(f"Importing {split(target)[0]!r} {why}; try it in python first.")
        if "invalid" in said:
            invalid: str = said["invalid"]
            worker.hear(10.0)
            raise InvalidInput(invalid)
        found = said.get("names", found)
        if "cannot" in said:
            worker.hear(10.0)
            raise InvalidInput(f"{target}: {said['cannot']}")
        if "exit" in said:
            if found is None:
                raise InvalidInput(
                    f"Importing {split(target)[0]!r} ended the process with exit code "
                    f"{said['exit']}; try it in python first."
                )
            return found


def one(worker: Worker, job: Job, law: float = LAW, whole: float = WHOLE) -> Audit:
    """The row of a job, whatever its optimizer does; `InvalidInput` for bad options."""
    left = [entry.id for entry in chosen(job.laws, job.like)]
    cells: list[Cell] = []
    head, end = blank(job), time.monotonic() + whole
    promised = FAMILIES[head.family]

    def cannot(name: str, why: str) -> Cell:
        stands = name not in promised.excused and (name in promised.promises or name in everyone())
        return Cell(name, Outcome.CANNOT, why, promised=stands)

    for _ in range(RESTARTS + 1):
        worker.ask(do="audit", **{**dataclasses.asdict(job), "laws": left})
        at = "start"
        why = ""
        while True:
            said = worker.hear(min(law, max(end - time.monotonic(), 0.1)))
            if said is None:
                worker.stop_child()
                why = f"it gave no answer within {min(law, whole):g} s"
                if worker.child == 0 and worker.process is not None:
                    drain(worker)
                break
            if "invalid" in said:
                drain(worker)
                raise InvalidInput(said["invalid"])
            if "cannot" in said:
                drain(worker)
                return dataclasses.replace(head, error=said["cannot"])
            if "row" in said:
                head = Audit.from_json(said["row"])
                promised = FAMILIES[head.family]
            if "begin" in said:
                at = said["begin"]
            if "cell" in said:
                cells.append(Cell.from_json(said["cell"]))
                left.remove(cells[-1].law)
            if "measured" in said:
                head = dataclasses.replace(head, measured=said["measured"], seconds=said["took"])
            if "dead" in said:
                worker.end()
                why = "it ended the process that audits"
                break
            if "exit" in said:
                why = ended(said["exit"]) if left else ""
                break
        if at == "start" and left:
            return dataclasses.replace(head, error=why)
        if not left:
            break
        name = at if at in left else left[0]
        cells.append(cannot(name, why))
        left.remove(name)
        if time.monotonic() > end:
            break
    tail = f"not tried: {whole:g} s were over, or it had failed {RESTARTS + 1} times"
    cells += [cannot(name, tail) for name in left]
    return dataclasses.replace(head, cells=tuple(cells))


def everyone() -> frozenset[str]:
    """The ids of the laws that bind everyone."""
    return frozenset(law.id for law in chosen(None) if law.everyone)


def blank(job: Job) -> Audit:
    """A row without cells."""
    module, name = split(job.target)
    family = job.family or by_name(f"{module}:{name}").name
    return Audit(job.target, module, name, "", family, (), job.options)


def drain(worker: Worker) -> None:
    """Listen until the child has ended."""
    while True:
        said = worker.hear(10.0)
        if said is None or "dead" in said:
            worker.end()
            return
        if "exit" in said:
            worker.child = 0
            return


def ended(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        return f"it was killed by signal {-code} ({signal.strsignal(-code)})"
    return f"it ended the process with exit code {code}"


def many(
    jobs: Sequence[Job],
    slots: int,
    law: float = LAW,
    whole: float = WHOLE,
    begun: Callable[[Job], None] = lambda job: None,
) -> Iterator[tuple[Job, Audit | Exception]]:
    """Each job with its row, or what is wrong with it, as they finish; `slots` at a time."""
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Job, Audit | Exception]] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    halt, workers = threading.Event(), []

    def work(worker: Worker) -> None:
        while not halt.is_set():
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                break
            begun(job)
            try:
                done.put((job, one(worker, job, law, whole)))
            except Exception as error:
                done.put((job, error))
        worker.end()

    for _ in range(min(slots, len(jobs))):
        workers.append(Worker())
        threading.Thread(target=work, args=(workers[-1],), daemon=True).start()
    try:
        for _ in jobs:
            yield done.get()
    finally:
        halt.set()
        for worker in workers:
            worker.end()
