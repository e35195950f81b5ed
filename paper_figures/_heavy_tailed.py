"""What the heavy-tailed figures share: runs of one theorem on an instance that varies with T."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.settings import Session, Settings
from convergence.store import Store

SEEDS = 64


def values(claim: Claim, T: int, seeds: int = SEEDS) -> np.ndarray:
    """(seeds,) the metric at horizon T."""
    return claim.measure(T, Session(Settings(), Store()), seeds).final()


def curve(claim: Claim, horizons: Sequence[int], seeds: int = SEEDS) -> dict[str, list[float]]:
    """Mean, two standard errors and the theorem's bound at every horizon."""
    found: dict[str, list[float]] = {"mean": [], "error": [], "bound": []}
    for T in horizons:
        runs = values(claim, T, seeds)
        _, _, c = claim.instance(T)
        found["mean"].append(float(runs.mean()))
        found["error"].append(2 * float(runs.std(ddof=1)) / len(runs) ** 0.5)
        bound = claim.theorem.bound(c, T)
        assert not isinstance(bound, tuple)  # expectations are bounded by one number
        found["bound"].append(bound)
    return found


def slope(horizons: Sequence[int], means: Sequence[float]) -> float:
    """The least-squares slope of log mean over log T."""
    return float(np.polyfit(np.log(np.asarray(horizons, float)), np.log(means), 1)[0])


def slope_error(horizons: Sequence[int], means: Sequence[float], errors: Sequence[float]) -> float:
    """Two standard errors of `slope`, from two standard errors of the means."""
    x = np.log(np.asarray(horizons, float))
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    return float(np.sqrt(np.sum((weights * np.asarray(errors) / np.asarray(means)) ** 2)))


def build(slug: str, theorem: Any, problem: Any, noise: Any, **fields: Any) -> Claim:
    """A claim that is only measured."""
    return Claim(slug, theorem, problem, noise, **fields)
