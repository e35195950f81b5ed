"""The share of a run that goes into certificates: `python -m tests.benchmarks.bench_certificates`.

Claims of modules of the registry that are drawn, for claims of one module share instances and
programs, as in a run of all. `bench_certificates 200 1` takes 200 of them, drawn by the seed 1.
"""

from __future__ import annotations

import collections
import functools
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("NPROC", "16")  # before JAX: chunks of one process side by side

import numpy as np

from convergence.claims import base
from convergence.registry import FAMILIES, claims_in, registry


class Spent(collections.defaultdict[str, float]):
    """Seconds by what they went into."""

    def __init__(self) -> None:
        super().__init__(float)

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose wall time and time of the processor are added up."""

        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            began = time.perf_counter(), time.process_time()
            try:
                return function(*args, **options)
            finally:
                self["wall"] += time.perf_counter() - began[0]
                self["processor"] += time.process_time() - began[1]

        return run


def drawn(count: int, seed: int) -> list[Any]:
    """At least `count` claims, all of a module."""
    modules = [(family, name) for family in FAMILIES for name in FAMILIES[family]]
    found: list[Any] = []
    for k in np.random.default_rng(seed).permutation(len(modules)):
        if len(found) >= count:
            break
        found += claims_in(*modules[k])
    return found


def main(count: int = 100, seed: int = 0) -> None:
    """One line for the looks at instances before runs, one for the runs that are followed after."""
    before, after, whole = Spent(), Spent(), Spent()
    registry()
    claims = drawn(count, seed)
    kept = base.credentials, base.AbstractOnInstance.broken
    try:
        base.credentials = before.timed(base.credentials)
        base.AbstractOnInstance.broken = after.timed(kept[1])
        whole.timed(lambda: [base.verify(claim) for claim in claims])()
    finally:
        base.credentials, base.AbstractOnInstance.broken = kept
    print(f"{len(claims)} claims: wall {whole['wall']:.0f} s, processor {whole['processor']:.0f} s")
    for name, spent in (("looks at instances", before), ("runs that are followed", after)):
        shares = [f"{100 * spent[k] / whole[k]:.1f} % of {k}" for k in ("wall", "processor")]
        print(f"{name}: {', '.join(shares)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
