"""SPARKLE (Zhu et al. 2024) and D-SOBA (Kong et al. 2024) on bilevel quadratics, exactly.

The statements of the papers are rates; on quadratics with closed-form hypergradients the same
methods have an exact fixed point, an exact steady covariance, and exact transients.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.constants import Constants
from convergence.parts.strategies import CORRECTED, mode
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import Kind, Moment, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.decentralized.zhu2024_base import (
    ALL,
    MILD,
    ONE_GRAPH,
    UNCORRECTED,
    AbstractSparkle,
    OneSize,
    UpperForces,
    louder,
    lower_solution,
    off_gap,
    response,
)
from convergence.theorems.decentralized.zhu2024_choices import Better, Saying, Simulated
from convergence.theorems.decentralized.zhu2024_leading import LeadingBias
from convergence.theorems.decentralized.zhu2024_modes import heard, lasting
from convergence.theorems.decentralized.zhu2024_rates import SparkleRate, SparkleTransient, SpeedUp
from convergence.theorems.domains import one_of

__all__ = (
    "MILD",
    "AbstractSparkle",
    "Alike",
    "Better",
    "BiasOfUncorrected",
    "ModeRadius",
    "OneLevel",
    "Saying",
    "Simulated",
    "SmallUpperStep",
    "SmallUpperStepAnyway",
    "SparkleRate",
    "SparkleTransient",
    "SparkleUnbiased",
    "SpeedUp",
)  # fmt: skip


class SparkleUnbiased(AbstractSparkle):
    """Every agent's x tends to x* at a constant stable step, if both levels are corrected.

    Proof. At a fixed point the corrected variables are consensual, and each dual's mean stays 0,
    so the means of V, P and U vanish: y = y*(x), z = z*(x), ∇Φ(x) = 0. ∎ Neither the order of the
    updates nor heterogeneity nor the graphs matter.
    """

    quantity = Moment.BIAS
    settled = 0.0
    domain = {"upper": one_of(*CORRECTED), "lower": one_of(*CORRECTED)}
    statement = "(1/n) Σ ‖E x_i − x*‖² → 0 with any correction at both levels"
    tolerance = 1e-18  # the square of a relative 1e-9

    def bound(self, c: Constants, T: int) -> float:
        return 0.0

    def scale(self, c: Constants, T: int) -> float:
        return c.zeta**2 / min(c.mu, c.mu_g) ** 2 + c.R_rms**2


class Alike(SparkleUnbiased):
    """The same with any strategies, corrected or not, for agents that all stop at the solution:
    ζ = 0.

    Proof. Their directions vanish at (x*, y*, z*), so that it is a fixed point, of a stable step. ∎
    """

    statement = "(1/n) Σ ‖E x_i − x*‖² → 0 with any strategies if ζ = 0"
    domain = {"upper": one_of(*ALL, "D-SOBA"), "lower": one_of(*ALL)}

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, Within("ζ = 0 but for rounding", self, "unlike", 0.0, 1e-12))

    def unlike(self, c: Constants, T: int) -> float:
        """ζ over the size of the terms of what agents would move by at (x*, y*, z*)."""
        y, z = lower_solution(c)
        terms = c.A_mean @ y, c.B_mean @ c.x_star, c.A_mean @ z, c.K_mean @ y, c.k_mean
        sizes = (*terms, c.weight * c.x_star, c.weight * c.r_mean, c.B_mean.T @ z)
        return c.zeta / max(sum(float(np.linalg.norm(v)) for v in sizes), 1e-300)

    def scale(self, c: Constants, T: int) -> float:
        """ζ² counts as 0 besides."""
        return super().scale(c, T) + (c.zeta / min(c.mu, c.mu_g)) ** 2 / self.tolerance


class OneLevel(AbstractSparkle):
    """FALSE AS TOLD: "correcting one level is enough"; also "none is needed"."""

    quantity = Moment.BIAS
    tolerance = SparkleUnbiased.tolerance
    bound = SparkleUnbiased.bound
    scale = SparkleUnbiased.scale

    source = Source("zhu2024", "a folklore reading of mixed strategies")
    statement = "folklore: (1/n) Σ ‖E x_i − x*‖² → 0 with a correction at one level only"


class ModeRadius(AbstractSparkle):
    """ρ = max over network modes λ of ρ(M_λ), if the agents have A, B and C in common (offsets may
    differ): without noise ‖x_i − x*‖ falls as ρᵗ.

    Proof. W and the curvatures act on different axes, so u_λ splits off a recursion M_λ of one
    "agent", with (a, b², c) the eigenvalues of (A_s, B_s², C_s):
    y⁺ = cy − βa(Āy − B̄x) − d_y, z⁺ = cz − γa(Āz − Ky⁺) − d_z, r⁺ = (1 − θ)r + θ(ϱx + B̄ᵀz⁺),
    x⁺ = cx − αar⁺ − d_x and d_s⁺ = d_s + b²s⁺. Where b = 0 the dual stays 0 and is left out. ∎
    """

    quantity = Moment.RADIUS
    statement = "ρ = max_λ ρ(M_λ), M_λ the seven-block recursion of one network mode"
    tolerance = 1e-7  # eigenvalues of a defective pair move by √eps
    domain = {
        "upper": one_of(*ALL),
        "jacobi": one_of(False),
        "W_lower": ONE_GRAPH,
    }

    @varies
    def assumes(self) -> Any:
        seen = Within("a radius away from 0", self, "bound", 0.01)
        return (*super().assumes, Is("common"), seen)

    def bound(self, c: Constants, T: int) -> float:
        alpha, beta, gamma, theta = self.sizes(c, T)
        p, q = c.upper_d, c.lower_d
        cuts = np.cumsum([p, p, p, q, q, q])

        def one(levels: tuple[tuple[float, float, float], ...], s: np.ndarray) -> np.ndarray:
            x, r, dx, y, dy, z, dz = np.split(s, cuts)
            (a, bx, k), (e, b, f) = levels
            y = f * y - beta * e * (c.A_mean @ y - c.B_mean @ x) - dy
            z = f * z - gamma * e * (c.A_mean @ z - c.K_mean @ y) - dz
            r = (1 - theta) * r + theta * (c.weight * x + c.B_mean.T @ z)
            x = k * x - alpha * a * r - dx
            d = [(v + w * s) * (w > 1e-12) for v, w, s in ((dx, bx, x), (dy, b, y), (dz, b, z))]
            return np.concatenate([x, r, d[0], y, d[1], z, d[2]])

        radii = []
        for lam in c.lam:
            levels = tuple(_scalars(name, float(lam)) for name in (self.upper, self.lower))
            M = np.array([one(levels, s) for s in np.eye(3 * p + 4 * q)]).T
            radii.append(np.max(np.abs(np.linalg.eigvals(M))))
        return float(max(radii))


def _scalars(name: str, lam: float) -> tuple[float, float, float]:
    """(a, b², c) of a strategy at the network eigenvalue λ."""
    if name in CORRECTED:
        a, b2, c = mode(name, lam, 0.0)
        return float(a), float(b2), float(c)
    return (lam if name == "ATC" else 1.0), 0.0, lam


class BiasOfUncorrected(AbstractSparkle):
    """D-SOBA's bias is Θ(step²/(1 − λ)²) as the step tends to 0, all steps proportional, where the
    upper directions differ at the solution.

    Proof. The differences between agents are −step (I − W)⁺W times the forces left at the
    solution, to first order, and they shift the means by the same order if curvatures differ. ∎
    T = 1/step at a fixed graph, or T = 1/(1 − λ) at step 1e-7 if `over_gap`, λ the only eigenvalue
    besides 1: others would be the part of a sum that the gap is not.
    """

    kind = Kind.RATE
    quantity = Moment.BIAS
    two_sided = True
    statement = "bias = Θ(step²/(1−λ)²) for D-SOBA with heterogeneity"

    domain = {
        "upper": one_of(*UNCORRECTED),
        "lower": one_of(*UNCORRECTED),
        "over_gap": one_of(True, False),
    }

    upper: str = eqx.field(static=True, default="ATC")
    lower: str = eqx.field(static=True, default="ATC")
    over_gap: bool = eqx.field(static=True, default=False)

    @varies
    def assumes(self) -> Any:
        gap = Within("one eigenvalue 1 − 1/T", self, "off_gap", 0.0, 1e-6)
        leads = LeadingBias(self, 0.01)
        return (*super().assumes, UpperForces(), *((gap,) if self.over_gap else ()), leads)

    def off_gap(self, c: Constants, T: int) -> float:
        """max |T(1 − λ) − 1|."""
        return off_gap(c, T)

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        step = 1e-7 if self.over_gap else 1 / T
        return step, step, step, 1.0

    def bound(self, c: Constants, T: int) -> float:
        if not self.over_gap:
            return float(T) ** -2
        return float(T - (self.upper == "ATC")) ** 2  # (λ/(1 − λ))² where it combines last


class SmallUpperStep(AbstractSparkle):
    """(1/n)ΣE‖x_i − x*‖² → Tr Σ with H_xΣ + ΣH_x = (α/n)·Cov(η) as α → 0 at fixed β, γ, θ, where
    η = s_u − G(s_z + KĀ⁻¹s_y), G = B̄ᵀĀ⁻¹: linear speed-up in n with its constant.

    Cov(η) = σ_u²I + σ_z²GGᵀ + σ_y² G K Ā⁻² K Gᵀ. Proof. On the slow time scale y and z sit at
    their solutions plus responses to their noise whose sums are Ā⁻¹s_y and Ā⁻¹(s_z + KĀ⁻¹s_y). ∎
    Needs a corrected lower level, or equal curvatures: else differences between agents, which an
    uncorrected level does not forget, enter the means. T = 1/α; `order` is that of what α > 0 adds,
    for which no bound is proved.
    """

    statement = "(1/n) Σ E‖x_i − x*‖² → Tr Σ,  H_xΣ + ΣH_x = (α/n)·Cov(s_u − G(s_z + KĀ⁻¹s_y))"
    quantity = Moment.VARIANCE
    tolerance = 3e-3
    settled = 0.0

    @varies
    def assumes(self) -> Any:
        equal = () if self.lower in CORRECTED and self.upper != "D-SOBA" else (Is("common"),)
        small = Within("a small upper step", self, "order", 0.0, self.tolerance)
        return (*super().assumes, *equal, Is("isotropic_noise"), OneSize(), small)

    def order(self, c: Constants, T: int) -> float:
        """2.5αLA[1/min{θ, 2 − θ} + 1/s + n/g + 2v], s the least share that the lower level forgets
        in a step, g the gap 1 − λ₂ or, where that is less, twice what the slowest mode of the upper
        network forgets, or what one of the lower does, and v `heard`; A = max{1, θ/(2 − θ)} times
        `louder` of the lower levels: what turns over in every step is louder than its samples, and
        their sums are not. Calibrated, not proved: of 1100 random instances one was off by 0.8 of
        it."""
        alpha, beta, gamma, theta = self.sizes(c, T)
        steps = [v * h for v in (beta, gamma) for h in (c.mu_g, c.L_g)]
        slow, near = min(1.0, *steps, *(2 - v for v in steps)), min(theta, 2 - theta)
        if min(slow, near) <= 0:
            return float("inf")
        loud = max(1.0, theta / (2 - theta)) * louder(beta, gamma, c)
        gap = min(1 - float(c.lam[1]), 2 * (1 - lasting(self.upper, c.lam)), self.forgotten(c))
        if gap <= 0:
            return float("inf")
        network = c.agents / gap + 2 * heard(self.upper, c.lam, theta)
        return 2.5 * alpha * c.L * loud * (1 / near + 1 / slow + network)

    def forgotten(self, c: Constants) -> float:
        """The least share that the lower network's modes but its mean forget in a step; ∞ where
        equal curvatures keep them out of the means."""
        if self.lower not in CORRECTED or self.upper == "D-SOBA":
            return float("inf")
        lam = c.lam if self.W_lower is None else np.linalg.eigvalsh(self.W_lower)[::-1]
        _, beta, gamma, _ = self.sizes(c, 1)
        steps = np.array([v * h for v in (beta, gamma) for h in (c.mu_g, c.L_g)])
        return 1 - lasting(self.lower, lam, steps)

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        _, beta, gamma, theta = (float(v) for v in self.steps)
        return 1 / T, beta, gamma, theta

    def bound(self, c: Constants, T: int) -> float:
        cov = response(c)
        # The trace of the Lyapunov solution, in the eigenbasis of H_x.
        h, E = np.linalg.eigh(c.hyper)
        return float(np.sum(np.diag(E.T @ cov @ E) / (2 * h))) / (T * c.agents)


class SmallUpperStepAnyway(SmallUpperStep):
    """FALSE: the same for uncorrected levels and unequal curvatures."""

    statement = "the variance of `SmallUpperStep` whatever the strategies and curvatures (false)"

    @varies
    def assumes(self) -> Any:
        return (Has("mu_g", 0.0), Is("isotropic_noise"), OneSize())
