"""Mean or median: where sign descent and Adam go under noise of two values, one of them rare."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import adam, from_optax
from convergence.constants import Constants
from convergence.metrics.attention import Along
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import code_of, number

LONGEST = 12  # 2^T outcomes


def values(c: Constants) -> tuple[float, float]:
    """−s and r: the rare value of the noise, and the other one."""
    return -c.sigma * ((1 - c.q) / c.q) ** 0.5, c.sigma * (c.q / (1 - c.q)) ** 0.5


class RareBelow(AbstractAssumption):
    """One dimension, and two values of noise: the rare one is negative."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        law = noise.atoms((1,)) if c.d == 1 and np.size(c.x0) == np.size(c.x_star) == 1 else None
        if law is None:
            return Checked("two values", False, None, "noise of known values in one dimension")
        chances, found = (np.asarray(v, float).ravel() for v in law)
        kept = sorted(zip(found[chances > 0], chances[chances > 0]))
        wanted = list(zip(values(c), (c.q, 1 - c.q)))
        # 1e-9: σ and q are of the values, rounded.
        right = len(kept) == 2 and np.allclose(kept, wanted, rtol=1e-9, atol=0)
        return Checked("two values", bool(right), len(kept), "−s with a chance q < ½, and r")


class AbstractSkewedBowl(AbstractTheorem):
    """E x_T on (L/2)(x − x*)², in one dimension, with noise −s (chance q < ½) and r: the median of
    the samples x* − ξ/L is a = x* − r/L."""

    kind = Kind.EXACT
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, inf)"), "code": code_of("optax", "torch")}

    eta: Reals = eqx.field(converter=real, default=0.125)
    code: str = "optax"

    @varies
    def assumes(self) -> Any:
        """One bowl, and two values."""
        return (Is("isotropic"), Has("d", 1, 1), Positive("q"), RareBelow())

    def metric(self, c: Constants, T: int) -> Any:
        return Along(np.ones(1))


class SignSeeksMedian(AbstractSkewedBowl):
    """E x_T = Σ_k p_T(k)(x_0 + kη) for sign descent on (L/2)(x − x*)² in one dimension, noise −s
    with the chance q < ½ and r else: p_0(0) = 1, and k becomes k + 1 with the chance 1 below a =
    x* − r/L, q between a and b = x* + s/L, 0 above b, else k − 1. From an odd multiple of η/2 away
    from a the mean of E x_T and E x_{T+1} comes to a + η/2 − ηm, m = (1 − 2q)/(2 − 2q)·(1 − q/(1 −
    2q)²), as long as b is far: to the median a of the samples, not to x*, their mean.

    Proof. L(x − x*) + r > 0 iff x > a, and L(x − x*) − s > 0 iff x > b. From x = a − η/2 + jη, j ≥
    0, the balance of π is π_1 = π_0/(1 − q), π_{j+1} = π_j q/(1 − q). ∎
    """

    source = Source("karimireddy2019", "Counterexample 1 on a parabola; derived")
    statement = "E x_T = Σ_k p_T(k)(x_0 + kη),  sign descent on (L/2)(x−x*)², two-valued noise"
    domain = {"code": code_of("optax")}

    @varies
    def assumes(self) -> Any:
        """No point of the walk where a sign turns."""
        return (*super().assumes, Within("distance from a and b", self, "apart", 0.01, 0.5))

    def ends(self, c: Constants) -> tuple[float, float]:
        """a and b, less x_0, in steps."""
        low, high = values(c)
        back = float(np.ravel(c.x_star)[0] - np.ravel(c.x0)[0])
        return (back - high / c.L) / float(self.eta), (back - low / c.L) / float(self.eta)

    def apart(self, c: Constants, T: int) -> float:
        """How near the walk comes to a or b, in steps."""
        return min(abs(v - round(v)) for v in self.ends(c))

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("sign_sgd", learning_rate=float(self.eta))

    def places(self, c: Constants, T: int) -> tuple[np.ndarray, np.ndarray]:
        """p_T and the places x_0 + kη, |k| ≤ T."""
        k = np.arange(-T, T + 1)
        a, b = self.ends(c)
        up = np.where(k < a, 1.0, np.where(k < b, c.q, 0.0))
        p = (k == 0).astype(float)
        for _ in range(T):
            p = np.pad((p * up)[:-1], (1, 0)) + np.pad((p * (1 - up))[1:], (0, 1))
        return p, float(np.ravel(c.x0)[0]) + float(self.eta) * k

    def bound(self, c: Constants, T: int) -> float:
        p, x = self.places(c, T)
        return float(p @ x)

    def second_moment(self, c: Constants, T: int) -> float:
        p, x = self.places(c, T)
        return float(p @ x**2)


