"""Alghunaim and Yuan 2022 on sparse networks: the slow root, and the transient, in closed form."""

from __future__ import annotations

from typing import Any, ClassVar

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized import single_level as dec
from convergence.constants import Constants
from convergence.parts.graphs import complete
from convergence.parts.strategies import CORRECTED
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import Kind, Moment, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.decentralized.alghunaim2022 import AbstractUnified
from convergence.theorems.domains import number, one_of


class SlowRoot(AbstractUnified):
    """1 − ρ → (1 − λ)/(αh) for ED and EXTRA, (1 − λ)²/(λ²αh) for ATC-GT, as 1 − λ → 0 at fixed αh.

    Proof. p → 1 − αh for all; the root near 1 is 1 − b²/(1 − p) + O(b⁴). ∎ T = 1/(1 − λ). λ = λ₂
    and h = L: where that root is the largest of all (`Radius`) and the rest is small, `off`.
    """

    quantity = Moment.GAP
    statement = "1 − ρ = (1−λ)/(αh)·(1+o(1)) for ED and EXTRA, (1−λ)²/(λ²αh)·(1+o(1)) for ATC-GT"
    tolerance = 0.02
    domain = {"name": one_of(*CORRECTED), "ah": number("(0, 2)")}

    @varies
    def assumes(self) -> Any:
        slow = Within("the slow root leads", self, "off", 0.0, 0.9 * self.tolerance)
        return (*AbstractUnified.assumes, slow)

    def off(self, c: Constants, T: int) -> float:
        """|(1 − ρ)/leading term − 1| by the mode polynomials."""
        return abs((1 - self.radius(c, T)) / self.bound(c, T) - 1)

    def bound(self, c: Constants, T: int) -> float:
        gap, ah = 1 - c.lam[1], float(self.ah)
        return float(gap / ah if self.name in ("ED", "EXTRA") else (gap / c.lam[1]) ** 2 / ah)


class AbstractSparseTransient(AbstractUnified):
    """The transient of a lazy complete graph at α = √(n/T)/L. T names 1/(1 − λ) or n."""

    quantity = Moment.TRANSIENT
    two_sided = True
    small: ClassVar[float]  # what `lower` may be
    domain = {"name": one_of("ED", "EXTRA", "ATC-GT", "ATC")}

    @varies
    def assumes(self) -> Any:
        return (
            *AbstractUnified.assumes, Is("isotropic_noise"), Positive("sigma"),
            Has("agents", 3), Within("one network eigenvalue", self, "spread", 0.0, 1e-6),
            Within("one curvature", self, "curved", 0.0, 1e-9),
            Within("a gap so small that the leading term leads", self, "lower", 0.0, self.small),
        )  # fmt: skip

    def spread(self, c: Constants, T: int) -> float:
        """(λ₂ − λ_n)/(1 − λ₂)."""
        return float((c.lam[1] - c.lam[-1]) / (1 - c.lam[1]))

    def curved(self, c: Constants, T: int) -> float:
        """1 − μ/L."""
        return 1 - c.mu / c.L

    def lower(self, c: Constants, T: int) -> float:
        """max{n, 8}(1 − λ), times max{1, (s/ζ)²} for DSGD: the relative size of what is left out,
        which of ATC-GT is up to 7(1 − λ) for three agents."""
        rest = max(c.agents, 8) * float(1 - c.lam[1])
        if self.name != "ATC":
            return rest
        return rest * max(1.0, self.loud(c) ** -2) if c.zeta > 0 else float("inf")

    def loud(self, c: Constants) -> float:
        """ζ/s, s² the variance of one agent's sample."""
        return c.zeta * c.agents**0.5 / c.sigma

    def alpha(self, c: Constants, T: int) -> float:
        return float((c.agents / T) ** 0.5 / c.L)

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return dec.Diffusion(complete(c.agents), self.alpha(c, T))

    def bound(self, c: Constants, T: int) -> float:
        return leading(self.name, c.agents, float(1 - c.lam[1]), self.loud(c))


class SparseTransient(AbstractSparseTransient):
    """The T at which the network costs as much as the noise of the mean, at α = √(n/T)/L, is of
    order n³/(1 − λ)² for ED, EXTRA and ATC-GT and n³/(1 − λ)⁴ for DSGD under heterogeneity.

    On the lazy complete graph with common curvature: T = n(n−2)²/(1−λ)²(1+o(1)) for ED and EXTRA,
    a quarter of it for ATC-GT and 4n³(ζ/s)⁴/(1−λ)⁴ for DSGD (`leading`), s² the variance of one
    agent's sample. Proof: the mean costs αs²/(2hn). With αh and g = 1 − λ small, n − 1 modes of ED
    or EXTRA cost α²s²/(2(g + αh)) each and those of ATC-GT α²s²/(2(2g + αh)): equal at αh =
    g/(n − 2), or twice that. The bias of DSGD is (αζ/g)². ∎ The known (1 − λ)^{−8/3} of gradient
    tracking is an upper bound that quadratics do not attain. T names 1/(1 − λ) or n.
    """

    kind = Kind.RATE
    statement = "T_transient = Θ(n³/(1−λ)²) for ED, EXTRA, GT; Θ(n³/(1−λ)⁴) for DSGD with ζ > 0"
    small = 0.1


class TransientLaw(AbstractSparseTransient):
    """The same T with its constant, up to a relative O(n(1 − λ))."""

    kind = Kind.EXACT
    tolerance = 0.01
    small = 0.0081
    statement = "T_transient = n(n−2)²/(1−λ)² (ED, EXTRA), a quarter (ATC-GT), 4n³(ζ/s)⁴/(1−λ)⁴"


def leading(name: str, n: int, gap: float, ratio: float = 1.0) -> float:
    """The leading term of `SparseTransient` as gap = 1 − λ → 0; ratio: ζ/s."""
    if name in ("ATC", "consensus"):
        return 4 * n**3 * ratio**4 / gap**4
    return n * (n - 2.0) ** 2 / gap**2 / (4 if name.endswith("GT") else 1)
