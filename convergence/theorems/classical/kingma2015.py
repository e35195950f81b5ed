"""Kingma and Ba 2015 (Adam): what its bias correction is for, and its convergence theorem."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax

from convergence.algorithms.optax_adapter import FromOptax
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap, Value
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import FiniteVariance, Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import number


class AdamLinear(AbstractTheorem):
    """−ηT‖g‖₁ ≤ f(x_T) − f(x_0) ≤ −ηT Σ_i g_i²/(|g_i| + ε) on f(x) = ⟨g, x⟩, for Adam with a
    damping of at most ε: every step of Adam is η g/(|g| + damping).

    Proof. m_t = (1 − β₁^t)g and v_t = (1 − β₂^t)g², so the corrected moments are g and g² at every
    t. A missing, mistimed or misplaced correction changes the first steps at once.
    """

    kind = Kind.PATHWISE
    source = Source("kingma2015", "Section 3, initialization bias correction")
    provenance = Provenance.DERIVED
    statement = "−ηT‖g‖₁ ≤ f(x_T) − f(x_0) ≤ −ηT Σ_i g_i²/(|g_i| + ε) for Adam on f(x) = ⟨g, x⟩"
    assumes = (NoNoise(), Has("L", 0.0, 0.0))

    domain = {"eta": number("(0, inf)"), "eps": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.01)
    eps: Reals = eqx.field(converter=real, default=1e-8)

    def prescribe(self, c: Constants, T: int) -> FromOptax:
        return FromOptax(optax.adam, learning_rate=float(self.eta), eps=float(self.eps))

    def metric(self, c: Constants, T: int) -> Value:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        size = np.abs(c.g)
        damped = np.divide(size**2, size + float(self.eps), out=np.zeros_like(size), where=size > 0)
        first, far = float(np.sum(c.g * c.x0)), float(self.eta) * T
        return first - far * float(size.sum()), first - far * float(damped.sum())


def decaying_adam(eta: Any, b1: Any, b2: Any) -> optax.GradientTransformation:
    """Adam with the steps η/√t."""
    return optax.adam(lambda count: eta / jnp.sqrt(count + 1.0), b1=b1, b2=b2)


class AdamRegret(AbstractTheorem):
    """(1/T) Σ_{t<T} (E f(x_t) − f*) = O(T^{−1/2}) for convex f of bounded gradients, steps η/√t and
    β₁² < √β₂.

    False: where large gradients are rare, Adam divides them by their own size and the many small
    ones win (Reddi, Kale and Kumar 2018). The proof takes √(t v_t) to increase.
    """

    kind = Kind.RATE
    source = Source("kingma2015", "Theorem 4.1 and Corollary 4.2")
    provenance = Provenance.RECALLED
    statement = "(1/T) Σ_{t<T} (E f(x_t) − f*) = O(T^{−1/2}) for Adam with steps η/√t, f convex"
    assumes = (Smooth(), FiniteVariance(), Is("convex"), Has("G", 0.0))
    domain = {"eta": number("(0, inf)"), "b1": number("[0, 1)"), "b2": number("[0, 1)")}

    eta: Reals = eqx.field(converter=real, default=1.0)
    b1: Reals = eqx.field(converter=real, default=0.0)
    b2: Reals = eqx.field(converter=real, default=0.9)

    def prescribe(self, c: Constants, T: int) -> FromOptax:
        return FromOptax(decaying_adam, eta=float(self.eta), b1=float(self.b1), b2=float(self.b2))

    def metric(self, c: Constants, T: int) -> Average:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        return T**-0.5

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)
