"""Sums of n functions, one of which is drawn a step: SVRG, SAGA, and SGD under interpolation.

All by exact moments on f_i(x) = ½ Σ_k h_ik (x_k − b_ik)², whose coordinates do not see each other.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.reshuffling import SGDWithReplacement
from convergence.algorithms.classical.variance_reduced import SAGA, SVRG
from convergence.constants import Constants
from convergence.metrics.pointwise import DistanceSq
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import count, number
from convergence.theorems.exact_moments import AbstractMoment


class Separate(AbstractAssumption):
    """Every f_i is quadratic and separate by coordinates, of known curvatures (n, d)."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = all(name in c for name in ("client_h", "x_star", "x0"))
        return Checked("separate quadratics", holds, None, "use `plain_clients` or `GatedClients`")


class AbstractSum(AbstractMoment):
    """E‖x_T − x*‖² of a method with the step η = a/L_max, L_max = max h_ik."""

    quantity = Moment.EXPECTED
    provenance = Provenance.DERIVED
    domain = {"al": number("(0, 2)")}

    al: Reals = eqx.field(converter=real, default=0.5)

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Positive("L_max"), Positive("mu"), Separate()

    def eta(self, c: Constants) -> float:
        """η."""
        return float(self.al) / c.L_max

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSq()

    def squares(self, c: Constants) -> np.ndarray:
        """(d,) (x_0 − x*)²."""
        return (np.asarray(c.x0, float) - np.asarray(c.x_star, float)) ** 2


class SVRGLaw(AbstractSum):
    """E‖x_T − x*‖² = Σ_k ρ_k^T (x_0 − x*)_k² after T epochs of m steps: ρ = M_m of M_{s+1} = (q² +
    η²V)M_s + η²V(1 − 2q^s), M_0 = 1, where q = 1 − ηh̄_k and V the variance of h_ik over i. The b_ik
    do not count: SVRG has no floor.

    Proof. With e = x − x* and u = w − x* an inner step is e⁺ = e − η(h_i(e − u) + h̄u), for
    ∇f_i(x) − ∇f_i(w) = h_i(e − u) and ∇f(w) = h̄u. So E e_s = q^s u, and E e_{s+1}² = q²E e_s² +
    η²V E(e_s − u)². ∎
    """

    source = Source("johnson2013", "SVRG, option I, on separate quadratics; derived")
    statement = "E‖x_T−x*‖² = Σ_k ρ_k^T (x_0−x*)_k²,  SVRG, whatever the clients' minimizers"
    domain = {"m": count()}

    m: int = eqx.field(static=True, default=3)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SVRG(self.eta(c), m=self.m)

    def rates(self, c: Constants) -> np.ndarray:
        """(d,) ρ_k."""
        h, eta = np.asarray(c.client_h, float), self.eta(c)
        q, noise = 1 - eta * h.mean(axis=0), eta**2 * h.var(axis=0)
        M = np.ones_like(q)
        for s in range(self.m):
            M = (q**2 + noise) * M + noise * (1 - 2 * q**s)
        return M

    def bound(self, c: Constants, T: int) -> float:
        return float(np.sum(self.rates(c) ** T * self.squares(c)))


class SVRGLikeDescent(SVRGLaw):
    """FALSE. An epoch contracts as m steps of gradient descent do, ρ = q^{2m}: for clients of one
    curvature alone."""

    source = Source("johnson2013", "a folklore reading of variance reduction; control")
    statement = "E‖x_T−x*‖² = Σ_k q_k^{2mT} (x_0−x*)_k²,  SVRG like gradient descent (false)"

    def rates(self, c: Constants) -> np.ndarray:
        q = 1 - self.eta(c) * np.asarray(c.client_h, float).mean(axis=0)
        return q ** (2 * self.m)


