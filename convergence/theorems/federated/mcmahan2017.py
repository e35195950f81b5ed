"""Local steps with sampled clients (FedAvg, McMahan et al. 2017): a bound with every constant."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.federated.averaging import AverageSampled
from convergence.constants import Constants
from convergence.metrics.federated import GradLessSpread
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.parts.participation import UniformClients
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import FiniteVariance, Is, IsotropicNoise
from convergence.theorems.base import Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import count, number
from convergence.theorems.exact_moments import AbstractMoment
from convergence.theorems.shrinking import gone

SOURCE = Source("mcmahan2017", "FedAvg; these statements are ours")


class AbstractLocalSteps(AbstractMoment):
    """A statement about rounds of `tau` local steps by `m` of the n clients, without replacement;
    the oracle `Clients` draws noise of variance σ² for each, independently."""

    kind = Kind.EXPECTATION
    quantity = Moment.EXPECTED
    source = SOURCE
    provenance = Provenance.DERIVED
    domain = {"m": count(), "tau": count()}

    m: int = eqx.field(static=True, default=1)
    tau: int = eqx.field(static=True, default=1)

    @varies
    def assumes(self) -> Any:
        few = Within("no more clients than there are", self, "taken", 0.0, 1.0)
        return (few, Positive("L_max"), FiniteVariance())

    def taken(self, c: Constants, T: int) -> float:
        """m/n."""
        return self.m / c.agents

    def alpha(self, c: Constants) -> float:
        """The local step."""
        raise NotImplementedError

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AverageSampled(self.alpha(c), self.tau, UniformClients(self.m))

    def phi(self, c: Constants) -> float:
        """φ = (n − m)/(m(n − 1)): what sampling leaves of the clients' spread."""
        return (c.agents - self.m) / (self.m * (c.agents - 1)) if c.agents > 1 else 0.0


class AbstractLocalBound(AbstractLocalSteps):
    """A bound at η = aτ = share/(8L)."""

    domain = {"share": number("(0, 1]")}

    share: Reals = eqx.field(converter=real, default=1.0)

    def eta(self, c: Constants) -> float:
        """η."""
        return float(self.share) / (8 * c.L_max)

    def alpha(self, c: Constants) -> float:
        return self.eta(c) / self.tau

    def weight(self, c: Constants) -> float:
        """What multiplies ζ²."""
        a, eta, tau = self.alpha(c), self.eta(c), self.tau
        drift = 0.74 * (c.L_max * a) ** 2 * (tau - 1) * (2 * tau - 1)
        return 2.73 * c.L_max * eta * self.phi(c) + drift

    def rest(self, c: Constants, T: int) -> float:
        """All other terms."""
        a, eta = self.alpha(c), self.eta(c)
        drift = 2.2 * (c.L_max * a) ** 2 * (self.tau - 1)
        noise = 2.73 * c.L_max * eta / (self.m * self.tau) + drift
        return 2.73 * c.Delta / (eta * T) + noise * c.sigma**2


class LocalStepsNonconvex(AbstractLocalBound):
    """(1/R) Σ_{r<R} E‖∇J(x_r)‖² ≤ 2.73F₀/(ηR) + 2.73Lη(σ²/(mτ) + φζ²) + L²a²(τ−1)[0.74(2τ−1)ζ² +
    2.2σ²], η = aτ = share/(8L): τ local steps of length a, m of n clients a round, φ =
    (n−m)/(m(n−1)).

    F_i L-smooth, J their mean, F₀ = J(x_0) − inf J, (1/n) Σ‖∇F_i − ∇J‖² ≤ ζ² at every x. Unequal
    masks count as heterogeneity.

    Proof. x_r − x_{r+1} = η(A + B + C): A the mean over the sample of ∇F_i(x), B of v_i − ∇F_i(x)
    with v_i the mean of ∇F_i along the client's steps, C the mean noise. E A = ∇J, E‖A‖² = ‖∇J‖² +
    φζ_x², E⟨A, C⟩ = 0, E‖C‖² ≤ σ²/(mτ), E‖B‖² ≤ L²Q, Q the mean of E‖x_{i,s} − x‖². With ηL ≤ 1/8,
    E J(x⁺) ≤ J − (3η/8)‖∇J‖² + (5η/8)L²Q + Lη²(φζ² + σ²/(mτ)). Drift: u_s² = E‖x_{i,s} − x‖² has
    u_{s+1}² ≤ ((1 + aL)u_s + aγ_i)² + a²σ², γ_i = ‖∇F_i(x)‖, so u_s ≤ A_s + B_s with A' = (1 + aL)A
    + aγ, B'² = (1 + aL)²B² + a²σ², and u_s² ≤ 2e^{2aLτ}a²(s²γ_i² + sσ²): Q ≤ 2.5681a²[(τ−1)(2τ−1)/6
    (‖∇J‖² + ζ²) + (τ−1)σ²/2]. As (5/8)2.5681(ηL)²/3 ≤ .00837, the coefficient of ‖∇J‖² is −.3666η
    or less, and 1/.3666 ≤ 2.73; (5/8)·2.5681·2.7275 = 4.378, a sixth of it ≤ .74, a half ≤ 2.2. ∎
    """

    statement = (
        "(1/R) Σ E‖∇J(x_r)‖² ≤ 2.73F₀/(ηR) + 2.73Lη(σ²/(mτ) + φζ²)"
        " + L²a²(τ−1)[0.74(2τ−1)ζ² + 2.2σ²],  η = aτ ≤ 1/(8L)"
    )

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return self.rest(c, T) + self.weight(c) * c.zeta_all**2

    def ceiling(self, c: Constants, T: int) -> float | None:
        """On separate quadratics without noise θ stays between θ_0 and the clients' minimizers."""
        if c.sigma > 0 or "client_x" not in c:
            return None
        ends = np.vstack([np.asarray(c.client_x), np.asarray(c.x0)[None]]) - c.x_star
        return float(np.sum((np.mean(c.client_h, axis=0) * np.abs(ends).max(axis=0)) ** 2))


