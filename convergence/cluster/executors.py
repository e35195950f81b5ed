"""Executors of the shape of `concurrent.futures` over dask and over submitit.

`submit(work, tasks, avoid=…)` gives a future. What it raises where the process that ran it ended is
among `died`. `batch()` sends what is submitted inside it at once. Workers are started anew, never
forked; each runs one task at a time, and has one GPU where there are some.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pkgutil
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from convergence.errors import InvalidInput

WAIT = 15.0  # seconds in which a scheduler has to answer, and a first worker to be there
SCHEDULERS = ("dask", "slurm", "local", "debug")
ADDRESSES = ("tcp://", "tls://", "ws://", "wss://")
Work = Callable[[Any], Any]
# A task of dask in words: a worker that joins late without the package could not read a function
# of it, and would never answer.
CALL = "getattr(__import__(module, fromlist=[name]), name)(tasks)"


@runtime_checkable
class AbstractExecutor(Protocol):
    """What a scheduler of tasks can do."""

    died: tuple[type[BaseException], ...]
    one_each: bool  # whether a task is a claim, or a group of claims

    def submit(self, work: Work, tasks: Any, /, avoid: BaseException | None = None) -> Future[Any]:
        """Run `work(tasks)` somewhere, not where what raised `avoid` ran if that can be helped."""
        ...

    def batch(self) -> contextlib.AbstractContextManager[None]:
        """What is submitted inside is sent together."""
        ...

    def shutdown(self) -> None:
        """Drop what has not begun, and end what was started for this."""
        ...


def executor(where: str, jobs: int, folder: Path, environment: dict[str, str]) -> AbstractExecutor:
    """The executor that a name or an address of `--on` stands for."""
    if where == "dask" or where.startswith(ADDRESSES):
        return Dask(where, jobs, environment)
    return Submitit(where, folder, environment)


def gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES has them; without JAX."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if os.environ.get("JAX_PLATFORMS", "").startswith("cpu") or named == "":
        return []
    if named is not None:
        return named.split(",")
    if shutil.which("nvidia-smi") is None:
        return []
    found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    return [str(k) for k in range(len(found.stdout.splitlines()))] if not found.returncode else []


def environments(jobs: int, devices: Sequence[str], common: dict[str, str]) -> list[dict[str, str]]:
    """The environments of so many workers; one a device where there are devices."""
    if not devices:
        return [dict(common)] * jobs
    return [{**common, "CUDA_VISIBLE_DEVICES": device} for device in devices]


class Dask:
    """Workers of dask.distributed: those of a scheduler that runs, or processes of this machine."""

    one_each = True

    def __init__(self, where: str, jobs: int, environment: dict[str, str]):
        with extra("dask", "dask"):
            import distributed
            from dask.config import set as configured
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.died: tuple[type[BaseException], ...] = (distributed.KilledWorker,)
        self._cluster: Any = None
        self._stack = contextlib.ExitStack()
        if where == "dask":
            # Every death is answered here, and a task that waits behind another is not to blame.
            options = {
                "distributed.scheduler.allowed-failures": 0,
                "distributed.scheduler.worker-saturation": 1.0,
                "distributed.nanny.pre-spawn-environ": {},
            }
            self._stack.enter_context(configured(options))
            own = {"nthreads": 1, "memory_limit": 0, "silence_logs": logging.CRITICAL}
            each = environments(jobs, gpus(), environment)
            workers = {
                k: {"cls": distributed.Nanny, "options": {**own, "env": env}}
                for k, env in enumerate(each)
            }
            # Dask serves pages about its health whatever it is told: on a free port, as without an
            # address they take 8787, and two runs on a machine would meet there.
            scheduler = {
                "cls": distributed.Scheduler,
                "options": {
                    "dashboard": False,
                    "dashboard_address": "127.0.0.1:0",
                    "host": "127.0.0.1",
                    "port": 0,
                },
            }
            self._cluster = distributed.SpecCluster(workers, scheduler)
        try:
            self.client = distributed.Client(self._cluster or where, timeout=WAIT)
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"No scheduler of dask answers at {where!r} ({_first(error)}); start one with "
                "`dask scheduler`, or use --on dask."
            ) from None
        try:
            self.client.wait_for_workers(1, timeout=4 * WAIT if self._cluster else WAIT)
        except TimeoutError:
            self.shutdown()
            raise InvalidInput(
                f"The scheduler at {where!r} has no workers; start some with `dask worker {where} "
                "--nthreads 1`."
            ) from None
        self._check_package()

    def _check_package(self) -> None:
        """A worker without the package could not even read a task, and would not answer."""
        asked = "convergence:__version__"
        found: Any = self.client.run(pkgutil.resolve_name, asked, on_error="return")
        for worker, version in found.items():
            if isinstance(version, Exception):
                self.shutdown()
                raise InvalidInput(
                    f"The worker at {worker!r} does not have the package convergence-lab "
                    f"({_first(version)}); install it there."
                )

    def submit(self, work: Work, tasks: Any, /, avoid: BaseException | None = None) -> Future[Any]:
        """One task for one worker."""
        options: dict[str, Any] = {"pure": False}
        if avoid is not None and getattr(avoid, "last_worker", None) is not None:
            last = getattr(avoid.last_worker, "address", avoid.last_worker)  # pyright: ignore
            others = [w for w in self.client.scheduler_info(-1)["workers"] if w != last]
            options |= {"workers": others, "allow_other_workers": True} if others else {}
        named = {"module": work.__module__, "name": work.__name__, "tasks": tasks}
        return self.client.get_executor(**options).submit(eval, CALL, named)

    def batch(self) -> contextlib.AbstractContextManager[None]:
        """Tasks are cheap to send one by one."""
        return contextlib.nullcontext()

    def shutdown(self) -> None:
        """Leave a scheduler of others as it was, without our tasks."""
        self.client.close()
        if self._cluster is not None:
            self._cluster.close()
        self._stack.close()


class Submitit:
    """Jobs of submitit: an array of Slurm, processes of this machine, or this process itself."""

    one_each = False

    def __init__(self, where: str, folder: Path, environment: dict[str, str]):
        with extra("slurm", "submitit"):
            import submitit
            from submitit.core.utils import (
                FailedJobError,
                FailedSubmissionError,
                UncompletedJobError,
            )
        if where == "slurm" and shutil.which("sbatch") is None:
            raise InvalidInput(
                "There is no `sbatch` here, which --on slurm sends its jobs with; run this where "
                "Slurm is, or use --on dask."
            )
        self.died: tuple[type[BaseException], ...] = (UncompletedJobError,)
        self._raised, self._refused = FailedJobError, (FailedSubmissionError, FailedJobError)
        self._every = 5.0 if where == "slurm" else 0.05
        self.executor = submitit.AutoExecutor(folder=str(folder / "%j"), cluster=where)
        limits = {"timeout_min": 24 * 60}
        if where == "slurm":
            limits |= {"slurm_array_parallelism": 1000, "cpus_per_task": 2}
        self.executor.update_parameters(name="convergence", **limits)
        self._waiting: list[tuple[Any, Future[Any]]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._environment = environment
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def submit(self, work: Work, tasks: Any, /, avoid: BaseException | None = None) -> Future[Any]:
        """One element of an array for a group of claims."""
        future: Future[Any] = Future()
        with self._given():
            job = self.executor.submit(work, tasks)
        with self._lock:
            self._waiting.append((job, future))
        return future

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """One array."""
        try:
            with self._given(), self.executor.batch():
                yield
        except self._refused as error:
            raise InvalidInput(f"Slurm did not take the jobs: {_first(error)}.") from None
        self._start()

    def _start(self) -> None:
        if not self._watcher.is_alive():
            self._watcher.start()

    @contextlib.contextmanager
    def _given(self) -> Iterator[None]:
        """The environment that jobs inherit."""
        before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            with self._lock:
                waiting = list(self._waiting)
            for job, future in waiting:
                if not job.done():
                    continue
                with self._lock:
                    self._waiting.remove((job, future))
                error = job.exception()
                if error is None:
                    future.set_result(job.result())
                elif isinstance(error, self._raised):
                    future.set_exception(RuntimeError(_last(error)))
                else:
                    future.set_exception(error)

    def shutdown(self) -> None:
        """End the jobs that are under way."""
        self._stop.set()
        for job, _ in self._waiting:
            with contextlib.suppress(Exception):
                job.cancel(check=False)


@contextlib.contextmanager
def extra(name: str, package: str) -> Iterator[None]:
    """One sentence where the package of an extra is missing."""
    try:
        yield
    except ImportError as error:
        raise InvalidInput(
            f"This needs {package}, which is not installed ({_first(error)}); "
            f"`pip install 'convergence-lab[{name}]'`."
        ) from None


def _first(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _last(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1]