class AdamTowardsMedian(AbstractSkewedBowl):
    """E x_T = Σ_ω P(ω)x_T(ω) over the 2^T outcomes of the noise for Adam without ε on (L/2)(x −
    x*)² in one dimension, noise −s with the chance q < ½ and r else, T ≤ 12: begun at the
    minimizer, where ∇f = 0, Adam leaves it for the median of the samples.

    Proof. x_T is a function of T samples, of which each has two values. ∎ At β = (0, 0) it is
    `SignSeeksMedian`. As η → 0 the place where E[m̂/√v̂] = 0 for a fixed x is where it settles: for
    X = 9 (.1) and −1 (.9), that is f = E(x − X)²/2, at −1, −.411, −.265, −.038 and −.0035 for β =
    (0, 0), (0, .9), (.9, .9), (.9, .99) and (.9, .999) (computed).
    """

    source = Source("kingma2015", "Algorithm 1 under noise of two values; derived")
    statement = "E x_T = Σ_ω P(ω)x_T(ω) over 2^T outcomes,  Adam on (L/2)(x−x*)², two-valued noise"
    domain = {"b1": number("[0, 1)"), "b2": number("[0, 1)")}

    b1: Reals = eqx.field(converter=real, default=0.0)
    b2: Reals = eqx.field(converter=real, default=0.9)

    @varies
    def assumes(self) -> Any:
        """Few steps, and nothing divided by 0."""
        return (*super().assumes, Within("T", self, "steps", 1, LONGEST),
                Within("min √v̂/σ", self, "least", 1e-6))  # fmt: skip

    def steps(self, c: Constants, T: int) -> float:
        """T."""
        return float(T)

    def least(self, c: Constants, T: int) -> float:
        """The least √v̂ of all outcomes over σ."""
        return self.outcomes(c, T)[2] / c.sigma if T <= LONGEST else 0.0

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return adam(self.eta, self.b1, self.b2, self.code)

    @np.errstate(all="ignore")  # what is divided by 0 is no outcome of an admissible instance
    def outcomes(self, c: Constants, T: int) -> tuple[np.ndarray, np.ndarray, float]:
        """(2^T,) the chances, x_T, and the least √v̂."""
        eta, b1, b2 = float(self.eta), float(self.b1), float(self.b2)
        rare = (np.arange(2**T)[:, None] >> np.arange(T)) & 1 == 1
        low, high = values(c)
        at, star = float(np.ravel(c.x0)[0]), float(np.ravel(c.x_star)[0])
        x, m, v, least = np.full(2**T, at), np.zeros(2**T), np.zeros(2**T), np.inf
        for t in range(T):
            g = c.L * (x - star) + np.where(rare[:, t], low, high)
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            size = np.sqrt(v / (1 - b2 ** (t + 1)))
            least = min(least, float(size.min()))
            x = x - eta * m / (1 - b1 ** (t + 1)) / size
        count = rare.sum(axis=1)
        return c.q**count * (1 - c.q) ** (T - count), x, least

    def bound(self, c: Constants, T: int) -> float:
        chances, x, _ = self.outcomes(c, T)
        return float(chances @ x)

    def second_moment(self, c: Constants, T: int) -> float:
        chances, x, _ = self.outcomes(c, T)
        return float(chances @ x**2)
