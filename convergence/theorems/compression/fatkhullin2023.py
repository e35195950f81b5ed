"""Fatkhullin, Tyurin and Richtárik 2023 (arXiv 2305.15155): EF21 needs momentum under noise."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed
from convergence.algorithms.compression.ef21 import EF21, EF21SGDM, IdealEF21
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.parts.compressors import TopK
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import FiniteVariance, Has, Is
from convergence.theorems.base import (
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
    varies,
)
from convergence.theorems.compression.fatkhullin2023_instances import LargerFirst, OnTheLine
from convergence.theorems.compression.gao2024econtrol_rivals import method
from convergence.theorems.compression.shared import AbstractCompressedTheorem, descent
from convergence.theorems.conditions import Positive, Within
from convergence.theorems.domains import number, one_of
from convergence.theorems.shrinking import averaged, gone


def repeated(p: float) -> float:
    """P = p²(2 − p)/(1 − p + p²): the chance that the last atom drawn twice in a row was the one
    of probability p.

    Proof. Let a, b be the long-run chances that h is A while the current atom is A, or B. h
    changes at a repetition alone: a = p·p + p·b (A after A sets it, A after B keeps it) and
    b = (1 − p)a; so a = p²/(1 − p + p²) and P = a + b = (2 − p)a.
    """
    return p * p * (2 - p) / (1 - p + p * p)


# Three atoms on f_i = ½‖x − x*‖².
THREE_ATOMS = (FiniteVariance(), Is("three_atoms"), Is("unit"))


class TwoAtomFloor(AbstractTheorem):
    """E‖∇f(x_T)‖² → b² for EF21 as T → ∞, γ → 0, whatever n: b = u₂(P − p)/(1 − p), on
    f_i = ½‖x‖² in R² with Top-1 and ξ = u with chance p, −up/(1 − p) else, |u₁| > |u₂|.

    Proof. For x at rest the first entry of the correction is the larger one whenever the atom
    changes (`near`), and 0 when it repeats; so h₂ is the second entry of the last atom drawn twice
    in a row, of mean x₂ + b with P from `repeated`. x₂ settles where E h₂ = 0: at −b, for all
    workers alike. Corrections are O(γ); γ = scale/T, so that (1 − γ)^T is small for scale ≥ 6.
    `loud`: what the samples leave at the step γ, of the order γσ²/n times the 1/min{p, 1 − p} steps
    for which h₂ remembers, what is left of the start, and what corrections of γ‖u‖ turn round,
    which no number of workers lessens, all relative to b²: orders of magnitude, for which no bound
    is proved; of the last a fiftieth of γ‖u‖/|b| has been seen at most half.
    """

    kind = Kind.EXACT
    source = Source("fatkhullin2023", "Theorem 1's phenomenon; instance and law derived")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(x_T)‖² → b² = u₂²(P−p)²/(1−p)² for EF21 as γ → 0, for every n"
    domain = {"scale": number("[6, inf)")}

    scale: Reals = eqx.field(converter=real, default=8.0)

    @varies
    def assumes(self) -> Any:
        small = Within("a step so small that b shows", self, "loud", 0.0, 0.05)
        apart = Within("|u₁| − |u₂| beside what x moves", self, "near", 0.0, 0.5)
        return (FiniteVariance(), LargerFirst(), Is("unit"), small, apart)

    def loud(self, c: Constants, T: int) -> float:
        """[γσ²/(n min{p, 1 − p}) + (‖∇f(x_0)‖ + b)²e^{−scale}]/b² + γ‖u‖/(50|b|)."""
        b2, gamma = self.bound(c, T), float(self.scale) / T
        if b2 == 0 or gamma >= 1:
            return float("inf")
        left = (c.grad0 + b2**0.5) ** 2 * float(np.exp(-float(self.scale)))
        turned = gamma * float(np.linalg.norm(c.u)) / (50 * b2**0.5)
        noise = gamma * c.sigma**2 / (c.agents * min(c.u_chance, 1 - c.u_chance))
        return (noise + left) / b2 + turned

    def near(self, c: Constants, T: int) -> float:
        """What x moves within the 1/min{p, 1 − p} steps for which h₂ remembers, relative to
        (|u₁| − |u₂|)/(1 − p), by which the first entry of a correction is the larger one."""
        p, (first, second) = c.u_chance, np.abs(c.u)
        moved = float(self.scale) / T * float(np.linalg.norm(c.u)) * max(1.0, p / (1 - p))
        return float(moved * (1 - p) / (min(p, 1 - p) * (first - second)))

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return EF21(float(self.scale) / T, TopK(1))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        p = c.u_chance
        return float((c.u[1] * (repeated(p) - p) / (1 - p)) ** 2)


class AbstractIdealThreeAtoms(AbstractTheorem):
    """EF21 with known local gradients, Top-1 and the three atoms, at γ = scale/T."""

    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=4.0)

    @varies
    def assumes(self) -> Any:
        start = (Has("R", 0.0, 0.0), Within("a step γ < 2", self, "step", 0.0, 1.99))
        return (*THREE_ATOMS, *start)

    def gamma(self, T: int) -> float:
        """γ = scale/T."""
        return float(self.scale) / T

    def step(self, c: Constants, T: int) -> float:
        """γ."""
        return self.gamma(T)

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return IdealEF21(self.gamma(T), TopK(1))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()


class IdealThreeAtoms(AbstractIdealThreeAtoms):
    """E‖∇f(x_T)‖² = ‖b‖²(1 − u)² + γV(1 − u²)/(n(2 − γ)), u = (1 − γ)^T, for EF21 with known local
    gradients, Top-1, f_i = ½‖x‖² in R² from x* and ξ uniform on σ√0.3{(2, 0), (0, 1), (−2, −1)};
    b = E C(ξ) = (0, σ√0.3/3), V = 13σ²/15: neither γ nor n lowers ‖b‖² = σ²/30.

    γ = scale/T < 2.

    Proof. C(ξ) is (2, 0), (0, 1), (−2, 0) times σ√0.3, with mean b and E‖C(ξ)‖² = 0.9σ². x⁺ =
    (1 − γ)x − γ(1/n) Σ C(ξ_i) with independent C(ξ_i): mean −b(1 − u_T) and a geometric sum of
    variances.
    """

    kind = Kind.EXACT
    source = Source("fatkhullin2023", "Theorem 1's three atoms; law derived")
    provenance = Provenance.DERIVED
    statement = (
        "ideal EF21, three atoms: E‖∇f(x_T)‖² = (σ²/30)(1−u)² + γV(1−u²)/(n(2−γ)), u=(1−γ)^T"
    )

    def bound(self, c: Constants, T: int) -> float:
        gamma, s2 = self.gamma(T), c.sigma**2
        lost = gone(gamma * (2 - gamma), T)  # 1 − u²
        spread = gamma * (13 / 15) * s2 * lost / (c.agents * (2 - gamma))
        return float(s2 / 30 * gone(gamma, T) ** 2 + spread)


class ThreeAtomFloor(AbstractIdealThreeAtoms):
    """E‖∇f(x_T)‖² ≥ min{σ², ‖∇f(x_0)‖²}/60 for every T, n and γ ≤ 1 from x* + (0, −a), a > 0.

    Proof, of twice as much. With b and u of `IdealThreeAtoms` the mean of x_T − x* is
    −(0, (1 − u)‖b‖ + ua), 0 ≤ u ≤ 1, of length min{‖b‖, a} at least; ‖b‖² = σ²/30.
    """

    kind = Kind.FLOOR
    source = Source("fatkhullin2023", "Theorem 1, from memory; a proof of its constant derived")
    provenance = Provenance.DERIVED
    statement = (
        "ideal EF21, three atoms: E‖∇f(x_T)‖² ≥ min{σ², ‖∇f(x_0)‖²}/60,  γ ≤ 1, x_0 = (0, −a)"
    )

    @varies
    def assumes(self) -> Any:
        return (*THREE_ATOMS, OnTheLine(), Within("a step γ ≤ 1", self, "step", 0.0, 1.0))

    def bound(self, c: Constants, T: int) -> float:
        return min(c.sigma, c.grad0) ** 2 / 60


class EF21SGDMNonconvex(AbstractCompressedTheorem):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ `descent` with b = γ(L(1 − η)/η + L̃q/a) and s = σ[√(ν/n) +
    (q/a)η√(1 + ν)], ν = η/(2 − η) + 1/(η(2 − η)T), for γ ≤ 1/(L/η + L̃q/a).

    Proof. v_i − ∇f_i(x) = w_i + n_i. The noise n⁺ = (1 − η)n + ηξ from ξ_0 has the mean variance
    νσ² at most, νσ²/n averaged over workers. The drift w⁺ = (1 − η)(w − D), D = ∇f_i(x⁺) − ∇f_i(x),
    has ‖w‖ ≤ ((1 − η)/η)L̃γ‖ĝ‖ in ℓ², and L for L̃ after averaging. v⁺ − v = η(ξ − n) + (drift of
    size L̃γ‖ĝ‖), so ‖v − h‖ ≤ (q/a)(L̃γ‖ĝ‖ + ησ√((1 + ν)T)) as for EF21. Add the two errors; γ
    makes γL + b ≤ 1.

    η = min{1, √(4nLF₀/(σ²T)), (2LF₀a²/(q²σ²T))^{1/3}} balances F₀L/(ηT) with ησ²/n and with
    (q/a)²η²σ²: O(√(LF₀σ²/(nT)) + (LF₀σq/(aT))^{2/3} + L̃F₀/(aT)), the rate recalled from the paper,
    and no floor. γ = scale · the largest.
    """

    source = Source("fatkhullin2023", "the rate of EF21-SGDM; constants derived")
    statement = "EF21-SGDM: (1/T) Σ E‖∇f‖² ≤ 2F₀/(γ(1+κ)T) + O(ησ²/n + (q/a)²η²σ²), explicit"

    def eta(self, c: Constants, T: int) -> float:
        """The weight of the new gradient."""
        noise = c.sigma**2 * T / (c.L * c.Delta)
        if noise == 0:
            return 1.0
        q, a = self.qa(c)
        held = (2 * a * a / (q * q * noise)) ** (1 / 3) if q > 0 else 1.0
        return min(1.0, (4 * c.agents / noise) ** 0.5, held)

    def gamma(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        return float(self.scale) / (c.L / self.eta(c, T) + c.L_tilde * q / a)

    def prescribe(self, c: Constants, T: int) -> EF21SGDM:
        return EF21SGDM(self.gamma(c, T), self.compressor, self.eta(c, T))

    def bound(self, c: Constants, T: int) -> float:
        (q, a), eta, gamma = self.qa(c), self.eta(c, T), self.gamma(c, T)
        nu = eta / (2 - eta) + 1 / (eta * (2 - eta) * T)
        b = gamma * (c.L * (1 - eta) / eta + c.L_tilde * q / a)
        s = c.sigma * ((nu / c.agents) ** 0.5 + q / a * eta * (1 + nu) ** 0.5)
        return descent(c, gamma, b, T, s)


class FollowsSGD(AbstractTheorem):
    """E‖∇f(x_t)‖², averaged over t < T, is O(that of SGD) at γ = scale/T for EC and EControl: on
    f_i = ½‖x‖² − ⟨β_i, x⟩ from x* the average of SGD is
    γσ²/(n(2 − γ)) · (1 − (1 − u)/(γ(2 − γ)T)), u = (1 − γ)^{2T}.

    Proof for SGD. E‖x_t‖² = γσ²/(n(2 − γ)) · (1 − (1 − γ)^{2t}); sum. EC and EControl send in the
    end what was asked for: x̃ = x − γē makes steps along the same samples, so that
    ‖x_t − x_t^SGD‖ ≤ 2γ max‖ē_s‖ and the excess is of the order γ^{3/2}. The trend is that of SGD
    once γ and 1/T are well below η, here a/2: half of a = 1 − √½ of Top-1 in R², and below the
    limit a/(2q) of EControl's bounds.
    """

    kind = Kind.RATE
    source = Source("gao2024econtrol", "the asymptotic term of SGD; derived")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ E‖∇f(x_t)‖² = O(that of SGD) at the step γ = 4/T, from x*"
    domain = {
        "scale": number("(0, inf)"),
        "eta": number("(0, 1)"),
        "name": one_of("sgd", "ec", "econtrol"),
    }

    scale: Reals = eqx.field(converter=real, default=4.0)
    eta: Reals = eqx.field(converter=real, default=(1 - 0.5**0.5) / 2)
    name: str = eqx.field(static=True, default="econtrol")

    @varies
    def assumes(self) -> Any:
        gain = Within("2qη/a < 1", self, "gain", 0.0, 0.999)
        short = Within("γ and 1/T below η", self, "short", 0.0, 0.25)
        return (Positive("sigma"), Is("unit"), Has("R", 0.0, 0.0), gain, short)

    def gain(self, c: Constants, T: int) -> float:
        """2qη/a of Top-1 for EControl; 0 for the others."""
        q = (1 - 1 / c.d) ** 0.5
        return 2 * q * float(self.eta) / (1 - q) if self.name == "econtrol" else 0.0

    def short(self, c: Constants, T: int) -> float:
        """The longer of γ and 1/T over η for EControl, and over a/2 of Top-1 for EC: an error is
        sent within few of the steps."""
        a = 1 - (1 - 1 / c.d) ** 0.5
        rate = {"econtrol": float(self.eta), "ec": a / 2}.get(self.name, 1.0)
        return max(float(self.scale), 1.0) / T / rate

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return method(self.name, float(self.scale) / T, float(self.eta))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        gamma = float(self.scale) / T
        lost = averaged(gamma * (2 - gamma), T)
        return gamma * c.sigma**2 / (c.agents * (2 - gamma)) * lost
