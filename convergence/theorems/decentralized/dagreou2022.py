"""SOBA (Dagréou, Ablin, Vaiter and Moreau 2022) on bilevel quadratics, and its recalled rate."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.decentralized.bilevel import SOBA
from convergence.constants import Constants
from convergence.metrics.agents import CenterGradSq
from convergence.metrics.folds import Average
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Positive, SameRows, Within
from convergence.theorems.decentralized.zhu2024 import SmallUpperStep
from convergence.theorems.decentralized.zhu2024_base import OneSize
from convergence.theorems.domains import number
from convergence.theorems.exact_moments import AbstractMoment


class SOBAUnbiased(AbstractMoment):
    """The mean of x tends to x* at constant stable steps, from one x_0 for all.

    Proof. At the fixed point of the means V = P = U = 0, hence y = y*(x), z = z*(x), ∇Φ = 0. ∎
    """

    quantity = Moment.BIAS
    source = Source("dagreou2022", "SOBA; the exact statement on quadratics is ours")
    provenance = Provenance.DERIVED
    statement = "‖E x − x*‖² → 0 at constant steps"
    tolerance = 1e-18  # the square of a relative 1e-9
    settled = 0.0
    assumes = (Has("mu_g", 0.0), SameRows())
    domain = {"rho": number("(0, inf)"), "gamma": number("(0, inf)")}

    rho: Reals = eqx.field(converter=real, default=0.2)
    gamma: Reals = eqx.field(converter=real, default=0.05)

    def prescribe(self, c: Constants, T: int) -> SOBA:
        return SOBA(self.rho, self.gamma)

    def bound(self, c: Constants, T: int) -> float:
        return 0.0

    def scale(self, c: Constants, T: int) -> float:
        return c.zeta**2 / min(c.mu, c.mu_g) ** 2 + c.R_rms**2


class SOBASmallStep(SmallUpperStep):
    """As γ → 0 at fixed ρ the variance of x obeys the same law as any centralized single loop:
    H_xΣ + ΣH_x = (γ/n)·Cov(s_u − G(s_z + KĀ⁻¹s_y)), G = B̄ᵀĀ⁻¹. T = 1/γ."""

    source = Source("dagreou2022", "SOBA; the exact statement on quadratics is ours")
    statement = "E‖x − x*‖² → Tr Σ,  H_xΣ + ΣH_x = (γ/n)·Cov(s_u − G(s_z + KĀ⁻¹s_y))"

    @varies
    def assumes(self) -> Any:
        small = Within("a small upper step", self, "order", 0.0, self.tolerance)
        return (Has("mu_g", 0.0), Is("isotropic_noise"), OneSize(), SameRows(), small)

    def prescribe(self, c: Constants, T: int) -> SOBA:
        return SOBA(self.sizes(c, T)[1], 1 / T)


class SOBARate(AbstractMoment):
    """(1/T) Σ_{t<T} E‖∇Φ(x_t)‖² = O(1/√T) with ρ = 1/√T·√n/2 and γ = ρ/4.

    Read where the step is stable and the start is forgotten, T(1 − ρ) ≥ 16, and noise is left."""

    kind = Kind.RATE
    quantity = Moment.EXPECTED
    settled = 16.0
    assumes = (Has("mu_g", 0.0), SameRows(), Is("isotropic_noise"), Positive("sigma"))
    source = Source("dagreou2022", "Theorem 1, constant steps")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ E‖∇Φ(x_t)‖² = O(1/√T)"

    def prescribe(self, c: Constants, T: int) -> SOBA:
        rho = float((c.agents / T) ** 0.5) / 2
        return SOBA(rho, rho / 4)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(CenterGradSq())

    def bound(self, c: Constants, T: int) -> float:
        return float(T) ** -0.5
