"""Exact laws behind the counterexamples: clipped plateaus, spikes on a quadratic, certificates."""

from __future__ import annotations

import itertools
import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.constants import Constants
from convergence.metrics.certificates import NoiseAverage
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNorm, GradNormSq
from convergence.noise.atoms import Atoms
from convergence.noise.base import AbstractNoise
from convergence.noise.two_point import three_point, two_point
from convergence.problems.base import AbstractProblem, start_slope
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    ExactVariance,
    FiniteVariance,
    Has,
    Improvable,
    Is,
    Smooth,
)
from convergence.theorems.base import (
    AbstractIdentity,
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
    varies,
)
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number
from convergence.theorems.heavy_tailed.lemmas import TOLERANCE, excess
from convergence.theorems.heavy_tailed.shared import PthMoment, tail
from convergence.theorems.heavy_tailed.sun2025 import AbstractNSGDMomentum
from convergence.theorems.shrinking import averaged, summed


class OnThePlateau(AbstractAssumption):
    """∇f(w⁰) = g*e, ξ = se with chance q and −lo e else, and no path is likely to leave the range
    in which the clipped mean is linear: T exp(−x²/(2v + (2/3)xb)) ≤ 10⁻³ for the distance x from g*
    to its lower end, the steady variance v = Lγ[(1−q)(lo−g*)² + qh²]/(2(1−q)) and steps b = Lγh."""

    h: float = eqx.field(static=True)
    step: float = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        name = "the start and the noise of the plateau"
        if type(noise) is not Atoms or np.sum(np.asarray(noise.chances) > 0) != 2:
            return Checked(name, False, None, "noise of two atoms is needed")
        kept = np.asarray(noise.chances) > 0
        chances, values = np.asarray(noise.chances)[kept], np.asarray(noise.values)[kept]
        q, v = float(chances.min()), float(values[np.argmin(chances)])
        s, e = abs(v), np.sign(v) * np.asarray(noise.along)
        g, lo, h = plateau(q, s, self.h), s * q / (1 - q), self.h
        off = float(np.linalg.norm(start_slope(problem) - g * e))
        x = g - max(0.0, lo - h, h - s)
        spread = self.step * ((1 - q) * (lo - g) ** 2 + q * h * h) / (2 * (1 - q))
        left = c.T * math.exp(-(x**2) / (2 * spread + 2 / 3 * x * self.step * h)) if x > 0 else 1.0
        holds = bool(off <= 1e-6 * g and left <= 1e-3 and q < 0.5)
        return Checked(name, holds, off, f"‖∇f(w⁰) − g*e‖ for g* = {g:.4g}; leaves: {left:.2g}")


class ClippedPlateau(AbstractTheorem):
    """E ∇f(w^t) = g* = q(s−h)/(1−q) for all t: clipped SGD with a fixed h on (L/2)‖w‖².

    ∇f(w⁰) = g*e and skewed noise: s e with chance q, −lo e otherwise, lo = sq/(1−q). The gradient
    does not shrink, whatever γ.

    Proof. While |g − lo| < h and g + s > h, E clip = (1−q)(g−lo) + qh, which is linear in g and
    vanishes at g*; E g^{t+1} − g* = (1 − Lγ(1−q))(E g^t − g*). Paths go up by Lγ(lo − g) and down
    by Lγh: below lo + h always, and above max{0, lo − h, h − s} but for a chance (`OnThePlateau`,
    Bernstein), which the margin covers. So is ‖∇f‖ = g there.
    """

    kind = Kind.EXACT
    source = Source("koloskova2023", "Section 3, a plateau in closed form; derived")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ E‖∇f(w^t)‖ = q(s−h)/(1−q) for every γ and T,  clipped SGD, fixed h"
    domain = {"h": number("(0, inf)"), "gamma": number("(0, 1)")}

    h: Reals = eqx.field(converter=real, default=1.0)
    gamma: Reals = eqx.field(converter=real, default=0.02)

    @varies
    def assumes(self) -> Any:
        on = OnThePlateau(float(self.h), float(self.gamma))
        return (Is("isotropic"), FiniteVariance(), on)

    def prescribe(self, c: Constants, T: int) -> ClippedSGD:
        return ClippedSGD(float(self.gamma) / c.L, self.h)

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNorm())

    def bound(self, c: Constants, T: int) -> float:
        return plateau(c.q, c.top, float(self.h))


