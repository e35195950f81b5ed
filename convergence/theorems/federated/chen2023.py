"""pFedGate (Chen et al. 2023): its three rules of aggregation, the drift under masks, soft gates.

The paper's theorems could not be read: these statements are ours. Private gates with partial
participation are not claimed: a gate multiplies parameters, so that no constant bounds how fast one
block's gradient turns with the other, and the clients that step their gates are those whose
gradients are averaged, which biases the average.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.federated.averaging import (
    AverageAll,
    AverageSampled,
    AverageStored,
)
from convergence.algorithms.federated.gating import AlternatingGates
from convergence.constants import Constants
from convergence.metrics.federated import Promise
from convergence.metrics.pointwise import DistanceSq, GradNormSq
from convergence.parts.participation import UniformClients
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Moment, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import number, one_of
from convergence.theorems.federated.mcmahan2017 import AbstractLocalSteps
from convergence.theorems.shrinking import gone

SOURCE = Source("chen2023", "the public code's aggregation; these laws are ours")
RULES: dict[str, Any] = {
    "sampled": AverageSampled,
    "all": AverageAll,
    "stored": AverageStored,
}


class AbstractClientLaw(AbstractLocalSteps):
    """A law of local steps without noise on separate quadratics, at a = al/L_max."""

    kind = Kind.EXACT
    source = SOURCE
    domain = {"al": number("(0, 1]")}

    al: Reals = eqx.field(converter=real, default=0.5)

    @varies
    def assumes(self) -> Any:
        few = Within("no more clients than there are", self, "taken", 0.0, 1.0)
        return (few, Positive("L_max"), Positive("mu"), NoNoise())

    def alpha(self, c: Constants) -> float:
        return float(self.al) / c.L_max

    def pull(self, c: Constants) -> np.ndarray:
        """(n, d) w_ik = 1 − (1 − a h_ik)^τ: how far a client's steps lead to its own minimizer."""
        return gone(self.alpha(c) * np.asarray(c.client_h), self.tau)


class AbstractDrift(AbstractClientLaw):
    """‖∇J‖² where local steps of all clients lead."""

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, Within("every client takes part", self, "taken", 1.0, 1.0))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def limit(self, c: Constants) -> np.ndarray:
        """θ_∞."""
        w = self.pull(c)
        return (w * c.client_x).sum(axis=0) / w.sum(axis=0)

    def square(self, c: Constants, theta: np.ndarray) -> float:
        """‖∇J(θ)‖²."""
        return float(np.sum(np.mean(c.client_h * (theta - c.client_x), axis=0) ** 2))

    def scale(self, c: Constants, T: int) -> float:
        """What counts as 0: rounding of squares of this size, which cancel."""
        apart = c.client_h * (c.client_x - c.x_star)
        return 1e-3 * float(np.sum(apart**2) + (c.L_max * c.R) ** 2)


class ClientDrift(AbstractDrift):
    """θ_r → Σ_i w_i x_i / Σ_i w_i by coordinates, w_i = 1 − (1 − ah_i)^τ, x_i the clients' own
    minimizers: with τ > 1 and unequal curvatures or masks, not the minimizer Σ h_i x_i / Σ h_i of
    J. Here ‖∇J‖² at the limit; all clients take part.

    Proof. A client's steps take θ to θ + w_i(x_i − θ) in each coordinate, the server averages, and
    0 < (1/n) Σ w_i ≤ 1 where some gate is open. ∎
    """

    quantity = Moment.BIAS
    statement = "θ_r → Σ w_i x_i / Σ w_i,  w_i = 1 − (1 − ah_i)^τ, x_i the clients' minimizers"

    def bound(self, c: Constants, T: int) -> float:
        return self.square(c, self.limit(c))


class ClientDriftAt(AbstractDrift):
    """θ_R − θ_∞ = (1 − (1/n) Σ w_i)^R (θ_0 − θ_∞) by coordinates, θ_∞ and w_i those of
    `ClientDrift`: clients behind a closed gate have w_i = 0, and count. Here ‖∇J(θ_R)‖² after R
    rounds.

    Proof. A round takes θ to θ + (1/n) Σ w_i(x_i − θ). ∎
    """

    quantity = Moment.EXPECTED
    statement = "θ_R = θ_∞ + (1 − (1/n) Σ w_i)^R (θ_0 − θ_∞),  θ_∞ = Σ w_i x_i / Σ w_i"

    def bound(self, c: Constants, T: int) -> float:
        limit = self.limit(c)
        left = (1 - self.pull(c).mean(axis=0)) ** T
        return self.square(c, limit + left * (c.x0 - limit))


