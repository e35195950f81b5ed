"""AdaWAC told too well: a gap without n, weights that always settle, a last iterate that comes."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.constants import Constants
from convergence.metrics.folds import Largest
from convergence.metrics.games import SaddleEnergy
from convergence.theorems.base import Source
from convergence.theorems.conditions import Positive
from convergence.theorems.games.dong2023 import (
    AbstractAdaWAC,
    AbstractSeesaw,
    AdaWACGap,
    AdaWACWeightsSettle,
)

FOLKLORE = Source("dong2023", "a folklore reading of AdaWAC")


class GapWithoutN(AdaWACGap):
    """FALSE AS TOLD: "the gap is at most (2rG + D√(2 log 2))/√T", whatever n.

    A weight moves once in n steps; `AdaWACGap` has √(2n log 2).
    """

    source = FOLKLORE
    statement = "folklore: E gap(θ̄, b̄) ≤ (2rG + D√(2 log 2))/√T for every n"

    def per_weight(self, c: Constants) -> int:
        return 1

    def bound(self, c: Constants, T: int) -> float:
        return float((2 * c.ball * c.G_pair + c.D_pair * (2 * np.log(2)) ** 0.5) / T**0.5)


class WeightsAlwaysSettle(AdaWACWeightsSettle):
    """FALSE AS TOLD: "the weights of a saddle are 0 or 1, and are approached at the pace of the
    start".

    Where l_i = c_i at the saddle nothing is said of b_i; `AdaWACWeightsSettle` asks for more.
    """

    source = FOLKLORE
    statement = "folklore: min_i |log b_i/(1 − b_i)| ≥ η_bkT with k = min_i |l_i − c_i| at θ_0"
    assumes = (*AbstractAdaWAC.assumes, Positive("delta_here"))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return self.weight_step(c, T) * c.delta_here * T, np.inf


class LastIterateComes(AbstractSeesaw):
    """FALSE AS TOLD: "the last iterate comes no farther from the saddle than it started".

    `AdaWACEnergy` says the opposite of it; the means converge by `AdaWACGap`.
    """

    source = FOLKLORE
    statement = "folklore: V_t = θ²/(2η) + KL(½ ‖ b)/η ≤ V_0 for all t"

    def metric(self, c: Constants, T: int) -> Any:
        return Largest(SaddleEnergy(self.eta, self.eta))

    def bound(self, c: Constants, T: int) -> Any:
        return 0.0, self.start(c)
