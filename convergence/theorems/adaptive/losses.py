"""Reddi, Kale and Kumar 2018: on linear losses in turn Adam's average gap need not go to 0."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.reshuffling import InTurn
from convergence.algorithms.optax_adapter import FromOptax
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.points import Above
from convergence.shapes import Reals, real
from convergence.theorems.adaptive.online import boxed
from convergence.theorems.assumptions import Has, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number

EPS = 1e-8


def decaying(eta: Any, b2: Any, eps: Any, largest: bool) -> optax.GradientTransformation:
    """optax's Adam or AMSGrad with β₁ = 0 and the rates η/√t, kept in [−1, 1]."""

    def rate(count: Any) -> Any:
        return eta / jnp.sqrt(count + 1.0)

    method = (optax.amsgrad if largest else optax.adam)(rate, b1=0.0, b2=b2, eps=eps)
    return optax.chain(method, boxed())


class AbstractLosses(AbstractTheorem):
    """The average gap of f = (1/n) Σ f_i, f_i(x) = c_i x on [−1, 1], one loss after the other."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, inf)"), "b2": number("[0, 1)")}

    eta: Reals = eqx.field(converter=real, default=1.0)
    b2: Reals = eqx.field(converter=real, default=0.1)
    largest = False

    @varies
    def assumes(self) -> Any:
        """Exact gradients, linear losses, whole periods."""
        whole = Within("T mod n", self, "left", 0.0, 0.0)
        return (NoNoise(), Has("agents"), Has("box_Delta"), Has("L", 0.0, 0.0), whole)

    def left(self, c: Constants, T: int) -> float:
        """T mod n."""
        return T % np.size(c.turns)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        given: dict[str, Any] = dict(
            eta=float(self.eta), b2=float(self.b2), eps=EPS, largest=self.largest
        )
        return InTurn(FromOptax(decaying, **given), int(c.agents))

    def metric(self, c: Constants, T: int) -> Average:
        return Average(Above(c.box_least))

    def bound(self, c: Constants, T: int) -> float:
        slopes, eta = np.asarray(c.turns), float(self.eta)
        G, root = float(np.abs(slopes).max()), (1 - float(self.b2)) ** 0.5
        P = float(np.abs(np.cumsum(slopes - slopes.mean())).max())
        return float((2 * (G + EPS) / eta + eta * (G + 2 * P) / root) / T**0.5)

    def trivial(self, c: Constants, T: int) -> float:
        return 2 * float(c.box_Delta)


class AMSGradInTurn(AbstractLosses):
    """(1/T) Σ_{t≤T} (f(x_t) − min f) ≤ [2G/η + η(G + 2P)/√(1 − β₂)]/√T, n ∣ T, for AMSGrad with
    β₁ = 0 and rates η/√t on linear losses in turn over [−1, 1]; G = max |c_i|, P the largest
    |Σ_{i≤j} (c_i − c̄)|; a damping ε counts in G/η.

    Proof. It is projected gradient descent with rates a_t = η/√(t v̂_t), which do not increase:
    Σ f_t(x_t) − f_t(x*) ≤ D²/(2a_T) + ½ Σ a_t g_t² (Zinkevich 2003), D = 2. Here v̂_t ≤ G², and
    v̂_t ≥ (1 − β₂)g_t², so that a_t|g_t| ≤ η/√((1 − β₂)t) and ½ Σ a_t g_t² ≤ ηG√(T/(1 − β₂)). Over
    a period from s on, by Abel's summation, Σ_k (c̄ − c_k)x_{s+k} = Σ_j P_j (x_{s+j+1} − x_{s+j}),
    P_j = Σ_{i≤j} (c_i − c̄): the gaps of f are those of f_t up to P Σ_t η/√((1 − β₂)t). ∎ No
    instance of slack near 1 is known: √(1 − β₂) is for gradients that were never larger before,
    and G/η for those that always were.
    """

    source = Source("reddi2018", "Corollary 1, for β₁ = 0 on linear losses in turn; derived")
    statement = "(1/T) Σ f(x_t) − min f ≤ [2G/η + η(G+2P)/√(1−β₂)]/√T,  AMSGrad, losses in turn"
    largest = True


class AdamInTurn(AbstractLosses):
    """FALSE. The bound of `AMSGradInTurn` for Adam: what the proof of Kingma and Ba's Theorem 4.1
    gives, which takes √(t v̂_t) to increase.

    With slopes C, −1, −1 and C above 2 Adam divides C by the largest of the three averages of g²,
    and climbs to the worst point (Reddi, Kale and Kumar 2018, Theorem 1).
    """

    source = Source("kingma2015", "Theorem 4.1, for β₁ = 0 on linear losses in turn")
    statement = (
        "(1/T) Σ f(x_t) − min f ≤ [2G/η + η(G+2P)/√(1−β₂)]/√T,  Adam, losses in turn (false)"
    )
