"""Methods without a step size to tune, by what holds on every run."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.parameter_free.coin import CoinBetting
from convergence.algorithms.shipped import from_optax
from convergence.constants import Constants
from convergence.metrics.points import Remembered
from convergence.metrics.pointwise import Gap, Value
from convergence.metrics.travel_weighted import TravelWeighted
from convergence.shapes import Reals, real
from convergence.theorems.adaptive.linear import Sloped
from convergence.theorems.assumptions import Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import number


class AbstractParameterFree(AbstractTheorem):
    """Convex f, exact gradients, and a minimizer at a distance R > 0 that the method is not
    told."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    assumes = (NoNoise(), Is("convex"), Positive("R"), Has("f_star"))


class ScheduleFree(AbstractParameterFree):
    """f(x_T) − f* ≤ GR(1 + 1/(2T))/√T for convex f with subgradients of at most G, schedule-free
    SGD with any momentum β and γ = R/(G√T), judged at the average x_T of z_1, …, z_T.

    Proof. y = y_t lies between x = x_t and z = z_t, y − x = (1 − β)(z − x), z − x = (t − 1)(x −
    x'), x' = x_{t−1}; g = ∇f(y). x lies between x' and y, and f(x') ≥ f(y) + ⟨g, x' − y⟩: so tf(x)
    ≤ (t − 1)f(x') + f(y) + β⟨g, z − x⟩, and f(y) ≤ f* + ⟨g, y − x*⟩ makes that (t − 1)f(x') + f* +
    ⟨g, z − x*⟩. Summed, T(f(x_T) − f*) ≤ Σ_{1≤t≤T}⟨∇f(y_t), z_t − x*⟩, with a last step that nobody
    makes at most ‖z_1 − x*‖²/(2γ) + TγG²/2, and ‖z_1 − x*‖² ≤ R² + γ²G². ∎

    The theorem's own average begins with x_0, and has no 1/(2T); the code leaves x_0 out, and
    without the term it is false: at T = 1 the maximum of 0 and two slopes at 151° has 9/8. Attained
    by G max |x_i| from T equal entries, up to 3/(2T): the last entry is found last, and T − 1 of
    the z still have it.
    """

    source = Source("defazio2024", "Theorem 1, without noise; derived for the average of the code")
    statement = "f(x_T) − f* ≤ GR(1 + 1/(2T))/√T,  schedule-free SGD for every β, γ = R/(G√T)"
    assumes = (*AbstractParameterFree.assumes, Positive("G"))
    domain = {"beta": number("(0, 1)")}

    beta: Reals = eqx.field(converter=real, default=0.9)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        gamma = c.R / (c.G * T**0.5)
        return from_optax("schedule_free_sgd", learning_rate=float(gamma), b1=float(self.beta))

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return float(c.G * c.R * (1 + 1 / (2 * T)) / T**0.5)

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class ProdigyDistance(AbstractParameterFree):
    """d_T ≤ max{d_0, R}: Prodigy's estimate of the distance never exceeds it.

    Proof. With weights w_k ≥ 0 that numerator and denominator share, Σ w_k⟨g_k, x_0 − x_k⟩ ≤ Σ
    w_k⟨g_k, x_0 − x*⟩, since ⟨g_k, x_k − x*⟩ ≥ 0, and this is at most ‖Σ w_k g_k‖₁ ‖x_0 − x*‖_∞. So
    every new estimate is at most ‖x_0 − x*‖_∞ ≤ R. ∎ Where ∇f(x_0) = 0 the first one is 0/0. No
    instance of slack below 1.6 is known: the estimate averages the way over the run.
    """

    source = Source("mishchenko2024", "the estimate of Algorithm 4 (Adam); derived")
    statement = "d_T ≤ max{d_0, R},  Prodigy"
    assumes = (*AbstractParameterFree.assumes, Positive("grad0"))
    domain = {"first": number("(0, inf)")}

    first: Reals = eqx.field(converter=real, default=1e-3)  # d_0

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("prodigy", learning_rate=1.0, estim_lr0=float(self.first))

    def metric(self, c: Constants, T: int) -> Any:
        return Remembered(".estim_lr")

    def bound(self, c: Constants, T: int) -> float:
        return max(float(self.first), float(c.R))


class AbstractTravelled(AbstractParameterFree):
    """Regret weighted by the distance travelled, as left/right ≤ 1; where ∇f(x_0) = 0 the first
    step is 0/0."""

    assumes = (*AbstractParameterFree.assumes, Positive("grad0"))
    domain = {"first": number("(0, inf)")}

    first: Reals = eqx.field(converter=real, default=0.1)  # ε

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class DoGRegret(AbstractTravelled):
    """Σ_{t<T} r_t (f(x_t) − f*) ≤ r_T (2d_T + r_T) √(Σ_{t<T} ‖g_t‖²) for DoG, η_t = r_t/√(Σ_{s≤t}
    ‖g_s‖²), r_t = max{ε, max_{s≤t} ‖x_s − x_0‖}, d_T = max_{t≤T} ‖x_t − x*‖. Judged as left/right ≤
    1.

    Proof. With G_t = Σ_{s≤t} ‖g_s‖² a step gives r_t(f(x_t) − f*) ≤ ½√G_t (δ_t² − δ_{t+1}²) +
    r_t²‖g_t‖²/(2√G_t), δ the distance to x*. By parts the first terms add up to at most
    ½√G_{T−1} (d_T² − δ_T²) ≤ 2r_T d_T √G_{T−1}, since d_T − δ_T ≤ 2r_T; the others to at most r_T²
    √G_{T−1}. ∎ No instance of slack below 6 is known: where r grows the gradients before count
    little, and where it does not d_T − δ_T is below r_T.
    """

    source = Source("ivgi2023", "Proposition 1 and its proof, without noise; derived")
    statement = "Σ r_t(f(x_t) − f*) ≤ r_T(2d_T + r_T)√(Σ‖g_t‖²),  DoG"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("dog", init_step=("distance", float(self.first)), eps=0.0)

    def metric(self, c: Constants, T: int) -> Any:
        return TravelWeighted(c.x_star, float(self.first), 1)


