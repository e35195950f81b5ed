"""Claims in groups of like cost, the dearest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

COMPILE = 0.6  # seconds a claim takes before its first step: certificates, compiling
RATE = 2e6  # seed-steps a second of a small method on a core; only how claims compare matters
GROUP = 120.0  # seconds of a group: long beside the start of a process, short beside a run


def cost(claim: Any, settings: Any) -> float:
    """About how many seconds of a core a claim takes, by its horizons and seeds."""
    plan = getattr(claim, "plan", None)
    if plan is None:
        return COMPILE
    horizons, seeds = plan(settings)
    return COMPILE + seeds * sum(horizons) / RATE


def dearest(claims: Sequence[Any], settings: Any) -> list[int]:
    """The places of the claims, by cost in powers of two; among like ones in their order, since
    neighbors share programs."""
    return sorted(range(len(claims)), key=lambda k: (-_size(cost(claims[k], settings)), k))


def alike(claims: Sequence[Any], settings: Any, most: float = GROUP) -> list[list[int]]:
    """Groups of places: claims of one power of two in cost, of about `most` seconds together."""
    groups: list[list[int]] = []
    size, filled = None, 0.0
    for k in dearest(claims, settings):
        seconds = cost(claims[k], settings)
        if size != _size(seconds) or filled + seconds > most:
            groups.append([])
            size, filled = _size(seconds), 0.0
        groups[-1].append(k)
        filled += seconds
    return groups


def dealt(claims: Sequence[Any], settings: Any, hands: int) -> list[list[int]]:
    """The places of the claims dealt into so many hands, each to the one that has least."""
    found: list[list[int]] = [[] for _ in range(min(hands, len(claims)))]
    costs = [0.0] * len(found)
    for k in dearest(claims, settings):
        least = costs.index(min(costs))
        found[least].append(k)
        costs[least] += cost(claims[k], settings)
    return found


def _size(seconds: float) -> int:
    return round(math.log2(seconds))
