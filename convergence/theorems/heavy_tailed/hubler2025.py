"""Hübler, Fatkhullin and He 2025: normalized SGD with batches, with and without knowing p."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx

from convergence.algorithms.heavy_tailed.nsgd import NSGD
from convergence.constants import Constants
from convergence.shapes import Reals, Whole, real, whole
from convergence.theorems.assumptions import Smooth
from convergence.theorems.base import Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import count, number
from convergence.theorems.heavy_tailed.shared import (
    PRESCRIBED,
    AbstractNormalized,
    PthMoment,
    noiseless_step,
    tail,
)


class BatchNSGD(AbstractNormalized):
    """E Y_T ≤ Δ/(γT) + Lγ/2 + 2c_pσB^{−(p−1)/p}, and 2σ for the noise at B = 1; γ = √(2Δ/(LT)).

    Proof. e^t is the mean of B errors, independent given w^t (drawn with replacement): its first
    moment is at most c_pσB^{−(p−1)/p} by the moment lemma. Insert in the descent inequality.
    B is the statement's free parameter.
    """

    source = Source("hubler2025", "minibatch NSGD; constants derived")
    statement = "E Y_T ≤ Δ/(γT) + Lγ/2 + 2c_pσB^(−(p−1)/p),  γ = √(2Δ/(LT)),  NSGD with batches"

    domain = {"B": count(), "alpha": PRESCRIBED}

    B: Whole = eqx.field(converter=whole, default=1)

    def batch(self, c: Constants, T: int) -> int:
        """B."""
        return int(self.B)

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        return 1.0, noiseless_step(c, T)

    def prescribe(self, c: Constants, T: int) -> NSGD:
        return NSGD(self.gamma(c, T), self.batch(c, T))

    def bound(self, c: Constants, T: int) -> float:
        t, B = tail(c), self.batch(c, T)
        noise = 2 * t.sigma * (t.c * B ** (-(t.p - 1) / t.p) if B > 1 else 1.0)
        return self.walk(c, T) + noise


class BatchNSGDBudget(BatchNSGD):
    """E Y_T ≤ √(2LΔ/T) + 2c_pσB^{−r} ≤ (1+1/(2r))√(2LΔ/T), r = (p−1)/p, in batches of
    B = ⌈(4rc_pσ/√(2LΔ/T))^{1/r}⌉.

    Up to rounding the batch that makes the bound smallest among all B, T with BT = N samples: along
    them √(2LΔB/N) + 2c_pσB^{−r} is least where √(2LΔ/T) = 4rc_pσB^{−r}. In samples the bound is
    of the order N^{−(p−1)/(3p−2)} (`heavy_closed.BudgetForm`).
    """

    source = Source("hubler2025", "minibatch NSGD with the best batch; constants derived")
    statement = (
        "E Y_T ≤ √(2LΔ/T) + 2c_pσB^(−r),  r = (p−1)/p, "
        "B = ⌈(4rc_pσ/√(2LΔ/T))^(1/r)⌉: the best batch for its number of samples"
    )
    domain = {"B": number("[1, 1]"), "scale": number("[1, 1]")}

    @varies
    def assumes(self) -> Any:
        # p near 1 asks for batches that no integer of 32 bits holds.
        held = Within("a batch that can be drawn", self, "batch", 1, 2**31 - 1)
        return (*BatchNSGD.assumes, held)

    def batch(self, c: Constants, T: int) -> int:
        t = tail(c)
        r = (t.p - 1) / t.p
        wanted = 4 * r * t.c * t.sigma / (c.L * noiseless_step(c, T))
        return max(1, math.ceil(min(wanted ** (1 / r), 1e18)))


class BatchNSGDUnknown(BatchNSGD):
    """E Y_T ≤ (Δ/γ₀ + Lγ₀/2)T^{−1/2} + 2c_pσT^{−(p−1)/p} with B = T, γ = γ₀/√T.

    Blind to p, L, σ and Δ. In N = T² samples the exponents are 1/4 and (p−1)/(2p).
    """

    source = Source("hubler2025", "parameter-free batches; constants derived")
    statement = "E Y_T ≤ (Δ/γ₀ + Lγ₀/2)/√T + 2c_pσT^(−(p−1)/p),  B = T, γ = γ₀/√T,  p unknown"
    assumes = (Smooth(), PthMoment())
    domain = {"B": number("[1, 1]"), "gamma0": number("(0, inf)")}

    gamma0: Reals = eqx.field(converter=real, default=1.0)

    def batch(self, c: Constants, T: int) -> int:
        return T

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        return 1.0, float(self.gamma0) / math.sqrt(T)
