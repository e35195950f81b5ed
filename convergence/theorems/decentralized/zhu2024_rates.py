"""SPARKLE (Zhu et al. 2024): its rate, its linear speed-up, and its table of transients."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized.sparkle import sparkle
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.agents import CenterGradSq
from convergence.metrics.folds import Average
from convergence.parts.graphs import complete
from convergence.parts.strategies import CORRECTED
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.decentralized.zhu2024_base import (
    ONE_GRAPH,
    SOURCE,
    AbstractSparkle,
    OneSize,
    ReferenceAgents,
    off_gap,
    response,
)
from convergence.theorems.domains import one_of


class AbstractSparkleTransient(AbstractSparkle):
    """The transient at α = β = γ = √(n/T), θ = 1. T names 1/(1 − λ).

    Computed and not proved, on the four agents of `reference` with noise of s ≤ 1: terms of higher
    order move an exponent by at most 0.035 from T = 800 on. On other agents they may lead longer.
    """

    kind = Kind.RATE
    quantity = Moment.TRANSIENT
    domain = {
        "upper": one_of(*CORRECTED, "ATC"),
        "lower": one_of(*CORRECTED, "ATC"),
        "W_lower": ONE_GRAPH,
    }

    def __check_init__(self) -> None:
        require(
            (self.upper in CORRECTED) == (self.lower in CORRECTED),
            f"{self.upper!r} above {self.lower!r}",
            "corrections at both levels or at none",
            "the exponents are those of both",
        )

    @varies
    def assumes(self) -> Any:
        return (
            *super().assumes, Is("isotropic_noise"), Positive("s"),
            Within("one eigenvalue 1 − 1/T", self, "off_gap", 0.0, 1e-6),
            ReferenceAgents(), Has("s", 0.0, 1.0),
            Within("T past what is left out", self, "far", 800.0),
        )  # fmt: skip

    def off_gap(self, c: Constants, T: int) -> float:
        """max |T(1 − λ) − 1|."""
        return off_gap(c, T)

    def far(self, c: Constants, T: int) -> float:
        """T."""
        return float(T)

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        step = float((c.agents / T) ** 0.5)
        return step, step, step, 1.0

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        return sparkle("ATC", "ATC", complete(c.agents), self.sizes(c, T))


class SparkleTransient(AbstractSparkleTransient):
    """At α = β = γ = √(n/T), θ = 1, the network's part of (1/n)ΣE‖x_i − x*‖² falls below the
    centralized value after T of order (1 − λ)⁻² iterations for corrected methods and (1 − λ)⁻⁴ for
    D-SOBA under heterogeneity.

    The exponents of the paper's table for SPARKLE-ED and -EXTRA, read here on quadratics; what the
    table has for gradient tracking, (1 − λ)^{−8/3}, is an upper bound. T names 1/(1 − λ), λ being
    the only eigenvalue besides 1.
    """

    two_sided = True
    source = Source("zhu2024", "transient iteration complexity, as read on quadratics")

    statement = "T_transient = Θ((1−λ)⁻²) for SPARKLE, Θ((1−λ)⁻⁴) for D-SOBA"

    def bound(self, c: Constants, T: int) -> float:
        return float(T) ** (4 if self.lower == "ATC" else 2)


class AbstractSparkleRate(AbstractSparkle):
    """Gradients at the mean of the agents, at α of the order of √(n/T)."""

    kind = Kind.RATE

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, Is("isotropic_noise"), Positive("s"))

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        alpha = float((c.agents / T) ** 0.5) / 8
        return alpha, 4 * alpha, 4 * alpha, 1.0


class SparkleRate(AbstractSparkleRate):
    """(1/T) Σ_{t<T} E‖∇Φ(x̄_t)‖² = O(1/√(nT)) with α, β, γ of the order of √(n/T).

    Recalled; the paper's constants and higher-order terms are not used. Here α = √(n/T)/8,
    β = γ = 4α, θ = 1. Read where the step is stable and the start is forgotten, T(1 − ρ) ≥ 16, and
    some noise is left.
    """

    quantity = Moment.EXPECTED
    settled = 16.0

    source = Source("zhu2024", "Theorem 1, leading term")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ E‖∇Φ(x̄_t)‖² = O(1/√(nT))"

    def metric(self, c: Constants, T: int) -> Average:
        return Average(CenterGradSq())

    def bound(self, c: Constants, T: int) -> float:
        return float((c.agents * T) ** -0.5)


class SpeedUp(AbstractSparkleRate):
    """The same average at one fixed horizon is Θ(n^{−1/2}) in the number of agents.

    T names n; the horizon is 20 000 for all, with α = √(n/horizon)/8. The shape is
    (α/2n) tr(H_x Cov(η)) with the Cov of `SmallUpperStep`, which is of that order for agents that
    are the same for every n. Proof. E‖∇Φ‖² = tr(H_x Σ H_x), diagonal in the eigenbasis of H_x. ∎
    """

    two_sided = True
    settled = 0.0
    quantity = Moment.STEADY
    provenance = Provenance.DERIVED
    source = SOURCE
    statement = "lim E‖∇Φ(x̄)‖² = Θ(n^{−1/2}) at α = √(n/20000)/8, identical agents"

    @varies
    def assumes(self) -> Any:
        return (
            *super().assumes, OneSize(), Is("common"), Has("zeta", 0.0, 1e-9),
            Within("T agents", self, "count", 0, 0),
            Within("a small step", self, "order", 0.0, 0.05),
        )  # fmt: skip

    def count(self, c: Constants, T: int) -> float:
        """n − T."""
        return c.agents - T

    def order(self, c: Constants, T: int) -> float:
        """4α‖J‖²/min{μ, μ_g}, J the Jacobian of the three directions: what the longest step leaves
        of its limit, of agents whose mean sees no network."""
        p, q = c.upper_d, c.lower_d
        J = np.zeros((p + 2 * q, p + 2 * q))
        J[:p, :p], J[:p, p + q :] = c.weight * np.eye(p), c.B_mean.T
        J[p : p + q, :p], J[p : p + q, p : p + q] = -c.B_mean, c.A_mean
        J[p + q :, p : p + q], J[p + q :, p + q :] = -c.K_mean, c.A_mean
        steep = float(np.linalg.norm(J, 2)) ** 2 / min(c.mu, c.mu_g)
        return 4 * self.sizes(c, T)[0] * steep

    def sizes(self, c: Constants, T: int) -> tuple[float, ...]:
        return super().sizes(c, 20_000)

    def metric(self, c: Constants, T: int) -> Any:
        return CenterGradSq()

    def bound(self, c: Constants, T: int) -> float:
        return self.sizes(c, T)[0] / (2 * c.agents) * float(np.trace(c.hyper @ response(c)))