class LocalStepsAlong(AbstractLocalBound):
    """(1/R) Σ_{r<R} E[‖∇J(x_r)‖² − κζ_r²] ≤ 2.73F₀/(ηR) + 2.73Lησ²/(mτ) + 2.2L²a²(τ−1)σ², ζ_r² the
    heterogeneity at x_r and κ what multiplies ζ² in `LocalStepsNonconvex`: masks may differ.

    Proof. That of `LocalStepsNonconvex`, in which ζ² enters linearly, round by round. ∎
    """

    statement = "(1/R) Σ E[‖∇J(x_r)‖² − κζ_r²] ≤ 2.73F₀/(ηR) + 2.73Lησ²/(mτ) + 2.2L²a²(τ−1)σ²"

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradLessSpread(self.weight(c)))

    def bound(self, c: Constants, T: int) -> float:
        return self.rest(c, T)


class AbstractAlike(AbstractLocalSteps):
    """A law of ‖∇J‖² where all clients take part and share one diagonal Hessian h, at a = al/L_max.

    q_k = 1 − ah_k. A round takes x − x* to q^τ(x − x*) and adds noise of variance a²(σ²/d)
    Σ_{s<τ} q^{2s}/n in each coordinate.
    """

    kind = Kind.EXACT
    domain = {"al": number("(0, 2)")}

    al: Reals = eqx.field(converter=real, default=0.1)

    @varies
    def assumes(self) -> Any:
        everyone = Within("every client takes part", self, "taken", 1.0, 1.0)
        return (everyone, Is("common"), FiniteVariance(), IsotropicNoise(), Positive("mu"))

    def alpha(self, c: Constants) -> float:
        return float(self.al) / c.L_max

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def floors(self, c: Constants) -> np.ndarray:
        """(d,) h_k a σ²/(dn(2 − ah_k))."""
        h, a = np.asarray(c.client_h[0], float), self.alpha(c)
        return h * a / (2 - a * h) * c.sigma**2 / (c.d * c.agents)


class LocalStepsFloor(AbstractAlike):
    """E‖∇J(x_r)‖² → Σ_k h_k a σ²/(dn(2 − ah_k)) for EVERY number τ of local steps, all clients
    taking part, one diagonal Hessian h for all: the floor of one step a round.

    Proof. E(x − x*)_k² → a²σ²/(dn)·(1 − q^{2τ})/((1 − q²)(1 − q^{2τ})), and 1 − q² = ah(2 − ah). ∎
    """

    quantity = Moment.STEADY
    statement = "E‖∇J(x_r)‖² → Σ_k h_k a σ²/(dn(2 − ah_k)) for every τ, m = n, a common Hessian"

    def bound(self, c: Constants, T: int) -> float:
        return float(self.floors(c).sum())


class LocalStepsAt(AbstractAlike):
    """E‖∇J(x_R)‖² = Σ_k [q_k^{2τR}h_k²(x_0 − x*)_k² + (1 − q_k^{2τR})h_k a σ²/(dn(2 − ah_k))] after
    R rounds of τ local steps, all clients taking part, one diagonal Hessian h for all: what τR
    synchronous steps have, whatever the clients' minimizers.

    Proof. R rounds of `AbstractAlike`: a geometric sum. ∎
    """

    quantity = Moment.EXPECTED
    statement = "E‖∇J(x_R)‖² = Σ_k [q^{2τR}h²(x_0−x*)² + (1−q^{2τR})haσ²/(dn(2−ah))],  local SGD"

    def bound(self, c: Constants, T: int) -> float:
        h = np.asarray(c.client_h[0], float)
        a, steps = self.alpha(c) * h, self.tau * T
        start = (h * (np.asarray(c.x0) - c.x_star)) ** 2
        lost = gone(a * (2 - a), steps) * self.floors(c)
        return float(np.sum((1 - a) ** (2 * steps) * start + lost))


class LocalStepsAverageNoise(LocalStepsFloor):
    """FALSE AS TOLD: "τ local steps a round average τ times as many samples, and the floor falls by
    τ". It falls by n alone."""

    source = Source("mcmahan2017", "a folklore reading of local steps; control")
    statement = "folklore: E‖∇J(x_r)‖² → (1/τ) Σ_k h_k a σ²/(dn(2 − ah_k)) for τ local steps"

    def bound(self, c: Constants, T: int) -> float:
        return float(self.floors(c).sum()) / self.tau
