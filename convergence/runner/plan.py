"""Before a run: how wide a chunk is, whether memory holds it, and how long it will take."""

# What JAX and Equinox return is unknown to type checkers.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.errors import require
from convergence.memory import available
from convergence.precision import wide
from convergence.problems.base import start_shape
from convergence.runner.experiment import Experiment
from convergence.runner.spread import parts_of
from convergence.workers import SPARE, cores

LARGE = 2**15  # entries of an iterate from which runs are made one at a time: wider gains nothing
COPIES = 8  # of an iterate: state, step, gradient, draws and what the compiler keeps beside them
LONG = 10**8  # steps of a chunk from which a rehearsal says how long they take
ENOUGH = 0.3  # seconds of a rehearsal
MINUTE, DAY = 60.0, 86400.0
LIMIT = 7 * DAY


AT_ONCE = 4  # chunks of one run under way on one device, each on a core


def calls_at_once(calls: int) -> int:
    """How many chunks are under way at a time: programs of a CPU use one core each. One, unless
    NPROC gives XLA threads to spare, as the command line does."""
    alone = jax.default_backend() == "cpu" and jax.local_device_count() == 1
    named = os.environ.get("NPROC", "")
    spare = named.isdecimal() and int(named) >= SPARE * cores()
    return min(calls, cores(), AT_ONCE) if alone and spare else 1


def chunk_width(experiment: Experiment, chunk: int) -> int:
    """How many runs a chunk has."""
    return 1 if large(experiment) else chunk


def large(experiment: Experiment) -> bool:
    """Whether one run is work enough for all cores."""
    return math.prod(start_shape(experiment.problem)) >= LARGE


def check_memory(experiment: Experiment, runs: int, marks: int, at_once: int) -> None:
    """Refuse what does not fit into memory, by an estimate: a system would end the process."""
    size = 8 if wide() else 4
    entries = math.prod(start_shape(experiment.problem))
    record = runs * (marks * (size + 1) + 4)
    given = sum(v.nbytes for v in jax.tree.leaves(experiment) if eqx.is_array(v))
    copies = 1 if parts_of(experiment) > 1 else jax.local_device_count()
    need = size * COPIES * entries * at_once + copies * given + 3 * record
    room = on_devices(available())
    require(
        room is None or need <= room,
        f"{runs} runs of {entries} entries, {at_once} at a time, for which about "
        f"{need / 2**30:.2g} GiB of memory",
        f"no more than the {(room or 0) / 2**30:.2g} GiB that are left",
        "ask for fewer seeds, a smaller chunk or a smaller instance",
    )


def on_devices(host: int | None) -> int | None:
    """Bytes that are left on all devices; the host's where devices have none of their own."""
    stats = [device.memory_stats() or {} for device in jax.local_devices()]
    if not all("bytes_limit" in found for found in stats):
        return host
    return sum(found["bytes_limit"] - found.get("bytes_in_use", 0) for found in stats)


def check_time(T: int, calls: int, rehearse: Callable[[np.ndarray], Any], marks: int) -> None:
    """Say how long a run takes that is a long one, and refuse one of more than a week; by timing
    its own program over a few steps."""
    if T * calls < LONG:
        return
    steps, took = 1, 0.0
    while took < ENOUGH and steps < T:
        steps *= 16 if took else 1  # the first one compiles, and counts for nothing
        began = time.perf_counter()
        rehearse(np.full(marks, steps, np.int32))
        took = time.perf_counter() - began if steps > 1 else 1e-9
    seconds = took / steps * T * calls
    require(
        seconds <= LIMIT,
        f"{calls} times {T} steps, which would take {seconds / DAY:.0f} days here",
        "no more than a week",
        "ask for shorter horizons or fewer seeds",
    )
    if seconds > MINUTE:
        said = f"{seconds / 60:.0f} minutes" if seconds < DAY / 4 else f"{seconds / DAY:.1f} days"
        print(f"convergence: {calls} times {T} steps take about {said} here", file=sys.stderr)