class SamplingFloor(AbstractClientLaw):
    """E‖θ_r − x*‖² → Σ_k w_k φ v_k/(2 − w_k) where the server averages the sampled clients, the
    same with w_k m/n for w_k where the others count with θ, and 0 where they count with their last
    model; φ = (n − m)/(m(n − 1)), v_k = (1/n) Σ (x_ik − x*_k)². A common curvature for all clients.

    Proof. A client's steps take θ to (1 − w)θ + w x_i. Sampled: E|θ⁺ − x*|² = (1 − w)²E|θ − x*|² +
    w²φv. All: θ + (wm/n)(x̄_S − θ). Stored: what is stored has a mean that converges, the map of
    deviations is linear without a constant term, and its second moment contracts; once θ = x* every
    stored model is (1 − w)x* + w x_i, and their mean is x*. ∎
    """

    quantity = Moment.STEADY
    statement = "E‖θ_r − x*‖² → Σ wφv/(2 − w) (sampled), with wm/n for w (all), 0 (stored)"
    domain = {"rule": one_of(*RULES)}

    rule: str = eqx.field(static=True, default="sampled")

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, Is("common"))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return RULES[self.rule](self.alpha(c), self.tau, UniformClients(self.m))

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSq()

    def spread(self, c: Constants) -> np.ndarray:
        """(d,) v_k."""
        return np.mean((np.asarray(c.client_x) - c.x_star) ** 2, axis=0)

    def bound(self, c: Constants, T: int) -> float:
        if self.rule == "stored":
            return 0.0
        w = self.pull(c)[0] * (self.taken(c, T) if self.rule == "all" else 1.0)
        return float(np.sum(w * self.phi(c) * self.spread(c) / (2 - w)))

    def scale(self, c: Constants, T: int) -> float:
        """What counts as 0: the second moment is solved for among numbers of this size."""
        return 1e-3 * (float(np.sum(self.spread(c))) + c.R**2)


class AbstractGates(AbstractTheorem):
    """A statement about `AlternatingGates` on J(θ, g), every run."""

    kind = Kind.PATHWISE
    source = SOURCE
    provenance = Provenance.DERIVED
    assumes = (NoNoise(), Has("Delta", 0.0), Positive("f_star"))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return AlternatingGates()


class GatesDescend(AbstractGates):
    """J(z_{t+1}) + P_t ≤ J(z_t) for all t, P_t = ½L_g(θ)‖g⁺ − g‖² + ‖∇_θJ(θ, g⁺)‖²/(2L_θ(g⁺)), for
    alternating steps of gates, projected on [0, 1]ᵈ, and parameters, of the inverse smoothness of
    their block. Soft gates alone: with a knapsack's J is discontinuous.

    Proof. The descent lemma in each block; a projection on a convex set leaves ½L_g‖g⁺ − g‖². ∎
    Attained with one coordinate and gates inside (0, 1).
    """

    statement = "J(z_{t+1}) + ½L_g‖g⁺ − g‖² + ‖∇_θJ‖²/(2L_θ) ≤ J(z_t) for all t, alternating steps"

    def metric(self, c: Constants, T: int) -> Any:
        return Promise(kept=True)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 0.0, 1.0


class GatesConverge(AbstractGates):
    """(1/T) Σ_{t<T} P_t ≤ (J(z_0) − inf J)/T, P_t as in `GatesDescend`.

    Proof. Sum it. ∎
    """

    statement = "(1/T) Σ [½L_g‖g⁺ − g‖² + ‖∇_θJ‖²/(2L_θ)] ≤ (J(z_0) − inf J)/T, alternating steps"

    def metric(self, c: Constants, T: int) -> Any:
        return Promise()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 0.0, c.Delta / T


class DriftIsFree(ClientDrift):
    """FALSE AS TOLD: "with all clients and no noise, local steps reach the minimizer of J".

    They do for τ = 1; `ClientDrift` has the limit for all others.
    """

    source = Source("chen2023", "a folklore reading of local steps")
    statement = "folklore: ∇J(θ_r) → 0 with all clients, no noise and a constant step, for every τ"

    def bound(self, c: Constants, T: int) -> float:
        return 0.0


class SamplingIsFree(SamplingFloor):
    """FALSE AS TOLD: "with exact gradients the error goes to 0, however many clients are sampled".

    It does where the others count with their last model; `SamplingFloor` has the floors.
    """

    source = Source("chen2023", "a folklore reading of client sampling")
    statement = "folklore: E‖θ_r − x*‖² → 0 without noise for every number m of sampled clients"

    def bound(self, c: Constants, T: int) -> float:
        return 0.0
