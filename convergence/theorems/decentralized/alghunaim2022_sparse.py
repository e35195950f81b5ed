"""Alghunaim and Yuan 2022 on sparse networks: the slow root, and the transient, in closed form."""

from __future__ import annotations

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized import single_level as dec
from convergence.constants import Constants
from convergence.parts.graphs import complete
from convergence.theorems.base import Kind, Moment
from convergence.theorems.decentralized.alghunaim2022 import AbstractUnified


class SlowRoot(AbstractUnified):
    """1 − ρ → (1 − λ)/(αh) for ED and EXTRA, (1 − λ)²/(λ²αh) for ATC-GT, as 1 − λ → 0 at fixed αh.

    Proof. p → 1 − αh for all; the root near 1 is 1 − b²/(1 − p) + O(b⁴). ∎ T = 1/(1 − λ).
    """

    quantity = Moment.GAP
    statement = "1 − ρ = (1−λ)/(αh)·(1+o(1)) for ED and EXTRA, (1−λ)²/(λ²αh)·(1+o(1)) for ATC-GT"
    tolerance = 0.02  # lower-order terms of relative size (1 − λ)/(αh)² at T ≥ 400

    def bound(self, c: Constants, T: int) -> float:
        gap, ah = 1 - c.lam[1], float(self.ah)
        return float(gap / ah if self.name in ("ED", "EXTRA") else (gap / c.lam[1]) ** 2 / ah)


class SparseTransient(AbstractUnified):
    """The T at which the network costs as much as the noise of the mean, at α = √(n/T)/L, is of
    order n³/(1 − λ)² for ED, EXTRA and ATC-GT and n³/(1 − λ)⁴ for DSGD under heterogeneity.

    On the lazy complete graph with common curvature: T = n(n−2)²/(1−λ)²(1+o(1)) for ED and EXTRA,
    a quarter of it for ATC-GT and 4n³(ζ/s)⁴/(1−λ)⁴ for DSGD (`leading`). Proof: the mean costs
    αs²/(2hn). With αh and g = 1 − λ small, n − 1 modes of ED or EXTRA cost α²s²/(2(g + αh)) each
    and those of ATC-GT α²s²/(2(2g + αh)): equal at αh = g/(n − 2), or twice that. The bias of DSGD
    is (αζ/g)². ∎ The known (1 − λ)^{−8/3} of gradient tracking is an upper bound that quadratics do
    not attain. T names 1/(1 − λ) or n.
    """

    kind = Kind.RATE
    quantity = Moment.TRANSIENT
    two_sided = True
    statement = "T_transient = Θ(n³/(1−λ)²) for ED, EXTRA, GT; Θ(n³/(1−λ)⁴) for DSGD with ζ > 0"

    def alpha(self, c: Constants, T: int) -> float:
        return float((c.agents / T) ** 0.5 / c.L)

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return dec.Diffusion(complete(c.agents), self.alpha(c, T))

    def bound(self, c: Constants, T: int) -> float:
        spread = c.sigma / (c.agents * len(c.h)) ** 0.5
        return leading(self.name, c.agents, float(1 - c.lam[1]), c.zeta / spread)


class TransientLaw(SparseTransient):
    """The same T with its constant, up to a relative O(n(1 − λ))."""

    kind = Kind.EXACT
    tolerance = 0.01  # at n(1 − λ) ≤ 0.008
    statement = "T_transient = n(n−2)²/(1−λ)² (ED, EXTRA), a quarter (ATC-GT), 4n³(ζ/s)⁴/(1−λ)⁴"


def leading(name: str, n: int, gap: float, ratio: float = 1.0) -> float:
    """The leading term of `SparseTransient` as gap = 1 − λ → 0; ratio: ζ/s."""
    if name in ("ATC", "consensus"):
        return 4 * n**3 * ratio**4 / gap**4
    return n * (n - 2.0) ** 2 / gap**2 / (4 if name.endswith("GT") else 1)
