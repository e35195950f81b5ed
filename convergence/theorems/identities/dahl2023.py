"""Dahl et al. 2023 (arXiv 2306.07179): what AlgoPerf's score keeps, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import numpy as np

from convergence.errors import require
from convergence.theorems.base import AbstractIdentity, Provenance, Source

INF = np.inf
THREE = np.array([[1, 4, INF], [2, 1, INF], [INF, 2, 5]])
FOUR = np.hstack([THREE, np.full((3, 1), INF)])  # a workload that nobody hits


def fields(cases: int) -> list[np.ndarray]:
    """Fixed times of 1 to 4 solvers on 1 to 5 workloads, with ties, misses, and lone hits."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(cases):
        shape = rng.integers(1, 5), rng.integers(1, 6)
        times = np.exp(rng.normal(0, 0.8, shape)).round(1) + 0.1
        found.append(np.where(rng.random(shape) < 0.2, INF, times))
    return found


def asked(score: Any, times: np.ndarray) -> np.ndarray:
    """(submissions,) what a score, which may be a user's, makes of times."""
    found = np.asarray(score(times), float)
    require(
        found.shape == times.shape[:1],
        f"scores of shape {found.shape} for times of shape {times.shape}",
        "one number a row of times",
        "return a vector, a number for every submission",
    )
    return found


class ScoreProperties(AbstractIdentity):
    """B_s = (1/n) Σ_w (R − r_sw)₊/(R − 1), r = t/min_s t, R = 4, does not change when the times of
    a workload are rescaled (P1), does not increase in t_sw nor decrease in t_s′w (P2), and is 1 if
    and only if s is the fastest everywhere, every workload being hit (P3), and 0 if and only if it
    is nowhere faster than R times the fastest (P4). The trapezoidal rule at 100 points differs from
    it by 1/198 at most. A workload that nobody hits still counts in n.

    Proof. P1, P3, P4: ratios. P2: r_sw is increasing in t_sw and decreasing in min_s t. ρ is a step
    function, of which the rule misplaces each step by half a cell at most: h/2/(R − 1) a workload
    with h = (R − 1)/99. ∎
    """

    source = Source("dahl2023", "performance profiles and benchmark score; properties derived")
    provenance = Provenance.DERIVED
    statement = "B_s is free of units, monotone in all times, 1 iff best everywhere; rule ± 1/198"
    tolerance = 1e-12  # sums of five ratios

    score: Callable[[Any], Any] = eqx.field(static=True)
    rule: Callable[[Any], Any] = eqx.field(static=True)

    def discrepancies(self) -> dict[str, float]:
        found = {
            "exact reference": _off(asked(self.score, THREE), [1 / 3, 5 / 9, 5 / 9]),
            "trapezoid reference": _off(
                asked(self.rule, THREE), [0.3350168, 0.5572391, 0.5572391], 5e-8
            ),
            "nobody hits": _off(asked(self.score, FOUR), [1 / 4, 5 / 12, 5 / 12]),
        }
        rng = np.random.default_rng(1)
        worst = dict.fromkeys(("P1", "P2 own", "P2 others", "P3", "P4", "rule"), 0.0)
        for times in fields(400):
            b = asked(self.score, times)
            worst["P1"] = max(worst["P1"], _off(asked(self.score, times * np.exp2(
                rng.integers(-3, 4, times.shape[1]))), b))  # fmt: skip
            s, w = rng.integers(times.shape[0]), rng.integers(times.shape[1])
            slower = times.copy()
            slower[s, w] *= 1.5
            change = asked(self.score, slower) - b
            others = np.delete(change, s)
            worst["P2 own"] = max(worst["P2 own"], float(change[s]))
            worst["P2 others"] = max(worst["P2 others"], float(-others.min(initial=0.0)))
            if np.all(np.isfinite(times.min(axis=0))):
                best = np.all(times == times.min(axis=0), axis=1)
                worst["P3"] = max(worst["P3"], float(np.any(best != (b > 1 - 1e-9))))
            # Times are tenths: no ratio lies between 4 − 1e-6 and 4.
            near = np.any(times < (4 - 1e-6) * times.min(axis=0), axis=1)
            worst["P4"] = max(worst["P4"], float(np.any(near != (b > 1e-9))))
            off = _off(asked(self.rule, times), b, 1 / 198)
            worst["rule"] = max(worst["rule"], off)
        return found | worst


def _off(found: Any, stated: Any, granted: float = 0.0) -> float:
    """The largest difference beyond what is granted; that of no number is infinite."""
    off = float(np.max(np.abs(np.asarray(found) - np.asarray(stated))))
    return float("inf") if np.isnan(off) else max(0.0, off - granted)


class ZeroIfNeverHit(AbstractIdentity):
    """FALSE: a score of 0 says that the target is never hit. Times (1, 4.5): the second submission
    hits it, more than R = 4 times later than the first, and has 0."""

    source = Source("dahl2023", "a folklore reading of a score of 0; instance derived")
    provenance = Provenance.DERIVED
    statement = "folklore: B_s = 0 iff s never hits the target"
    tolerance = 1e-12

    score: Callable[[Any], Any] = eqx.field(static=True)

    def discrepancies(self) -> dict[str, float]:
        times = np.array([[1.0, 2.0], [4.5, INF], [INF, INF]])
        hits = np.isfinite(times).any(axis=1)
        wrong = hits != (asked(self.score, times) > 0)
        return {f"submission {s + 1}": float(off) for s, off in enumerate(wrong)}


class OrderOfTwo(AbstractIdentity):
    """FALSE: which of A and B scores higher does not depend on C. On A = (4, 1, 2), B = (2, 1, 5)
    it is A, 8/9 against 5/6; with C = (1, 1, 5) it is B, 13/18 against 2/3."""

    source = Source("dahl2023", "scores of a field of submissions; instance derived")
    provenance = Provenance.DERIVED
    statement = "the order of two scores does not depend on who else is in the field (false)"
    tolerance = 1e-12

    score: Callable[[Any], Any] = eqx.field(static=True)

    def discrepancies(self) -> dict[str, float]:
        two = np.array([[4.0, 1, 2], [2, 1, 5]])
        alone, beside = asked(self.score, two), asked(self.score, np.vstack([two, [[1, 1, 5]]]))
        turned = not (alone[0] - alone[1]) * (beside[0] - beside[1]) >= 0  # or no numbers
        return {"A and B, then with C": float(abs(beside[0] - beside[1])) if turned else 0.0}
