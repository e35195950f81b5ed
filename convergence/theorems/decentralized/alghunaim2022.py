"""Alghunaim and Yuan 2022: exact diffusion, EXTRA and gradient tracking in one form, exactly.

On quadratics with a common Hessian every method splits into scalar recursions, one for each
network eigenvalue λ and curvature h. With (a, b², p) of `parts.strategies.mode`, p = a(c − αh):

    z² − (1 − b² + p) z + p = 0    for λ ≠ 1,    z = 1 − αh for the mean.          (mode polynomial)

Proof. Eliminate the dual from X⁺ = A(CX − αG) − BY, Y⁺ = Y + BX⁺: X⁺⁺ = (I − B²)X⁺ +
A(CX⁺ − αG⁺) − A(CX − αG), and A, B², C are polynomials in W. On G = hX the mode of λ obeys
x⁺⁺ = (1 − b² + p)x⁺ − p x. For the mean b = 0 and the dual stays 0. ∎
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.decentralized import single_level as dec
from convergence.constants import Constants
from convergence.metrics.agents import MeanSquare
from convergence.metrics.folds import Average
from convergence.parts.strategies import CORRECTED, mode, strategy
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.decentralized.alghunaim2022_thresholds import SmallStepsStable, threshold
from convergence.theorems.domains import number, one_of
from convergence.theorems.exact_moments import AbstractMoment

SYMMETRIC = Has("lam_min", -1.0)  # certified of a symmetric W alone
METHODS: dict[str, Any] = {
    "ED": dec.ExactDiffusion,
    "EXTRA": dec.EXTRA,
    "ATC-GT": dec.GradientTracking,
    "semi-ATC-GT": dec.SemiTracking,
    "non-ATC-GT": dec.DIGing,
    "ATC": dec.Diffusion,
    "consensus": dec.ConsensusDescent,
}
SOURCE = Source("alghunaim2022", "the unified form; its spectral theory on quadratics is ours")


class AbstractUnified(AbstractMoment):
    """A statement about one method, on a common Hessian and a symmetric W, at the step α = ah/L."""

    assumes = (Is("common"), SYMMETRIC)
    domain = {"name": one_of(*METHODS), "ah": number("(0, inf)")}
    source = SOURCE
    provenance = Provenance.DERIVED

    name: str = eqx.field(static=True)
    ah: Reals = eqx.field(converter=real, default=0.05)

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.ah) / c.L

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return METHODS[self.name](c.W, self.alpha(c, T))

    def grid(self, c: Constants) -> tuple[np.ndarray, np.ndarray]:
        """(λ_m, h_j) over all network modes but the mean."""
        lam, h = np.meshgrid(c.lam[1:], c.h, indexing="ij")
        return lam, h

    def radius(self, c: Constants, T: int) -> float:
        """The ρ of `Radius`."""
        a = self.alpha(c, T)
        lam, h = self.grid(c)
        mean = np.abs(1 - a * c.h)
        if self.name == "ATC":
            return float(max(np.max(np.abs(lam * (1 - a * h))), mean.max()))
        if self.name == "consensus":
            return float(max(np.max(np.abs(lam - a * h)), mean.max()))
        _, b2, p = mode(self.name, lam, a * h)
        half = (1 - b2 + p) / 2
        with np.errstate(over="raise"):  # such a step has no radius in floats
            root = np.sqrt(np.asarray(half**2 - p, dtype=complex))
        return float(max(np.max(np.abs(half + root)), np.max(np.abs(half - root)), mean.max()))


class Radius(AbstractUnified):
    """ρ = max over modes of the roots of z² − (1 − b² + p)z + p, and of |1 − αh|.

    Uncorrected methods: |λ(1 − αh)| (ATC), |λ − αh| (consensus), and the mean mode.
    """

    quantity = Moment.RADIUS
    statement = "ρ = max {|z| : z² − (1 − b² + p)z + p = 0 over (λ, h)} ∪ {|1 − αh|}"
    # A double root loses half of the digits: eigenvalues of a defective block move by √eps.
    tolerance = 1e-7

    @varies
    def assumes(self) -> Any:
        # Near 0 lie the defective zeros of methods with memory.
        return (*AbstractUnified.assumes, Within("a radius away from 0", self, "bound", 0.01))

    def bound(self, c: Constants, T: int) -> float:
        return self.radius(c, T)


class AbstractSmallStepRadius(AbstractUnified):
    """ρ ≤ 1 at a small step."""

    kind = Kind.EXPECTATION
    quantity = Moment.RADIUS
    tolerance = 1e-7  # as for `Radius`

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class AnyGraph(AbstractSmallStepRadius):
    """FALSE for ED: ρ ≤ 1 at a small step αh, whatever the graph.

    True while every eigenvalue of W is above −1/3 (`threshold`). On the un-lazy even torus λ = −3/5
    and ρ = 1.5719 at αh = 0.01; ρ → 0.6 + √0.96 = 1.5798 as αh → 0.
    """

    statement = "ρ ≤ 1 on every connected graph, at a small step αh (false for ED at λ_min < −1/3)"


class ModerateGraph(AbstractSmallStepRadius):
    """ρ ≤ 1 for ED at αh ≤ 2 if every eigenvalue of W is at least −1/3.

    Proof. `threshold` is then at least 2 for every mode: (1 + 3λ)/(2λ) ≥ 2 for 0 < λ ≤ 1, and
    (1 − λ)/(−λ) ≥ 4 for −1/3 ≤ λ < 0. ∎
    """

    assumes = (*AbstractUnified.assumes, Has("lam_min", -1 / 3 - 1e-12))
    domain = {"name": one_of("ED"), "ah": number("(0, 2]")}
    statement = "ρ ≤ 1 for ED at a small step αh if λ_min(W) ≥ −1/3"


class Stability(AbstractUnified):
    """The method is stable if and only if αh < the least `threshold` and αh < 2, for all modes.

    T is a percentage of that largest step: below 100 stable, above 100 not. On graphs where small
    steps are stable, and where 1 − ρ at that step is not lost in rounding.
    """

    quantity = Moment.STABLE
    statement = "ρ < 1 ⇔ 0 < αh < min{2, threshold(λ)} over all modes"

    @varies
    def assumes(self) -> Any:
        seen = Within("a radius that float64 tells from 1", self, "margin", 1e-6)
        return (*AbstractUnified.assumes, SmallStepsStable(self.name), seen)

    def margin(self, c: Constants, T: int) -> float:
        """|1 − ρ|."""
        return abs(1 - self.radius(c, T)) if T != 100 else 0.0

    def alpha(self, c: Constants, T: int) -> float:
        lam, h = self.grid(c)
        largest = min(float(np.min(threshold(self.name, lam) / h)), 2 / c.L)
        return T / 100 * largest

    def bound(self, c: Constants, T: int) -> float:
        return float(T < 100)


class Variance(AbstractUnified):
    """(1/n) Σ E‖x_i − E x_i‖² → (1/n) Σ_{m,j} V(λ_m, h_j), V = a²α²s²/[(1 − p)(1 + p − b²/2)]
    for λ ≠ 1 and αs²/(h(2 − αh)) for the mean, with noise of variance s² an entry.

    Proof. x⁺⁺ = (1 − b² + p)x⁺ − p x − aα(ξ⁺ − ξ) is an ARMA(2,1): its variance by Yule–Walker. ∎
    Uncorrected: λ²α²s²/(1 − λ²(1 − αh)²) and α²s²/(1 − (λ − αh)²).
    """

    quantity = Moment.VARIANCE
    statement = "(1/n) Σ Var x_i → (1/n) Σ_{m,j} a²α²s²/[(1−p)(1+p−b²/2)] at a stable step"
    settled = 0.0
    assumes = (*AbstractUnified.assumes, Is("isotropic_noise"), Is("additive"))

    def bound(self, c: Constants, T: int) -> float:
        a, s2 = self.alpha(c, T), c.sigma**2 / (c.agents * len(c.h))
        lam, h = self.grid(c)
        mean = np.sum(a * s2 / (c.h * (2 - a * c.h)))
        return float(mean + np.sum(network_variance(self.name, lam, a * h, a, s2))) / c.agents


class UnifiedVariance(Variance):
    """The same variance for the unified form X⁺ = CX − αAG − D, D⁺ = D + B²X⁺ of the method."""

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return dec.PrimalDual(strategy(self.name, c.W), self.alpha(c, T))


def network_variance(name: str, lam: Any, ah: Any, alpha: float, s2: float) -> Any:
    """V(λ, h) of a mode λ ≠ 1 at noise variance s2."""
    if name == "ATC":
        return lam**2 * alpha**2 * s2 / (1 - lam**2 * (1 - ah) ** 2)
    if name == "consensus":
        return alpha**2 * s2 / (1 - (lam - ah) ** 2)
    a, b2, p = mode(name, lam, ah)
    return a**2 * alpha**2 * s2 / ((1 - p) * (1 + p - b2 / 2))


class AbstractNetworkBias(AbstractMoment):
    """Every agent's mean is at x* in the limit, whatever the Hessians."""

    quantity = Moment.BIAS
    source = SOURCE
    provenance = Provenance.DERIVED
    tolerance = 1e-18  # the square of a relative 1e-9

    assumes = (SYMMETRIC,)
    domain = {"name": one_of(*CORRECTED), "ah": number("(0, inf)"), "tracker": number("[0, inf)")}

    name: str = eqx.field(static=True)
    ah: Reals = eqx.field(converter=real, default=0.05)
    tracker: Reals = eqx.field(converter=real, default=1.0)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        alpha = float(self.ah) / c.L
        if self.name.endswith("GT"):
            return METHODS[self.name](c.W, alpha, tracker=self.tracker)
        return METHODS[self.name](c.W, alpha)

    def bound(self, c: Constants, T: int) -> float:
        return 0.0

    def scale(self, c: Constants, T: int) -> float:
        return (c.zeta / c.mean_mu) ** 2 + c.R_rms**2