class SAGALaw(AbstractSum):
    """E‖x_T − x*‖² = Σ_k [M_k^T 1]_1 (x_0 − x*)_k² for clients of one curvature h_k each, M_k the
    4 × 4 matrix of the proof, q = 1 − ηh_k: no floor, whatever the clients' minimizers.

    Proof. With e = x − x* and φ_i the points of the table less x*: e⁺ = qe + ηh(φ_i − φ̄), and φ_i
    becomes e. So A = E e², B = E eφ̄, C = E φ̄² and S = E (1/n) Σ φ_i² obey A⁺ = q²A + η²h²(S − C),
    B⁺ = qB + (q(A − B) − ηh(S − C))/n, C⁺ = C + 2(B − C)/n + (A − 2B + S)/n², S⁺ = S + (A − S)/n,
    all 1 at first. ∎
    """

    source = Source("defazio2014", "Algorithm SAGA on quadratics of one Hessian; derived")
    statement = "E‖x_T−x*‖² = Σ_k [M_k^T 1]_1 (x_0−x*)_k²,  SAGA, clients of one curvature"

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, Is("common"))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SAGA(self.eta(c))

    def matrix(self, a: float, n: int) -> np.ndarray:
        """M, of a = ηh."""
        q = 1 - a
        return np.array([
            [q**2, 0, -(a**2), a**2],
            [q / n, q - q / n, a / n, -a / n],
            [1 / n**2, 2 / n - 2 / n**2, 1 - 2 / n, 1 / n**2],
            [1 / n, 0, 0, 1 - 1 / n],
        ])  # fmt: skip

    def bound(self, c: Constants, T: int) -> float:
        steps = self.eta(c) * np.asarray(c.client_h, float)[0]
        powers = [np.linalg.matrix_power(self.matrix(a, int(c.agents)), T) for a in steps]
        return float(np.sum([M[0].sum() for M in powers] * self.squares(c)))


class SAGALikeDescent(SAGALaw):
    """FALSE. SAGA contracts as gradient descent does, by q² a step: only with one client, of whom
    the table is never behind."""

    source = Source("defazio2014", "a folklore reading of variance reduction; control")
    statement = "E‖x_T−x*‖² = Σ_k q_k^{2T} (x_0−x*)_k²,  SAGA like gradient descent (false)"

    def bound(self, c: Constants, T: int) -> float:
        q = 1 - self.eta(c) * np.asarray(c.client_h, float)[0]
        return float(np.sum(q ** (2 * T) * self.squares(c)))


class SAGAStronglyConvex(AbstractSum):
    """E‖x_T − x*‖² ≤ (1 − μ/(2(μn + L)))^T [R² + n/(μn + L) (f(x_0) − f*)] for f_i that are
    L-smooth and μ-strongly convex each, μ ≥ 0, γ = 1/(2(μn + L)).

    Proof, that of the paper as it was remembered and checked here, in which φ_i is the point of the
    table, D_i(y) = f_i(y) − f_i(x*) − ⟨∇f_i(x*), y − x*⟩, D the mean of D_i(x) and D̄ that of
    D_i(φ_i), a and b the changes of ∇f_i from x* to x and to φ_i, and d = ‖x − x*‖. A step is
    −γ(a − b + E b), of mean −γ∇f: E d⁺² ≤ d² − 2γ⟨∇f, x − x*⟩ + γ²[(1 + β)E‖a‖² + (1 + 1/β)E‖b‖² −
    β‖∇f‖²], with E‖b‖² ≤ 2LD̄ and ‖∇f‖² ≥ 2μD. Interpolation by f_i, averaged: ⟨∇f, x − x*⟩ ≥
    (1 − μ/L)D + (μ/2)d² + E‖a‖²/(2L). And E D̄⁺ = D/n + (1 − 1/n)D̄. Let W = D̄ + cd², 2cγ = 1/((1 −
    γμ)n) and β = 1 + 2μn/L, so that γ(1 + β) = 1/L. In E W⁺ − (1 − γμ)W ≤ 0 those of d², E‖a‖² and
    D cancel; that of D̄, times n, is γμn − 1 + 1/(β(1 − γμ)) ≤ 0, for with m = μn ≥ μ and L = 1
    β(1 − γμ)(1 − γm) ≥ (1 + 2m)(2 + m)²/(2 + 2m)² ≥ 1. Last d_T² ≤ W_T/c and 1/c ≤ n/(μn + L). ∎

    No instance of slack below 2 is known: already at T = 1 the bracket has half more than R².
    scikit-learn's own step is 1/(2L + min{2nμ, L}), never shorter; `SAGALaw` is exact for either.
    """

    kind = Kind.EXPECTATION
    source = Source("defazio2014", "Theorem 1 and Corollary 1, from memory; proved here")
    statement = "E‖x_T−x*‖² ≤ (1 − μ/(2(μn+L)))^T [R² + nΔ/(μn+L)],  SAGA, η = 1/(2(μn+L))"
    domain = {"al": number("[1, 1]")}

    al: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, Within("f_i convex", self, "least", 0.0))

    def least(self, c: Constants, T: int) -> float:
        """The least curvature of an f_i."""
        return float(np.min(c.client_h))

    def scales(self, c: Constants) -> tuple[float, float]:
        """(least curvature μ, μn + L)."""
        least = self.least(c, 0)
        return least, least * c.agents + c.L_max

    def eta(self, c: Constants) -> float:
        return 1 / (2 * self.scales(c)[1])

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SAGA(self.eta(c))

    def bound(self, c: Constants, T: int) -> float:
        mu, size = self.scales(c)
        return float((1 - mu / (2 * size)) ** T * (c.R**2 + c.agents / size * c.Delta))


