"""Reddi, Kale and Kumar 2018: on losses in turn Adam can climb, and AMSGrad does not."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.constants import Constants
from convergence.metrics.points import Distance
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number

C = 3.0
B2 = 1 / (1 + C**2)


class UnitSlope(AbstractAssumption):
    """f(x) = x on the line, from 0."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        g = np.asarray(c.g if "g" in c else np.nan)
        right = g.size == 1 and float(g.ravel()[0]) == 1 and not np.any(np.asarray(c.x0))
        return Checked("slope", bool(right), float(g.ravel()[0]), "f(x) = x from 0 is needed")


def turning(period: int, first: float, others: float) -> Any:
    """Gradients times `first` at every period-th step, the first too, else times `others`."""

    def turned(updates: Any, count: Any, params: Any = None) -> Any:
        factor = jnp.where(count % period == 0, first, others)
        return jax.tree.map(lambda g: factor.astype(g.dtype) * g, updates), count + 1

    return optax.GradientTransformation(lambda params: jnp.zeros([], jnp.int32), cast(Any, turned))


def boxed() -> Any:
    """Steps that end where [−1, 1] does."""

    def cut(updates: Any, state: Any, params: Any = None) -> Any:
        return jax.tree.map(lambda p, u: jnp.clip(p + u, -1, 1) - p, params, updates), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), cast(Any, cut))


def largest_uncorrected(b1: float, b2: float) -> Any:
    """m/√v̂ as Algorithm 2 of Reddi et al. has it: v̂ the largest v so far, nothing corrected."""

    def update(g: Any, state: Any, params: Any = None) -> Any:
        m, v, most = state
        m = jax.tree.map(lambda a, b: b1 * a + (1 - b1) * b, m, g)
        v = jax.tree.map(lambda a, b: b2 * a + (1 - b2) * b * b, v, g)
        most = jax.tree.map(jnp.maximum, most, v)
        return jax.tree.map(lambda a, b: a / jnp.sqrt(b), m, most), (m, v, most)

    def init(params: Any) -> Any:
        return (jax.tree.map(jnp.zeros_like, params),) * 3

    return optax.GradientTransformation(init, cast(Any, update))


def in_turn(learning_rate: Any, b2: Any, name: str) -> Any:
    """A method of optax with β₁ = 0 on f_t = 3f, −f, −f, 3f, …, kept in [−1, 1]."""
    method = getattr(optax, name, None) or getattr(optax.contrib, name)
    # ADOPT's ε is a floor of √v that its first step alone would need, and that one is clipped to 0.
    eps = 1e-9 if name == "adopt" else 0.0
    return optax.chain(turning(3, C, -1.0), method(learning_rate, b1=0.0, b2=b2, eps=eps), boxed())


class AdamClimbs(AbstractTheorem):
    """x_T = 1, at a distance 2 from the minimizer −1, for Adam with β₁ = 0 and β₂ = 1/(1 + C²) on
    f_t = Cx if 3 ∣ t − 1, else −x, over [−1, 1] from 0, C = 3, if 3 ∣ T ≥ 9/η.

    Proof. v̂ is a mean of past g², the last of weight at least 1 − β₂ = .9. After g = C it is at
    least .9C², so x falls by at most ηC/(√.9 C) = 1.055η; it is at most C², so that after the next
    gradient v̂ ≤ β₂C² + .9 = 1.8 and after the second v̂ ≤ .18 + .9 = 1.08: x rises by at least
    (.745 + .962)η = 1.7η. It gains .64η in three steps until it is held at 1, and from there it
    falls by 1.055η and is back at 1 two steps later. ∎
    """

    kind = Kind.PATHWISE
    source = Source("reddi2018", "Theorem 1, with a constant step; the numbers derived")
    provenance = Provenance.DERIVED
    statement = "x_T = 1 = argmax Σf_t over [−1, 1],  Adam with β₁ = 0, β₂ = 1/10 on 3x, −x, −x, …"
    domain = {"eta": number("(0, 1]")}

    eta: Reals = eqx.field(converter=real, default=0.05)
    method: ClassVar[str] = "adam"

    @varies
    def assumes(self) -> Any:
        """3 ∣ T ≥ 9/η."""
        short = Within("9/η − T", self, "missing", -float("inf"), 0.0)
        return (NoNoise(), UnitSlope(), Within("T mod 3", self, "left", 0.0, 0.0), short)

    def left(self, c: Constants, T: int) -> float:
        """T mod 3."""
        return T % 3

    def missing(self, c: Constants, T: int) -> float:
        """9/η − T."""
        return 9 / float(self.eta) - T

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return FromOptax(in_turn, learning_rate=float(self.eta), b2=B2, name=self.method)

    def metric(self, c: Constants, T: int) -> Any:
        return Distance(-1.0)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 2.0, 2.0


