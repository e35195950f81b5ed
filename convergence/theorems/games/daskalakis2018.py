"""The optimistic method (Daskalakis et al. 2018; Popov 1980) on bilinear games, exactly."""

from __future__ import annotations

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.games.saddle import Optimistic
from convergence.constants import Constants
from convergence.theorems.assumptions import Has
from convergence.theorems.base import Moment, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.games.korpelevich1976 import AbstractBilinear


class AbstractOptimistic(AbstractBilinear):
    """The optimistic method on a bilinear game whose A is square and regular."""

    source = Source("daskalakis2018", "the method; this law is ours")

    @varies
    def assumes(self) -> tuple:
        regular = Within("a square regular A", self, "least", 1e-9)
        return (*AbstractBilinear.assumes, Has("split", 1), regular)

    def least(self, c: Constants, T: int) -> float:
        """σ_min/σ_max, 0 unless A is square."""
        square = 2 * c.split == c.d
        return float(c.couplings[-1] / c.couplings[0]) if square and c.couplings[0] > 0 else 0.0

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return Optimistic(self.eta(c), c.split)


class OptimisticRadius(AbstractOptimistic):
    """The linear rate of the optimistic method on a bilinear game whose A is square and regular:
    the largest over a = ησ_i of ½√(2 + 2√(1 − 4a²)) if a ≤ ½, and √(¼ + (a + ½√(4a² − 1))²) beyond.

    Proof. In the plane of σ, seen as ℂ, F(z) = iσz up to conjugation, and z⁺ = (1 − 2ia)z + iaz⁻
    has the roots ½(1 − 2ia ± √(1 − 4a²)), for (1 − 2ia)² + 4ia = 1 − 4a². If a ≤ ½ the larger one
    has the square ¼(1 + s)² + a² = ½(1 + s), s = √(1 − 4a²); beyond, √(1 − 4a²) is imaginary. ∎
    """

    quantity = Moment.RADIUS
    statement = "radius = max_σ ½√(2 + 2√(1−4a²)), a = ησ ≤ ½;  √(¼ + (a + ½√(4a²−1))²) beyond"

    def bound(self, c: Constants, T: int) -> float:
        a = self.eta(c) * np.asarray(c.couplings)
        slow = 0.5 * np.sqrt(2 + 2 * np.sqrt(np.maximum(1 - 4 * a**2, 0.0)))
        fast = np.sqrt(0.25 + (a + 0.5 * np.sqrt(np.maximum(4 * a**2 - 1, 0.0))) ** 2)
        return float(np.max(np.where(a <= 0.5, slow, fast)))


class OptimisticStability(AbstractOptimistic):
    """The optimistic method converges on a regular bilinear game if and only if η‖A‖₂ < 1/√3. Asked
    at η = (T/100)/(√3‖A‖₂): T is a percentage of the threshold, other than 100.

    Proof. `OptimisticRadius` is below 1 for 0 < a ≤ ½, increases beyond, and is 1 where a + ½√(4a²
    − 1) = ½√3, that is at a = 1/√3. ∎
    """

    quantity = Moment.STABLE
    statement = "optimistic descent–ascent is stable on a regular bilinear game iff η‖A‖₂ < 1/√3"

    @varies
    def assumes(self) -> tuple:
        away = Within("not at the threshold", self, "away", 1.0)
        return (*super().assumes, away)

    def away(self, c: Constants, T: int) -> float:
        """|T − 100|."""
        return abs(T - 100.0)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        # ‖A‖₂ itself: an L may be larger.
        return Optimistic(T / 100 / (3**0.5 * float(c.couplings[0])), c.split)

    def bound(self, c: Constants, T: int) -> float:
        return float(T < 100)


class OptimisticUpToOneOverL(AbstractOptimistic):
    """FALSE AS TOLD: "the optimistic method is stable wherever the extragradient method is", for
    every ηL < 1.

    It reuses a gradient that is one step old; `OptimisticStability` has its threshold 1/√3.
    """

    source = Source("daskalakis2018", "a folklore reading of optimism")
    quantity = Moment.STABLE
    statement = "folklore: optimistic descent–ascent is stable on bilinear games for every ηL < 1"
    domain = {}

    def bound(self, c: Constants, T: int) -> float:
        return 1.0
