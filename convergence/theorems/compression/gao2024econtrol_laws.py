"""Compressed methods under Bernoulli messages: exact steady states, their limits, the largest η.

By the closed recursion of second moments of `gao2024econtrol_recursion`.
"""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed
from convergence.algorithms.compression.econtrol import EControl
from convergence.constants import Constants
from convergence.metrics.agents import TotalSquare
from convergence.parts.compressors import Bernoulli, Scaling
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import FiniteVariance, Is
from convergence.theorems.base import AbstractIdentity, Moment, Provenance, Source, varies
from convergence.theorems.compression.gao2024econtrol_recursion import MessageLaw, recursion
from convergence.theorems.compression.gao2024econtrol_rivals import method
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number, one_of
from convergence.theorems.exact_moments import AbstractMoment

METHODS = ("sgd", "csgd", "ec", "ec-ideal", "ef21", "ef21-sgdm", "econtrol")
# Closer to instability float64 leaves fewer than nine digits of a steady state.
STABLE = 1 - 1e-6
ROUNDING = 1e-15  # of the moments that a steady state is solved from, which are of size 1


class AbstractBernoulliLaw(AbstractMoment):
    """Compressed methods under Bernoulli messages, at γ = 1/T."""

    source = Source("gao2024econtrol", "the methods of Algorithms 1–3; law derived")
    provenance = Provenance.DERIVED
    domain = {
        "method": one_of(*METHODS),
        "delta": number("(0, 1]"),
        "eta": number("(0, 1]"),
        "rate": one_of(True, False),
    }

    method: str = eqx.field(static=True, default="econtrol")
    delta: Reals = eqx.field(converter=real, default=0.25)
    eta: Reals = eqx.field(converter=real, default=0.1)
    rate: bool = eqx.field(static=True, default=False)

    @varies
    def assumes(self) -> Any:
        stable = Within("a stable step", self, "radius", 0.0, float("inf") if self.rate else STABLE)
        return (FiniteVariance(), Is("additive"), Is("unit"), stable)

    def radius(self, c: Constants, T: int) -> float:
        """The rate of the second moments."""
        return self.law(c, T).radius()

    def gamma(self, T: int) -> float:
        """γ = 1/T: the horizon of a steady state is the inverse step."""
        return 1 / T

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        C, plain = Bernoulli(self.delta), Bernoulli(1.0)
        local = c.local if self.method == "ec-ideal" else None
        return method(self.method, self.gamma(T), self.eta, C, plain, local)

    def metric(self, c: Constants, T: int) -> TotalSquare:
        return TotalSquare()

    def law(self, c: Constants, T: int) -> MessageLaw:
        """The moment recursion on this instance."""
        r = recursion(self.method, float(self.eta))
        return MessageLaw(r, float(self.delta), self.gamma(T), c.agents, c.sigma**2, c.zeta**2)

    def scale(self, c: Constants, T: int) -> float:
        return c.zeta**2 + c.sigma**2 + 1e-12


class BernoulliLaw(AbstractBernoulliLaw):
    """lim E‖x_t‖² (or the rate of E‖x_t‖², `rate`) is that of the closed moment recursion.

    Proof. The module's docstring: conditionally on the past, m_i − δ are independent of variance
    δ(1 − δ) and enter linearly; a coordinate of x ∈ Rᵈ follows the scalar law and ξ, β add up.
    The start matters to neither; a steady state is one of a stable step.
    """

    statement = "lim E‖x_t‖² = steady state of the moments (E s̄s̄ᵀ, (1/n) Σ E z_i z_iᵀ)"

    @varies
    def quantity(self) -> Moment:
        return Moment.RADIUS if self.rate else Moment.STEADY

    @varies
    def tolerance(self) -> float:
        # Eigenvalues of a defective pair move by √eps.
        return 1e-7 if self.rate else AbstractMoment.tolerance

    def bound(self, c: Constants, T: int) -> float:
        law = self.law(c, T)
        return law.radius() if self.rate else law.steady()


