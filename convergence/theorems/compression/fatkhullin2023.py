"""Fatkhullin, Tyurin and Richtárik 2023 (arXiv 2305.15155): EF21 needs momentum under noise."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed, CompressedSGD
from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.ef21 import EF21, EF21SGDM, IdealEF21
from convergence.algorithms.compression.error_feedback import ErrorFeedback
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.parts.compressors import Exactly, TopK
from convergence.problems.base import AbstractProblem
from convergence.shapes import real
from convergence.theorems.assumptions import AbstractAssumption, Checked, FiniteVariance, Has, Is
from convergence.theorems.base import AbstractSeparation, AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.compression.shared import AbstractCompressedTheorem, descent


def repeated(p: float) -> float:
    """P = p²(2 − p)/(1 − p + p²): the chance that the last atom drawn twice in a row was the one
    of probability p.

    Proof. Let a, b be the long-run chances that h is A while the current atom is A, or B. h
    changes at a repetition alone: a = p·p + p·b (A after A sets it, A after B keeps it) and
    b = (1 − p)a; so a = p²/(1 − p + p²) and P = a + b = (2 − p)a.
    """
    return p * p * (2 - p) / (1 - p + p * p)


def method(name: str, gamma: float, eta: float) -> AbstractCompressed:
    """A method of the comparisons, with the step γ and Top-1."""
    table = {
        "sgd": lambda: CompressedSGD(gamma, Exactly()),
        "csgd": lambda: CompressedSGD(gamma, TopK(1)),
        "ec": lambda: ErrorFeedback(gamma, TopK(1)),
        "ef21": lambda: EF21(gamma, TopK(1)),
        "ef21-sgdm": lambda: EF21SGDM(gamma, TopK(1), eta),
        "econtrol": lambda: EControl(gamma, TopK(1), eta),
    }
    require(name in table, f"method {name!r}", f"one of {tuple(table)}", "choose one of them")
    return table[name]()


class LargerFirst(AbstractAssumption):
    """Two atoms ±u in R² with |u₁| > |u₂|: Top-1 prefers the first entry whenever they change."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        u = abs(np.asarray(c["u"])) if "u" in c else np.zeros(2)
        holds = bool(u.shape == (2,) and u[0] > u[1])
        return Checked("two atoms, |u₁| > |u₂|", holds, None, f"|u| = {u}")


class TwoAtomFloor(AbstractTheorem):
    """E‖∇f(x_T)‖² → b² for EF21 as T → ∞, γ → 0, whatever n: b = u₂(P − p)/(1 − p), on
    f_i = ½‖x‖² in R² with Top-1 and ξ = u with chance p, −up/(1 − p) else, |u₁| > |u₂|.

    Proof. For x at rest the first entry of the correction is the larger one whenever the atom
    changes, and 0 when it repeats; so h₂ is the second entry of the last atom drawn twice in a
    row, of mean x₂ + b with P from `repeated`. x₂ settles where E h₂ = 0: at −b, for all workers
    alike. Corrections are O(γ); γ = scale/T, so that (1 − γ)^T is small for scale ≥ 6.
    """

    kind = Kind.EXACT
    source = Source("fatkhullin2023", "Theorem 1's phenomenon; instance and law derived")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(x_T)‖² → b² = u₂²(P−p)²/(1−p)² for EF21 as γ → 0, for every n"
    assumes = (FiniteVariance(), LargerFirst(), Is("unit"))

    scale: Any = eqx.field(converter=real, default=8.0)

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return EF21(float(self.scale) / T, TopK(1))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        p = c.u_chance
        return float((c.u[1] * (repeated(p) - p) / (1 - p)) ** 2)