class DoWGRegret(AbstractTravelled):
    """Σ_{t<T} r_t² (f(x_t) − f*) ≤ r_T (2d_T + r_T) √(Σ_{t<T} r_t²‖g_t‖²) for DoWG, η_t = r_t²/
    √(Σ_{s≤t} r_s²‖g_s‖²), r and d as for DoG. Judged as left/right ≤ 1.

    Proof. As for DoG, with r_t g_t in place of g_t: r_t²(f(x_t) − f*) ≤ ½√v_t (δ_t² − δ_{t+1}²) +
    r_t² (r_t²‖g_t‖²)/(2√v_t). ∎ No instance of slack below 7 is known.
    """

    source = Source("khaled2023", "Lemma 2 and its proof; derived")
    statement = "Σ r_t²(f(x_t) − f*) ≤ r_T(2d_T + r_T)√(Σ r_t²‖g_t‖²),  DoWG"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("dowg", init_estim_sq_dist=float(self.first) ** 2, eps=0.0)

    def metric(self, c: Constants, T: int) -> Any:
        return TravelWeighted(c.x_star, float(self.first), 2)


class CoinLinear(AbstractTheorem):
    """f(x_T) − f(x_0) = −Gε T/(T+1) Π_{s<T} (2s + 1)/(s + 1) on f(x) = ⟨g, x⟩, G = ‖g‖, for coin
    betting with the estimator of Krichevsky and Trofimov: exponential in T, without a step size.

    Proof. Every coin is −g/G. So the share of the wealth that is bet is t/(t + 1) at time t, won
    each time: W_{t+1} = W_t (2t + 1)/(t + 1), and x_T − x_0 = −W_T T/(T + 1) g/G. ∎
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("orabona2016", "Algorithm 1 for vectors; derived")
    statement = "f(x_T) − f(x_0) = −Gε T/(T+1) Π_{s<T} (2s+1)/(s+1),  coin betting on f = ⟨g, x⟩"
    domain = {"eps": number("(0, inf)")}

    eps: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        """A slope, and G no larger than it."""
        least = Within("G/‖g‖", self, "loose", 1 - 1e-12, 1 + 1e-12)
        return (NoNoise(), Has("L", 0.0, 0.0), Positive("G"), least)

    def loose(self, c: Constants, T: int) -> float:
        """G/‖g‖."""
        return float(c.G / np.linalg.norm(c.g))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return CoinBetting(c.G, self.eps)

    def metric(self, c: Constants, T: int) -> Any:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        wealth = float(self.eps) * math.prod((2 * s + 1) / (s + 1) for s in range(T))
        exact = float(np.sum(c.g * c.x0)) - c.G * wealth * T / (T + 1)
        return exact, exact


class COCOBLinear(AbstractTheorem):
    """f(x_T) − f(x_0) = −‖g‖₁ T/max{T + 1, α} Π_{s=1}^{T−1} (1 + s/max{s + 1, α}) on f(x) = ⟨g, x⟩
    for COCOB with the fraction α, entry by entry: whatever the units of g, without a step size.

    Proof. Of an entry L = |g| from the first gradient on, Σ|g| = t|g|, Σ −g = −tg, and the reward
    grows by |g||x − x_0| a step: with W_t = 1 + reward/L, x_t − x_0 = −sign(g) W_t t/max{t + 1, α}
    and W_{t+1} = W_t (1 + t/max{t + 1, α}). ∎ From t = α on the wealth
    nearly doubles at every step.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("orabona2017", "Algorithm 2 (COCOB-Backprop); derived")
    statement = (
        "f(x_T) − f(x_0) = −‖g‖₁ T/max{T+1, α} Π_{s<T} (1 + s/max{s+1, α}),  COCOB, f = ⟨g, x⟩"
    )
    assumes = (NoNoise(), Has("L", 0.0, 0.0), Sloped())
    domain = {"alpha": number("[1, inf)")}

    alpha: Reals = eqx.field(converter=real, default=100.0)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("cocob", alpha=float(self.alpha), eps=0.0)

    def metric(self, c: Constants, T: int) -> Any:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        a = float(self.alpha)
        wealth = math.prod(1 + s / max(s + 1, a) for s in range(1, T))
        exact = -float(np.sum(np.abs(c.g))) * wealth * T / max(T + 1, a)
        return exact, exact


class COCOBAnyFraction(COCOBLinear):
    """FALSE. f(x_T) − f(x_0) = −‖g‖₁ T/(T + 1) Π_{s<T} (1 + s/(s + 1)), the walk of α = 1, for any
    α: the fraction holds the first bets back."""

    source = Source("orabona2017", "Algorithm 2 without its fraction; control")
    statement = "f(x_T) − f(x_0) = −‖g‖₁ T/(T+1) Π_{s<T} (1 + s/(s+1)),  COCOB, any α (false)"

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        wealth = math.prod(1 + s / (s + 1) for s in range(1, T))
        exact = -float(np.sum(np.abs(c.g))) * wealth * T / (T + 1)
        return exact, exact