class SmallStepLimit(AbstractBernoulliLaw):
    """E‖x‖² → γ²ζ²(1 − δ)/(nδ²) for error feedback without noise; γσ²/(2n) for error feedback
    with noise and ζ = 0, and EControl; (2 − δ)/δ · γσ²/(2n) for EF21, as γ → 0.

    Proof. The steady state of `BernoulliLaw`, solved: with y = γ(nδ² + 4(1 − δ))/(2nδ(2 − δ)) it is
    the limit times 1/(1 − y) for EF21 and for error feedback without noise, and times
    [1 + 2γ(1 − δ)(n − 1)/(nδ(2 − δ))]/(1 − y) for error feedback with noise; a longer fraction for
    EControl. `remainder`: what that makes of the step at hand, relative to the limit. ∎
    Why: without noise x ≈ γē, where ē is a mean of independent geometric sums of −β_i. With noise
    the sent gradients sum to those asked for up to a bounded error, as in SGD. EF21 holds a stale
    sample for a geometric time τ and inflates the low-frequency power by E τ²/E τ = (2 − δ)/δ.
    """

    statement = "E‖x‖² → γ²ζ²(1−δ)/(nδ²) [EC], γσ²/(2n) [EC, EControl], (2−δ)/δ·γσ²/(2n) [EF21]"
    quantity = Moment.STEADY
    tolerance = 4e-3
    domain = {"method": one_of("ec", "ef21", "econtrol"), "rate": one_of(False)}

    @varies
    def assumes(self) -> Any:
        small = Within("a step small enough", self, "remainder", 0.0, self.tolerance)
        return (*super().assumes, small)

    def remainder(self, c: Constants, T: int) -> float:
        """How far the steady state at γ is from its limit, or the rounding of one so close to 0; ∞
        where the limit is another."""
        delta, gamma, n = float(self.delta), self.gamma(T), c.agents
        if self.method == "ec" and c.sigma == 0:
            size = (1 - delta) / delta**2 * c.zeta**2
        else:
            size = 1.0 if c.sigma > 0 and (self.method != "ec" or c.zeta == 0) else 0.0
        if size == 0:
            return float("inf")
        if self.method == "econtrol":
            off = self.law(c, T).steady() / self.bound(c, T) - 1
        else:
            both = 2 * n * delta * (2 - delta)
            y = gamma * (n * delta**2 + 4 * (1 - delta)) / both
            more = 4 * gamma * (1 - delta) * (n - 1) / both if c.sigma > 0 else 0.0
            more *= self.method == "ec"
            off = (1 + more) / (1 - y) - 1 if y < 1 else float("inf")
        return max(abs(off), ROUNDING * n / gamma**2 / min(size, 1.0))

    def bound(self, c: Constants, T: int) -> float:
        delta, gamma = float(self.delta), self.gamma(T)
        floor = gamma * c.sigma**2 / (2 * c.agents)
        if self.method == "ec" and c.sigma == 0:
            return gamma**2 * c.zeta**2 * (1 - delta) / (c.agents * delta**2)
        return floor * (2 - delta) / delta if self.method == "ef21" else floor

    def scale(self, c: Constants, T: int) -> float:
        return 0.0


class EtaLimit(AbstractBernoulliLaw):
    """EControl under Bernoulli messages is stable in mean square, for γ → 0, exactly if
    η < 2δ/(2 − δ); here at η = share · 2δ/(2 − δ).

    Proof. With y = 0: k⁺ = k, e⁺ = e − k if nothing is sent, else k⁺ = ηe, e⁺ = (1 − η)e. For
    A = E k², B = E ke, C = E e² a fixed direction of the moments (E[M ⊗ M] keeps a cone, so its
    radius is an eigenvalue) needs A = η²C, B = (η − η²/δ)C and (η² − 2δη)C = 2(1 − δ)B, hence
    η(2 − δ)/δ = 2.
    """

    quantity = Moment.STABLE
    statement = "EControl is mean-square stable (γ → 0) iff η < 2δ/(2−δ) for Bernoulli messages"
    domain = {
        "method": one_of("econtrol"),
        "rate": one_of(False),
        "share": number("(0, inf)"),
        "eta": number("[0.1, 0.1]"),
    }

    share: Reals = eqx.field(converter=real, default=0.99)

    @varies
    def assumes(self) -> Any:
        away = Within("a step far below |share − 1|δ", self, "near", 0.0, 0.5)
        seen = Within("a step that float64 resolves", self, "least", 1e-7)
        return (Is("unit"), away, seen)

    def near(self, c: Constants, T: int) -> float:
        """γ/(|share − 1|δ)."""
        gap = abs(float(self.share) - 1) * float(self.delta)
        return self.gamma(T) / gap if gap > 0 else float("inf")

    def least(self, c: Constants, T: int) -> float:
        """γ: 1 − ρ is of its order."""
        return self.gamma(T)

    def prescribe(self, c: Constants, T: int) -> EControl:
        delta = float(self.delta)
        eta = float(self.share) * 2 * delta / (2 - delta)
        return EControl(self.gamma(T), Bernoulli(delta), eta)

    def bound(self, c: Constants, T: int) -> float:
        return float(float(self.share) < 1)


