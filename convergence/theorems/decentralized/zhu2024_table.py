"""SPARKLE (Zhu et al. 2024): its table of transient iteration complexities, as recalled."""

from __future__ import annotations

from convergence.constants import Constants
from convergence.theorems.base import Provenance, Source
from convergence.theorems.decentralized.zhu2024_rates import AbstractSparkleTransient


class TransientTable(AbstractSparkleTransient):
    """T_transient = O(n³/(1 − ρ)²) for SPARKLE with ED, EXTRA or a mixture at the two levels,
    O(max{n³/(1 − ρ)², n/(1 − ρ)^{8/3}}) with gradient tracking alone, and O(n³/(1 − ρ)⁴) for
    D-SOBA under heterogeneity.

    Recalled: the constants and the terms of higher order are not used. Read in 1/(1 − λ) at a fixed
    n on quadratics, where gradient tracking does better than its entry (`SparkleTransient`).
    """

    two_sided = False
    source = Source("zhu2024", "table of transient iteration complexities")
    provenance = Provenance.RECALLED
    statement = "T = O((1−ρ)⁻²) with ED, EXTRA, mixed;  O((1−ρ)^{−8/3}) GT;  O((1−ρ)⁻⁴) D-SOBA"

    def bound(self, c: Constants, T: int) -> float:
        if self.lower == "ATC":
            return float(T) ** 4
        return float(T) ** (8 / 3 if self.upper.endswith("GT") and self.lower.endswith("GT") else 2)