class AMSGradDescends(AdamClimbs):
    """x_T = −1 + 2η/C for AMSGrad, on the losses of `AdamClimbs`.

    Proof. The largest v̂ is C² from the first gradient on: x falls by η and rises twice by η/C,
    which makes −η/3 in three steps, until it is held at −1 and rises from there. ∎
    """

    source = Source("reddi2018", "Algorithm 2 on the losses of Theorem 1; derived")
    statement = "x_T = −1 + 2η/3,  AMSGrad with β₁ = 0, β₂ = 1/10 on 3x, −x, −x, …"
    method = "amsgrad"

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 2 * float(self.eta) / C, 2 * float(self.eta) / C


class ADOPTDescends(AdamClimbs):
    """x_T = −1 + η(v₁^{−½} + v₂^{−½}), v₁ = .1v₃ + 8.1, v₂ = .1v₁ + .9, v₃ = .1v₂ + .9, for ADOPT
    as optax ships it, with β₁ = 0 on the losses of `AdamClimbs` with its β₂, up to parts of 1e-60,
    if 3 ∣ T ≥ max{60, 9/η}: normalized by the v before the gradient, it descends where Adam climbs.

    Proof. v₁, v₂, v₃ after the gradients C, −1, −1 approach these by 1e-3 a period, from v = C² on,
    from above. In the period of t the two rises are at most 1.1115η, and the fall is min{t^{¼},
    C/√v₃ = 2.897}η for the clip t^{¼}: it gains 1.1η a period on average over the first 20, and
    more in later ones, until it is held at −1, where each fall from −1 + 1.1115η ends. ∎
    """

    source = Source("taniguchi2024", "Algorithm 2 (clipped) on Reddi's losses; derived")
    statement = "x_T = −1 + η(v₁^{−½} + v₂^{−½}) ≈ −1 + 1.1114η,  ADOPT, β₂ = 1/10, on 3x, −x, −x"
    method = "adopt"

    def missing(self, c: Constants, T: int) -> float:
        """max{60, 9/η} − T."""
        return max(60.0, 9 / float(self.eta)) - T

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        b = B2
        v3 = (1 - b) * (1 + b + b**2 * C**2) / (1 - b**3)
        v1 = b * v3 + (1 - b) * C**2
        rises = v1**-0.5 + (b * v1 + 1 - b) ** -0.5
        return float(self.eta) * rises, float(self.eta) * rises


def in_periods(scale: Any, largest: bool) -> Any:
    """optax's Adam, or AMSGrad without corrections, with (.9, .99) and η_t = scale/√t on f_t =
    1010f at every 101st step, the first among them, and −10f else, kept in [−1, 1]."""

    def rate(count: Any) -> Any:
        return scale / jnp.sqrt(count + 1.0)

    plain = optax.adam(rate, b1=0.9, b2=0.99, eps=0.0)
    other = optax.chain(largest_uncorrected(0.9, 0.99), optax.scale_by_learning_rate(rate))
    return optax.chain(turning(PERIOD, 1010.0, -10.0), other if largest else plain, boxed())


PERIOD = 101


class AdamClimbsWithMomentum(AbstractTheorem):
    """x_T = 1, the worst point of [−1, 1], for Adam with (β₁, β₂) = (.9, .99) and η_t = .5/√t, on
    f_t = 1010x if t = 1 modulo 101, else −10x, from 0, if 101 ∣ T ≥ 40 400.

    Proof. j steps after a large gradient m = −10 + 102·.9^j/(1 − .9^101) and
    v = 100 + 10 200·.99^j/(1 − .99^101), up to parts of .99^t, 2e-9 for t ≥ 2020, in m̂ and v̂. So
    x falls in the first 23 steps of a period by at most 5.666η and rises in the others by at least
    7.566η', η' ≥ (1 − 50/t)η its last rate: a gain of 1.71η or more, until x is held at 1, where
    each later period ends too. From t = 2020 to 40 400 the gains add up to
    .855 Σ_{k=20}^{399} (101k + 1)^{−½} ≥ 2.6 > 2. ∎
    """

    kind = Kind.PATHWISE
    source = Source("reddi2018", "section 5, the synthetic example; the numbers derived")
    provenance = Provenance.DERIVED
    statement = (
        "x_T = 1 = argmax Σf_t,  Adam with β = (.9, .99), η_t = 1/(2√t), 1010x every 101st step"
    )
    domain = {}
    largest: ClassVar[bool] = False
    first: ClassVar[int] = 40_400

    @varies
    def assumes(self) -> Any:
        """101 ∣ T, from where x has come to its end."""
        short = Within("first − T", self, "missing", -float("inf"), 0.0)
        return (NoNoise(), UnitSlope(), Within("T mod 101", self, "left", 0.0, 0.0), short)

    def left(self, c: Constants, T: int) -> float:
        """T mod 101."""
        return T % PERIOD

    def missing(self, c: Constants, T: int) -> float:
        """first − T."""
        return self.first - T

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return FromOptax(in_periods, scale=0.5, largest=self.largest)

    def metric(self, c: Constants, T: int) -> Any:
        return Distance(-1.0)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 2.0, 2.0