class LinearMessages(AbstractIdentity):
    """With C(v) = δv the pair (h_i, e_i) of EControl, x at rest, obeys z² − (2 − δ − δη)z + 1 − δ:
    real roots iff 4η/(1 + η)² ≤ δ, stable iff η < (4 − 2δ)/δ.

    Proof. h⁺ = (1 − δ)h + δηe and e⁺ = (1 − δη)e − (1 − δ)h have the trace 2 − δ − δη and the
    determinant (1 − δ)(1 − δη) + δη(1 − δ) = 1 − δ. Discriminant (2 − δ(1 + η))² − 4(1 − δ) =
    δ[δ(1 + η)² − 4η]. Both roots are inside the circle iff |trace| < 1 + determinant: δη < 4 − 2δ.
    As η → 0 the slow root is 1 − η + O(η²): why η is of the order of δ, and its best is δ/4. The
    same holds for C(v) = sv, 0 < s < 2; s = 1 + q, of contraction δ = 1 − q², is the hardest:
    η < 2(1 − q)/(1 + q) is necessary for all compressors.
    """

    source = Source("gao2024econtrol", "why η is of the order of δ; linear messages, derived")
    provenance = Provenance.DERIVED
    statement = (
        "EControl, C(v) = δv: (h, e) has the roots of z² − (2−δ−δη)z + 1−δ, real iff 4η/(1+η)² ≤ δ"
    )
    tolerance = (
        1e-12  # traces, determinants and discriminants of 2 × 2 matrices of numbers of size 1
    )

    extra: ClassVar[float] = 0.0  # a planted fault: η off by so much

    def map(self, delta: float, eta: float) -> np.ndarray:
        """(h, e) → (h⁺, e⁺) of the algorithm's own exchange, at t = 1 with g = 0."""
        method = EControl(1.0, Scaling(delta), eta + self.extra)
        key, t = jax.random.key(0), jnp.ones((), jnp.int32)

        def image(h: float, e: float) -> list[float]:
            memory = (jnp.full((1, 1), e), jnp.full((1, 1), h))
            _, (e_new, h_new) = method.exchange(t, jnp.zeros((1, 1)), memory, key)
            return [float(h_new[0, 0]), float(e_new[0, 0])]

        return np.array([image(1.0, 0.0), image(0.0, 1.0)]).T

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for delta in (0.05, 0.3, 0.9):
            critical = 2 / delta - 1 - 2 / delta * (1 - delta) ** 0.5  # 4η/(1 + η)² = δ
            for name, eta in (("quarter", delta / 4), ("critical", critical), ("unit", 1.0)):
                M, case = self.map(delta, eta), f"δ={delta:g}, η {name}"
                found[f"{case}: trace"] = abs(np.trace(M) - (2 - delta - delta * eta))
                found[f"{case}: determinant"] = abs(np.linalg.det(M) - (1 - delta))
            M = self.map(delta, critical)
            found[f"δ={delta:g}: double root"] = abs(np.trace(M) ** 2 - 4 * np.linalg.det(M))
        for s, share in itertools.product((0.05, 0.3, 0.9, 1.3, 1.7), (0.99, 1.01)):
            edge = self.map(s, share * (4 - 2 * s) / s)
            radius = float(np.max(np.abs(np.linalg.eigvals(edge))))
            found[f"s={s:g}: stable at {share}"] = float((radius < 1) != (share < 1))
        return {case: float(value) for case, value in found.items()}