class NetworkUnbiased(AbstractNetworkBias):
    """FALSE AS TOLD: a corrected method at a small constant step has every agent at x*.

    True where the step is stable (`CorrectedUnbiased`), which ED's is on no graph with
    λ_min < −1/3, however small, and for the right start of gradient tracking: tracker = 1.
    """

    statement = "folklore: (1/n) Σ ‖E x_i − x*‖² → 0 at every small constant step"


class CorrectedUnbiased(AbstractNetworkBias):
    """A corrected method at a constant stable step has every agent at x*, whatever the Hessians.

    Proof. At a fixed point B²X = 0, so X = 1xᵀ; then X = CX − αAG − D with the mean of D zero
    gives the mean of G zero, so that x = x*. ∎
    """

    statement = "(1/n) Σ ‖E x_i − x*‖² → 0 for a corrected method at every stable constant step"
    domain = {"tracker": number("[1, 1]")}
    settled = 0.0


class Energy(AbstractUnified):
    """Without noise from x* at every agent: Σ_k (1/n)Σ‖x_i^k − x*‖² = (1/n) Σ_{m,j}
    (aαβ)²(1 + p)/[(1 − p) b² (2 + 2p − b²)], β the mode of −∇f_i(x*).

    What initial heterogeneity costs. Proof. The mode is x_k = −aαβ times the impulse response of
    1/(z² − (1 − b² + p)z + p); Parseval. ∎ T(1 − ρ) ≥ 20, so that ρ^{2T} ≤ e⁻⁴⁰.
    """

    domain = {"name": one_of(*CORRECTED)}
    quantity = Moment.EXPECTED
    statement = "Σ_k (1/n)Σ‖x_i^k − x*‖² = (1/n)Σ (aαβ)²(1+p)/[(1−p)b²(2+2p−b²)]"
    tolerance = 1e-6  # the tail beyond T
    settled = 20.0

    @varies
    def assumes(self) -> Any:
        start = Within("a start at x*", self, "start", 0.0, 1e-9)
        return (*AbstractUnified.assumes, Has("sigma", 0.0, 0.0), start)

    def start(self, c: Constants, T: int) -> float:
        """The distance of the agents from x* in units of a first step, αζ."""
        first = self.alpha(c, T) * c.zeta
        return (c.R_rms / first if first > 0 else float("inf")) if c.R_rms > 0 else 0.0

    def scale(self, c: Constants, T: int) -> float:
        """What counts as 0: the square of a relative 1e-9 of the distances that cancel."""
        return 1e-18 / self.tolerance * (c.zeta / c.mean_mu) ** 2

    def metric(self, c: Constants, T: int) -> Average:
        return Average(MeanSquare())

    def bound(self, c: Constants, T: int) -> float:
        a = self.alpha(c, T)
        lam, h = self.grid(c)
        weight, b2, p = mode(self.name, lam, a * h)
        energy = (weight * a * c.modes[1:]) ** 2 * (1 + p) / ((1 - p) * b2 * (2 + 2 * p - b2))
        return float(np.sum(energy)) / c.agents / T