class AbstractInterpolation(AbstractMoment):
    """E‖x_T − x*‖² of SGD along one of n convex functions with one minimizer, η = a/L_max."""

    kind = Kind.EXPECTATION
    quantity = Moment.EXPECTED
    provenance = Provenance.DERIVED
    domain = {"al": number("(0, 2)")}

    al: Reals = eqx.field(converter=real, default=0.5)

    assumes = (NoNoise(), Is("all_convex"), Has("zeta", 0.0, 0.0), Positive("L_max"),
               Positive("mu"), Positive("R"))  # fmt: skip

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SGDWithReplacement(float(self.al) / c.L_max)

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSq()

    def rate(self, c: Constants) -> float:
        """The factor of a step."""
        raise NotImplementedError

    def bound(self, c: Constants, T: int) -> float:
        return float(self.rate(c) ** T * c.R**2)

    def ceiling(self, c: Constants, T: int) -> float:
        """No step of a < 2 leads away from x*."""
        return float(c.R**2)


class SGDInterpolation(AbstractInterpolation):
    """E‖x_T − x*‖² ≤ (1 − ημ(2 − ηL_max))^T R² for SGD along one of n convex L_i-smooth functions
    that all have their minimum at x*, 0 < η < 2/L_max, μ the strong convexity of their mean: a
    constant step, no floor.

    Proof. ‖∇f_i(x)‖² ≤ L_max⟨∇f_i(x), x − x*⟩, so E‖x⁺ − x*‖² ≤ ‖x − x*‖² − η(2 − ηL_max)
    ⟨∇f(x), x − x*⟩, and the product is at least μ‖x − x*‖². ∎ An equality for H_i² = L_max H_i and
    an isotropic mean: projections along a tight frame.
    """

    source = Source("gower2019", "Theorem 3.1 under interpolation; this form derived")
    statement = "E‖x_T − x*‖² ≤ (1 − ημ(2 − ηL_max))^T R²,  SGD under interpolation"

    def rate(self, c: Constants) -> float:
        a = float(self.al)
        return 1 - a * c.mu / c.L_max * (2 - a)


class InterpolationLikeDescent(AbstractInterpolation):
    """FALSE. The rate of gradient descent on the mean, (1 − ημ)^{2T}: one function tells less."""

    source = Source("gower2019", "what interpolation does not give; control")
    statement = "E‖x_T − x*‖² ≤ (1 − ημ)^{2T} R²,  SGD under interpolation (false)"

    def rate(self, c: Constants) -> float:
        return (1 - float(self.al) * c.mu / c.L_max) ** 2