def plateau(q: float, s: float, h: float) -> float:
    """g* = q(s−h)/(1−q)."""
    return q * (s - h) / (1 - q)


class SGDAverageLaw(AbstractTheorem):
    """(1/T) Σ_{t<T} E‖∇f(w^t)‖² = (1/T) Σ u_t, u_{t+1} = (1−Lγ)²u_t + L²γ²σ², on (L/2)‖w‖².

    u_0 = ‖∇f(w⁰)‖².
    σ² = E‖ξ‖² is what counts, not the p-th moment: γ = scale·min{1/L, √(2Δ/(Lσ_p²T))} < 2/L.
    """

    kind = Kind.EXACT
    source = Source("ghadimi2013", "the recursion of a quadratic; derived")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(w^t)‖² = u_t,  u_{t+1} = (1−Lγ)²u_t + L²γ²σ²,  SGD on (L/2)‖w‖²"
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        short = Within("γL < 2", self, "step", 0.0, 1.99)
        return (Is("isotropic"), ExactVariance(), Improvable(), short)

    def step(self, c: Constants, T: int) -> float:
        """γL."""
        return self.gamma(c, T) * c.L

    def gamma(self, c: Constants, T: int) -> float:
        """γ."""
        sigma = tail(c).sigma
        tuned = math.sqrt(2 * c.Delta / (c.L * T)) / sigma if sigma > 0 else math.inf
        return float(self.scale) * min(1 / c.L, tuned)

    def prescribe(self, c: Constants, T: int) -> ClippedSGD:
        return ClippedSGD(self.gamma(c, T), math.inf)

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return quadratic_average(c.L * self.gamma(c, T), c.grad0**2, c.sigma**2, T)


def quadratic_average(eta: float, start: float, variance: float, T: int) -> float:
    """(1/T) Σ_{t<T} u_t for u_{t+1} = (1−η)²u_t + η²·variance, in closed form."""
    x = eta * (2 - eta)
    return float(summed(x, T) / T * start + averaged(x, T) * eta * variance / (2 - eta))


class SGDShortSteps(SGDNonconvex):
    """(1/T) Σ E‖∇f(w^t)‖² ≤ 2Δ/(γT) + Lγσ_p^pM^{2−p}, ‖ξ‖ ≤ M, with γ = γ₀T^{−1/p}/L, γ₀ ≤ 1.

    For spikes as long as T samples with a p-th moment let expect, M = σ_pT^{1/p}, the right side is
    (2LΔ/γ₀ + γ₀σ_p²)T^{−(p−1)/p}: steps shorter than those for finite variance, and no clipping.

    Proof. E‖ξ‖² ≤ M^{2−p}E‖ξ‖^p; insert in the bound with the variance, Lγ ≤ 1.
    """

    source = Source("ghadimi2013", "Corollary 2.2 with a step for a p-th moment; derived")
    statement = (
        "(1/T) Σ E‖∇f(w^t)‖² ≤ 2Δ/(γT) + Lγσ_p^p M^(2−p) = O(T^(−(p−1)/p)) at M = σ_p T^(1/p),  "
        "γ = γ₀T^(−1/p)/L"
    )
    assumes = (Smooth(), PthMoment(), Improvable(), Has("top", 0.0))
    domain = {"scale": number("(0, 1]"), "gamma0": number("(0, 1]")}

    gamma0: Reals = eqx.field(converter=real, default=0.5)

    def gamma(self, c: Constants, T: int) -> float:
        return float(self.scale) * float(self.gamma0) * T ** (-1 / tail(c).p) / c.L

    def prescribe(self, c: Constants, T: int) -> Any:
        return ClippedSGD(self.gamma(c, T), math.inf)

    def bound(self, c: Constants, T: int) -> float:
        (p, sigma, _), g = tail(c), self.gamma(c, T)
        return 2 * c.Delta / (g * T) + c.L * g * sigma**p * c.top ** (2 - p)


