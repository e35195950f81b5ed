"""What workers cost and gain: `python -m tests.benchmarks.bench_cluster`.

Measured with dask on this machine: starting it, sending an empty task, a worker's first claim, and
claims with one and with two workers, whose processor time is told beside the wall. A model with
these numbers, printed for up to 1000 workers: T(P) = start + max(W / P, w) + N send, where N tasks
take W seconds in all and w the longest.
"""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from convergence.cluster.executors import Dask
from convergence.cluster.task import environment

TARGETS = ("golore-sgd-law", "golore-msgd-law", "golore-counterexample-law", "golore-sgd",
           "golore-lazy", "rso-exact-law")  # fmt: skip
TIER, EMPTY = "standard", 500
WORKERS = (1, 2, 10, 100, 1000)


def nothing(_: object) -> int:
    """An empty task."""
    return 0


def sending() -> tuple[float, float]:
    """(seconds until two workers are there, seconds an empty task adds)."""
    began = time.perf_counter()
    dask = Dask("dask", 2, environment())
    start = time.perf_counter() - began
    try:
        began = time.perf_counter()
        for future in [dask.submit(nothing, None) for _ in range(EMPTY)]:
            future.result()
        return start, (time.perf_counter() - began) / EMPTY
    finally:
        dask.shutdown()


def verify(out: Path, *more: str) -> tuple[float, float]:
    """(seconds on the wall, of processors) of a run of the targets."""
    said = [sys.executable, "-m", "convergence", "verify", *TARGETS, "--tier", TIER, "--quiet"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*said, "--out", str(out), *more], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used


def predicted(P: int, tasks: int, work: float, longest: float, costs: dict[str, float]) -> float:
    """Seconds of the model with P workers."""
    return costs["start"] + max(work / P, longest) + tasks * costs["send"]


def main() -> None:
    """Print what was measured, then the model."""
    if importlib.util.find_spec("distributed") is None:
        print("bench_cluster needs the extra dask")
        return
    start, send = sending()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        serial = verify(out / "serial", "--jobs", "1")
        one = verify(out / "one", "--on", "dask", "--jobs", "1")
        two = verify(out / "two", "--on", "dask", "--jobs", "2")
    print(f"start of two workers {start:.1f} s; an empty task {1e3 * send:.2f} ms")
    for name, (wall, used) in (("serial", serial), ("one worker", one), ("two workers", two)):
        print(f"{name}: {wall:.1f} s on the wall, {used:.1f} s of processors")
    print(f"from one to two workers: {one[0] / two[0]:.2f} times as fast")
    costs = {"start": start + 4.0, "send": send}  # a worker imports in 4 s
    print("\n| workers | 1000 tasks of 1 s | 1000 tasks of 60 s |\n|---|---|---|")
    for P in WORKERS:
        cells = []
        for seconds in (1.0, 60.0):
            alone = predicted(1, 1000, 1000 * seconds, seconds, costs)
            cells.append(f"{alone / predicted(P, 1000, 1000 * seconds, seconds, costs):.1f}")
        print(f"| {P} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    main()
