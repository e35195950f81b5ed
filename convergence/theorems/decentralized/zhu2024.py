"""SPARKLE (Zhu et al. 2024) and D-SOBA (Kong et al. 2024) on bilevel quadratics, exactly.

The statements of the papers are rates; on quadratics with closed-form hypergradients the same
methods have an exact fixed point, an exact steady covariance, and exact transients.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized.sparkle import DSOBA, sparkle
from convergence.constants import Constants
from convergence.metrics.agents import CenterGradSq, MeanSquare
from convergence.metrics.folds import Average
from convergence.parts.graphs import complete
from convergence.parts.strategies import CORRECTED, mode
from convergence.shapes import real
from convergence.theorems.assumptions import Is
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.exact_moments import AbstractMoment

MILD = (0.05, 0.1, 0.1, 0.3)
SOURCE = Source("zhu2024", "SPARKLE; the exact statements on bilevel quadratics are ours")


class AbstractSparkle(AbstractMoment):
    """A statement about SPARKLE with the strategy `upper` for x and `lower` for y and z.

    steps: (α, β, γ, θ). W_lower: another graph for y and z. jacobi: all directions at the old
    point. "ATC" at both levels is D-SOBA in the order of Gauss and Seidel; upper = "D-SOBA" is
    D-SOBA as printed.
    """

    source = SOURCE
    provenance = Provenance.DERIVED

    upper: str = eqx.field(static=True, default="ED")
    lower: str = eqx.field(static=True, default="ED")
    steps: Any = eqx.field(converter=real, default=MILD)
    W_lower: Any = eqx.field(converter=lambda W: None if W is None else real(W), default=None)
    jacobi: bool = eqx.field(static=True, default=False)

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        """(α, β, γ, θ) at T."""
        return tuple(float(v) for v in self.steps)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        steps = self.sizes(c, T)
        if self.upper == "D-SOBA":
            return DSOBA(c.W, *steps)
        return sparkle(self.upper, self.lower, c.W, steps, self.W_lower, self.jacobi)


class SparkleUnbiased(AbstractSparkle):
    """Every agent's x tends to x* at a constant stable step, if both levels are corrected.

    Proof. At a fixed point the corrected variables are consensual, and each dual's mean stays 0,
    so the means of V, P and U vanish: y = y*(x), z = z*(x), ∇Φ(x) = 0. ∎ Neither the order of the
    updates nor heterogeneity nor the graphs matter.
    """

    quantity = Moment.BIAS
    statement = "(1/n) Σ ‖E x_i − x*‖² → 0 with any correction at both levels"
    tolerance = 1e-18  # the square of a relative 1e-9

    def bound(self, c: Constants, T: int) -> float:
        return 0.0

    def scale(self, c: Constants, T: int) -> float:
        return c.zeta**2 / min(c.mu, c.mu_g) ** 2 + c.R_rms**2


class OneLevel(SparkleUnbiased):
    """FALSE AS TOLD: "correcting one level is enough"; also "none is needed"."""

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
    assumes = (Is("common"),)

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
    """D-SOBA's bias is Θ(step²/(1 − λ)²) as the step tends to 0, all steps proportional.

    Proof. The differences between agents are −step (I − W)⁺W times the forces left at the
    solution, to first order, and they shift the means by the same order if curvatures differ. ∎
    T = 1/step at a fixed graph, or T = 1/(1 − λ) at step 1e-7 if `over_gap`.
    """

    kind = Kind.RATE
    quantity = Moment.BIAS
    two_sided = True
    statement = "bias = Θ(step²/(1−λ)²) for D-SOBA with heterogeneity"

    upper: str = eqx.field(static=True, default="ATC")
    lower: str = eqx.field(static=True, default="ATC")
    over_gap: bool = eqx.field(static=True, default=False)

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        step = 1e-7 if self.over_gap else 1 / T
        return step, step, step, 1.0

    def bound(self, c: Constants, T: int) -> float:
        return float(T) ** (2 if self.over_gap else -2)


class SmallUpperStep(AbstractSparkle):
    """(1/n)ΣE‖x_i − x*‖² → Tr Σ with H_xΣ + ΣH_x = (α/n)·Cov(η) as α → 0 at fixed β, γ, θ, where
    η = s_u − G(s_z + KĀ⁻¹s_y), G = B̄ᵀĀ⁻¹: linear speed-up in n with its constant.

    Cov(η) = σ_u²I + σ_z²GGᵀ + σ_y² G K Ā⁻² K Gᵀ. Proof. On the slow time scale y and z sit at
    their solutions plus responses to their noise whose sums are Ā⁻¹s_y and Ā⁻¹(s_z + KĀ⁻¹s_y). ∎
    Needs corrected levels, or equal A_i. T = 1/α.
    """

    statement = "(1/n) Σ E‖x_i − x*‖² → Tr Σ,  H_xΣ + ΣH_x = (α/n)·Cov(s_u − G(s_z + KĀ⁻¹s_y))"
    quantity = Moment.VARIANCE
    tolerance = 3e-3  # O(α) terms at α = 1e-5, with the network's O(α/(1 − λ)²)
    assumes = (Is("isotropic_noise"),)

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        _, beta, gamma, theta = (float(v) for v in self.steps)
        return 1 / T, beta, gamma, theta

    def bound(self, c: Constants, T: int) -> float:
        s2, inverse = c.s**2, np.linalg.inv(c.A_mean)
        G = c.B_mean.T @ inverse
        response = G @ c.K_mean @ inverse
        cov = s2 * (np.eye(c.upper_d) + G @ G.T + response @ response.T)
        # The trace of the Lyapunov solution, in the eigenbasis of H_x.
        h, E = np.linalg.eigh(c.hyper)
        return float(np.sum(np.diag(E.T @ cov @ E) / (2 * h))) / (T * c.agents)


class SparkleTransient(AbstractSparkle):
    """At α = β = γ = √(n/T), θ = 1, the network's part of (1/n)ΣE‖x_i − x*‖² falls below the
    centralized value after T of order (1 − λ)⁻² iterations for corrected methods and (1 − λ)⁻⁴ for
    D-SOBA under heterogeneity.

    The exponents of the paper's table for SPARKLE-ED and -EXTRA, read here on quadratics; what the
    table has for gradient tracking, (1 − λ)^{−8/3}, is an upper bound. T names 1/(1 − λ).
    """

    kind = Kind.RATE
    quantity = Moment.TRANSIENT
    two_sided = True
    source = Source("zhu2024", "transient iteration complexity, as read on quadratics")
    statement = "T_transient = Θ((1−λ)⁻²) for SPARKLE, Θ((1−λ)⁻⁴) for D-SOBA"

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        step = float((c.agents / T) ** 0.5)
        return step, step, step, 1.0

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return sparkle("ATC", "ATC", complete(c.agents), self.sizes(c, T))

    def bound(self, c: Constants, T: int) -> float:
        return float(T) ** (4 if self.lower == "ATC" else 2)


class SparkleRate(AbstractSparkle):
    """(1/T) Σ_{t<T} E‖∇Φ(x̄_t)‖² = O(1/√(nT)) with α, β, γ of the order of √(n/T).

    Recalled; the paper's constants and higher-order terms are not used. Here α = √(n/T)/8,
    β = γ = 4α, θ = 1.
    """

    kind = Kind.RATE
    quantity = Moment.EXPECTED
    source = Source("zhu2024", "Theorem 1, leading term")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ E‖∇Φ(x̄_t)‖² = O(1/√(nT))"

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        alpha = float((c.agents / T) ** 0.5) / 8
        return alpha, 4 * alpha, 4 * alpha, 1.0

    def metric(self, c: Constants, T: int) -> Average:
        return Average(CenterGradSq())

    def bound(self, c: Constants, T: int) -> float:
        return float((c.agents * T) ** -0.5)


class SpeedUp(SparkleRate):
    """The same average at one fixed horizon is Θ(n^{−1/2}) in the number of agents.

    T names n; the horizon is 20 000 for all, with α = √(n/horizon)/8.
    """

    two_sided = True
    quantity = Moment.STEADY
    provenance = Provenance.DERIVED
    source = SOURCE
    statement = "lim E‖∇Φ(x̄)‖² = Θ(n^{−1/2}) at α = √(n/20000)/8, identical agents"

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        return super().sizes(c, 20_000)

    def metric(self, c: Constants, T: int) -> Any:
        return CenterGradSq()

    def bound(self, c: Constants, T: int) -> float:
        return float(T) ** -0.5


class Simulated(AbstractSparkle):
    """The simulated mean of (1/n)Σ‖x_i^T − x*‖² is the exact moment of the probed recursion.

    It names no number of its own (∞): judged both ways, the two must agree.
    """

    quantity = Moment.EXPECTED
    statement = "the simulated mean of (1/n)Σ‖x_i^T − x*‖² is its exact moment"

    def bound(self, c: Constants, T: int) -> float:
        return float("inf")


class Better(AbstractSparkle):
    """One method's moment is at most another's on this instance.

    quantity: "radius" (rate of convergence) or "variance" (steady noise). The sayings that extra
    correction, mixing strategies, or exact diffusion "is better" hold for one of the two here.
    """

    kind = Kind.SEPARATION
    statement = "q(SPARKLE with one choice of strategies) ≤ q(SPARKLE with another)"
    source = Source("zhu2024", "abstract: which strategies suit bilevel problems")
    tolerance = 0.0

    versus: tuple[str, str] = eqx.field(static=True, default=("ATC-GT", "ATC-GT"))
    what: str = eqx.field(static=True, default="radius")

    @varies
    def quantity(self) -> Moment:
        return {"radius": Moment.RADIUS, "variance": Moment.VARIANCE}[self.what]

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return sparkle(*self.versus, c.W, self.sizes(c, T), self.W_lower, self.jacobi)

    def metric(self, c: Constants, T: int) -> MeanSquare:
        return MeanSquare()

    def bound(self, c: Constants, T: int) -> float:
        return 1.0
