"""Subgradient methods on Lipschitz convex functions: every bound is attained by a corner."""

from __future__ import annotations

from typing import Any

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.optimized import LinearlyDecayed
from convergence.algorithms.shipped import choose, from_optax, gradient_descent
from convergence.constants import Constants
from convergence.metrics.folds import Average, Smallest
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import CODE, code_of


class AbstractSubgradient(AbstractTheorem):
    """Convex f with subgradients of at most G. G max_i |x_i| from T + 1 equal entries attains the
    bounds: each step finds one of them, and the last is left as it was."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    assumes = (NoNoise(), Is("convex"), Has("G"), Positive("R"))
    domain = {"code": CODE}

    code: str = "own"

    def bound(self, c: Constants, T: int) -> float:
        return float(c.G * c.R / (T + 1) ** 0.5)

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class SubgradientBest(AbstractSubgradient):
    """min_{t≤T} f(x_t) − f* ≤ GR/√(T + 1) for convex f with subgradients of at most G,
    η = R/(G√(T + 1)).

    Proof. ‖x_{t+1} − x*‖² ≤ ‖x_t − x*‖² − 2η(f(x_t) − f*) + η²G². Sum over t ≤ T, with a last step
    that nobody makes: 2η(T + 1) min ≤ R² + (T + 1)η²G² = 2R². ∎
    """

    source = Source("drori2016", "the subgradient method with a constant step; proof textbook")
    statement = "min_{t≤T} f(x_t) − f* ≤ GR/√(T+1),  subgradient method, η = R/(G√(T+1))"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return gradient_descent(c.R / (c.G * (T + 1) ** 0.5), self.code)

    def metric(self, c: Constants, T: int) -> Smallest:
        return Smallest(Gap())


class SubgradientAverage(AbstractSubgradient):
    """(1/T) Σ_{t<T} f(x_t) − f* ≤ GR/√T for convex f with subgradients of at most G, η = R/(G√T).

    Proof. Sum ‖x_{t+1} − x*‖² ≤ ‖x_t − x*‖² − 2η(f(x_t) − f*) + η²G² over t < T. ∎
    """

    source = Source("zinkevich2003", "Theorem 1, for one function and a constant step")
    statement = "(1/T) Σ_{t<T} f(x_t) − f* ≤ GR/√T,  subgradient method, η = R/(G√T)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return gradient_descent(c.R / (c.G * T**0.5), self.code)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        return float(c.G * c.R / T**0.5)


class SubgradientLast(AbstractSubgradient):
    """f(x_T) − f* ≤ GR/√(T + 1) for convex f with subgradients of at most G and the steps
    η_t = R(T − t)/(G(T + 1)^{3/2}), t < T: the last iterate, with a linear decay.

    Proof. Let v_{−1} = 1/(T+1), v_t = 1/(T−t), v_T = 1, and η_T = c of v_tη_t = c for a step that
    nobody makes. z_t = (1 − v_{t−1}/v_t)x_t + (v_{t−1}/v_t)z_{t−1}, z_{−1} = x*, gives v_t²‖x_t −
    z_t‖² = v_{t−1}²‖x_t − z_{t−1}‖² and v_tf(z_t) ≤ v_{−1}f* + Σ_{s≤t}(v_s − v_{s−1})f(x_s). So
    Σ_{t≤T} 2c[v_tδ_t − Σ_{s≤t}(v_s − v_{s−1})δ_s] ≤ v_{−1}²R² + (T+1)c²G², where δ_s, s < T, stands
    2c times v_s − (T+1−s)(v_s − v_{s−1}) = 0, and δ_T 2c times v_{T−1} = 1. c = R/(G(T+1)^{3/2}). ∎
    Agrees with numerical worst cases (after Zamani and Glineur).
    """

    source = Source("zamani2023", "Theorem 2.4, the optimal last iterate")
    statement = "f(x_T) − f* ≤ GR/√(T+1),  subgradient method, η_t = R(T−t)/(G(T+1)^{3/2})"
    domain = {"code": code_of("own")}

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return LinearlyDecayed(c.R * T / (c.G * (T + 1) ** 1.5), T)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()


class PolyakStep(AbstractSubgradient):
    """min_{t≤T} f(x_t) − f* ≤ GR/√(T + 1) for convex f with subgradients of at most G, Polyak's
    step η_t = (f(x_t) − f*)/‖g_t‖².

    Proof. ‖x_{t+1} − x*‖² ≤ ‖x_t − x*‖² − (f(x_t) − f*)²/‖g_t‖²; sum over t ≤ T, with a last step
    that nobody makes: (T + 1) min² ≤ G²R². ∎ optax makes no step from where ‖g_t‖ ≤ 2⁻²⁶, which
    f(x_t) − f* ≤ 2⁻²⁶R allows for G ≥ 2⁻²⁶√(T + 1).
    """

    source = Source("polyak1969", "the step of known f*; proof textbook")
    statement = "min_{t≤T} f(x_t) − f* ≤ GR/√(T+1),  Polyak's step (f(x_t) − f*)/‖g_t‖²"
    domain = {"code": code_of("optax")}

    code: str = "optax"

    @varies
    def assumes(self) -> Any:
        """Values, and slopes that optax takes for such."""
        seen = Within("2²⁶G/√(T+1)", self, "seen", 1.0)
        return (*AbstractSubgradient.assumes, Has("f_star"), seen)

    def seen(self, c: Constants, T: int) -> float:
        """G/√(T + 1) over what optax takes for no slope."""
        return float(2.0**26 * c.G / (T + 1) ** 0.5)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return choose(
            self.code,
            optax=lambda: from_optax(
                "polyak_sgd", max_learning_rate=float("inf"), f_min=float(c.f_star), eps=0.0
            ),
        )

    def metric(self, c: Constants, T: int) -> Smallest:
        return Smallest(Gap())
