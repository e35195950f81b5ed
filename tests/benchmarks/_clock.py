"""Seed-steps per second, so that ratios hold on a machine that does other things meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

ROUNDS = 5


def speeds(ways: Mapping[str, tuple[Callable[[], Any], int]]) -> dict[str, float]:
    """Work a second of each (call, work), the best of `ROUNDS` after one call for compilation.

    The ways take turns: what slows the machine for a while slows all of them.
    """
    for call, _ in ways.values():
        call()
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for name, (call, work) in ways.items():
            began = time.perf_counter()
            call()
            best[name] = max(best[name], work / (time.perf_counter() - began))
    return best