class AMSGradDescendsWithMomentum(AdamClimbsWithMomentum):
    """x_T = −1 + Σ_{j=23}^{100} η_{T−100+j}|m_j|/√V for AMSGrad, on the losses, averages and rates
    of `AdamClimbsWithMomentum` without bias corrections, if 101 ∣ T ≥ 202 000, with
    m_j = −10 + 102·.9^j/(1 − .9^101) and V = 100 + 10 200/(1 − .99^101): x_T ≤ −.9939.

    Proof. j steps after a large gradient m = m_j up to parts of .9^t; v is largest at the large
    gradients and grows to V there, up to parts of .99^t. m_j > 0 for j < 23, the sum of these is
    699.7, and that of all is 10. Rates fall, so that a period from s on lowers x, where nothing
    holds it, by at least 10η_{s+22}/√V, and every (η_{s+j} − η_{s+23})m_j adds to that: in all by
    (.00391 + .0776/k)/√k for s = 101k. After 34 periods x = −.753, by computation; from there to
    2000 the sum is .32 > .247, so that x has been held at −1. Once it is, it is again in the next
    period: its fall is at least 699.7η_{s+123}, and what it had risen at most 689.7η_{s+23}, which
    is less for s ≥ 3500. So T − 101 begins a last period that was held, and x_T is what it has
    risen since. ∎
    """

    source = Source("reddi2018", "section 5 and Algorithm 2; the numbers derived")
    statement = "x_T = −1 + Σ_{j≥23} η|m_j|/√V,  AMSGrad with β = (.9, .99), 1010x every 101st step"
    largest = True
    first = 202_000

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        j = np.arange(23, PERIOD)
        m = -10 + 102 * 0.9**j / (1 - 0.9**PERIOD)
        rates = 0.5 / np.sqrt(T - 100 + j)
        risen = float(np.sum(rates * -m)) / (100 + 10_200 / (1 - 0.99**PERIOD)) ** 0.5
        return risen, risen


class AdamDescends(AdamClimbs):
    """FALSE. Adam comes within 2η/C of the minimizer, as AMSGrad does, whatever β₂."""

    source = Source("kingma2015", "Corollary 4.2: the average regret goes to 0 for every β₂")
    statement = "x_T ≤ −1 + 2η/3,  Adam with β₁ = 0, β₂ = 1/10 on 3x, −x, −x, … (false)"

    def bound(self, c: Constants, T: int) -> Any:
        return 2 * float(self.eta) / C


class AdamDescendsWithMomentum(AdamClimbsWithMomentum):
    """FALSE. x_T ≤ −.59 for Adam, if 101 ∣ T ≥ 202: the first period takes x there, and the mean
    slope is positive in every other as well."""

    source = Source("kingma2015", "Corollary 4.2: the average regret goes to 0 for every β")
    statement = (
        "x_T ≤ −.59,  Adam with β = (.9, .99), η_t = 1/(2√t), 1010x every 101st step (false)"
    )
    first = 202

    def bound(self, c: Constants, T: int) -> Any:
        return 0.41


class AMSGradClimbsWithMomentum(AMSGradDescendsWithMomentum):
    """FALSE. AMSGrad ends in the worse half, x_T ≥ 0, as Adam does, if 101 ∣ T."""

    source = Source("reddi2018", "section 5, what is told of Adam read of AMSGrad; control")
    statement = "x_T ≥ 0,  AMSGrad with β = (.9, .99), 1010x every 101st step (false)"
    first = 101

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 1.0, 2.0