class IdealThreeAtoms(AbstractTheorem):
    """E‖∇f(x_T)‖² = ‖b‖²(1 − u)² + γV(1 − u²)/(n(2 − γ)), u = (1 − γ)^T, for EF21 with known local
    gradients, Top-1, f_i = ½‖x‖² in R² from x* and ξ uniform on σ√0.3{(2, 0), (0, 1), (−2, −1)};
    b = E C(ξ) = (0, σ√0.3/3), V = 13σ²/15: neither γ nor n lowers ‖b‖² = σ²/30.

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
    assumes = (FiniteVariance(), Is("three_atoms"), Is("unit"), Has("R", 0.0, 0.0))

    scale: Any = eqx.field(converter=real, default=4.0)

    def gamma(self, T: int) -> float:
        """γ = scale/T."""
        return float(self.scale) / T

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return IdealEF21(self.gamma(T), TopK(1))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        gamma, s2 = self.gamma(T), c.sigma**2
        u = (1 - gamma) ** T
        spread = gamma * (13 / 15) * s2 * (1 - u * u) / (c.agents * (2 - gamma))
        return s2 / 30 * (1 - u) ** 2 + spread


class ThreeAtomFloor(IdealThreeAtoms):
    """E‖∇f(x_T)‖² ≥ σ²/60 for every T: the paper's floor, half of what `IdealThreeAtoms` tends to;
    met from the first T with 1 − u_T ≥ 1/√2."""

    kind = Kind.FLOOR
    source = Source("fatkhullin2023", "Theorem 1, from memory")
    provenance = Provenance.RECALLED
    statement = "ideal EF21, three atoms: E‖∇f(x_T)‖² ≥ σ²/60, whatever γ and n"

    def bound(self, c: Constants, T: int) -> float:
        return c.sigma**2 / 60


class EF21SGDMNonconvex(AbstractCompressedTheorem):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ `descent` with b = γ(L(1 − η)/η + L̃q/a) and s = σ[√(ν/n) +
    (q/a)η√(1 + ν)], ν = η/(2 − η) + 1/(η(2 − η)T), for γ ≤ 1/(L/η + L̃q/a).

    Proof. v_i − ∇f_i(x) = w_i + n_i. The noise n⁺ = (1 − η)n + ηξ from ξ_0 has the mean variance
    νσ² at most, νσ²/n averaged over workers. The drift w⁺ = (1 − η)(w − D), D = ∇f_i(x⁺) − ∇f_i(x),
    has ‖w‖ ≤ ((1 − η)/η)L̃γ‖ĝ‖ in ℓ², and L for L̃ after averaging. v⁺ − v = η(ξ − n) + (drift of
    size L̃γ‖ĝ‖), so ‖v − h‖ ≤ (q/a)(L̃γ‖ĝ‖ + ησ√((1 + ν)T)) as for EF21. Add the two errors; γ makes
    γL + b ≤ 1.

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
    """E‖∇f(x_t)‖², averaged over t < T, is O(that of SGD) at γ = scale/T: on f_i = ½‖x‖² − ⟨β_i, x⟩
    from x* the average of SGD is γσ²/(n(2 − γ)) · (1 − (1 − u)/(γ(2 − γ)T)), u = (1 − γ)^{2T}.

    Proof for SGD. E‖x_t‖² = γσ²/(n(2 − γ)) · (1 − (1 − γ)^{2t}); sum. EC and EControl send in the
    end what was asked for: x̃ = x − γē makes steps along the same samples, so that
    ‖x_t − x_t^SGD‖ ≤ 2γ max‖ē_s‖ and the excess is of the order γ^{3/2}. EF21 keeps the bias of
    `TwoAtomFloor`, C-SGD that of heterogeneity. The trend is that of SGD once γ is well below η,
    here a/2: half of a = 1 − √½ of Top-1 in R², and below the limit a/(2q) of EControl's bounds.
    """

    kind = Kind.RATE
    source = Source("gao2024econtrol", "the asymptotic term of SGD; derived")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ E‖∇f(x_t)‖² = O(that of SGD) at the step γ = 4/T, from x*"
    assumes = (FiniteVariance(), Is("unit"), Has("R", 0.0, 0.0))

    scale: Any = eqx.field(converter=real, default=4.0)
    eta: Any = eqx.field(converter=real, default=(1 - 0.5**0.5) / 2)
    name: str = eqx.field(static=True, default="econtrol")

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return method(self.name, float(self.scale) / T, float(self.eta))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        gamma = float(self.scale) / T
        gone = (1 - (1 - gamma) ** (2 * T)) / (T * gamma * (2 - gamma))
        return gamma * c.sigma**2 / (c.agents * (2 - gamma)) * (1 - gone)


class ThreeWay(AbstractSeparation):
    """E‖∇f(x_T)‖² of EControl ≤ that of a rival which floors, at one step γ = scale/T: error
    feedback under heterogeneity, EF21 under noise, compression without feedback under either.

    No factor is claimed: the ratio tends to 0 with γ, and falls like ζ⁻² for the floors that
    heterogeneity leaves, so that any number would be one of the instance.
    """

    source = Source("gao2024econtrol", "the comparison of Section 6; instance ours")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(x_T)‖² of EControl ≤ that of the rival"
    assumes = (FiniteVariance(),)

    scale: Any = eqx.field(converter=real, default=8.0)
    eta: Any = eqx.field(converter=real, default=0.07)
    other: str = eqx.field(static=True, default="ec")

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return method("econtrol", float(self.scale) / T, float(self.eta))

    def rival(self, c: Constants, T: int) -> AbstractCompressed:
        return method(self.other, float(self.scale) / T, float(self.eta))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()