def short(p: float, T: int) -> float:
    """`quadratic_average` from 1 with γ = ½T^{−1/p}, under spikes ±T^{1/p} of chance 1/T."""
    return quadratic_average(0.5 * T ** (-1 / p), 1.0, T ** (2 / p - 1), T)


class SpikeLaw(AbstractIdentity):
    """E w_t² of SGD on w²/2 under finite noise obeys its recursion, and Ghadimi–Lan with the TRUE σ
    holds for spikes of chance 1/T, where σ_p fails; with γ = ½T^{−1/p} it decays like T^{−(p−1)/p}.

    Enumerated: all paths of up to 6 steps under two- and three-point noise, p from 1.2 to 2,
    against `quadratic_average`; and the closed form at T up to 10⁶ against Δ/(γ(1−γ/2)T) +
    γσ²/(2−γ), the bound and the slope −(p−1)/p of the shorter steps.
    """

    source = Source("ghadimi2013", "the recursion of a quadratic; derived")
    provenance = Provenance.DERIVED
    statement = "E w_{t+1}² = (1−γ)²E w_t² + γ²σ² and (1/T) Σ E w_t² ≤ Δ/(γ(1−γ/2)T) + γσ²/(2−γ)"
    tolerance = TOLERANCE

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for p, gamma, skewed in itertools.product((1.2, 1.5, 1.8, 2.0), (0.1, 0.7), (0, 1)):
            law = (two_point if skewed else three_point)(p, 1.0, 0.1)
            v, w = np.asarray(law.values), np.asarray(law.chances)
            at, weight, mean = np.array([1.0]), np.array([1.0]), []
            for _ in range(7):
                mean.append(float(weight @ at**2))
                at = ((1 - gamma) * at[:, None] - gamma * v).ravel()
                weight = (weight[:, None] * w).ravel()
            exact = quadratic_average(gamma, 1.0, law.moment(2.0), 7)
            name = f"p={p} gamma={gamma} {'skewed' if skewed else 'symmetric'}"
            found[name] = abs(float(np.mean(mean)) - exact) / exact
        for p, T in itertools.product((1.2, 1.5, 1.8), (100, 10_000, 1_000_000)):
            gamma, variance = 0.5 / math.sqrt(T), T ** (2 / p - 1)
            right = 0.5 / (gamma * (1 - gamma / 2) * T) + gamma * variance / (2 - gamma)
            found[f"bound p={p} T={T}"] = excess(quadratic_average(gamma, 1.0, variance, T), right)
            found[f"short steps p={p} T={T}"] = excess(short(p, T), 2.5 * T ** ((1 - p) / p))
        for p in (1.2, 4 / 3, 1.5, 1.8):
            slope = math.log(short(p, 10**84) / short(p, 10**80)) / math.log(10**4)
            found[f"short steps, slope p={p:.4g}"] = abs(slope + (p - 1) / p)
        return found


class MomentumTracksNoise(AbstractNSGDMomentum):
    """‖e^t − N^t‖ ≤ Lγ(θ − θ^{t+1})/α on every run of NSGD-M, N^t the same average of the noise.

    Proof. e^t − N^t = θ(e^{t−1} − N^{t−1}) + θ(∇f(w^{t−1}) − ∇f(w^t)), 0 at t = 0,
    steps of length at most γ. For additive noise the law of N^t does not depend on f at all.
    Measured relative to max ‖m^t‖.
    """

    kind = Kind.PATHWISE
    statement = "‖e^t − N^t‖ ≤ Lγ(θ−θ^(t+1))/α,  N^t = θN^(t−1) + αξ^t,  every run of NSGD-M"
    assumes = (Smooth(), Improvable())

    def metric(self, c: Constants, T: int) -> Any:
        alpha, gamma = self.pair(c, T)
        return NoiseAverage(gamma, alpha, c.L)

    def ceiling(self, c: Constants, T: int) -> float | None:
        return None  # that of the parent is of ‖∇f‖

    def bound(self, c: Constants, T: int) -> float:
        return 1.0
