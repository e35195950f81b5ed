"""Fatkhullin, Tyurin and Richtárik 2023 (arXiv 2305.15155): EF21 needs momentum under noise."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.compressed_sgd import AbstractCompressed, CompressedSGD
from convergence.algorithms.econtrol import EControl
from convergence.algorithms.ef21 import EF21, EF21SGDM
from convergence.algorithms.error_feedback import ErrorFeedback
from convergence.constants import Constants
from convergence.errors import require
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.parts.compressors import Exactly, TopK
from convergence.problems.base import AbstractProblem
from convergence.shapes import real
from convergence.theorems.assumptions import AbstractAssumption, Checked, FiniteVariance, Has
from convergence.theorems.base import AbstractSeparation, AbstractTheorem, Kind, Provenance, Source


def repeated(p: float) -> float:
    """P = p²(2 − p)/(1 − p + p²): the chance that the last atom drawn twice in a row was the one
    of probability p.

    Proof. Let a, b be the long-run chances that h is A while the current atom is A, or B. h
    changes at a repetition alone: a = p·p + p·b (A after A sets it, A after B keeps it) and
    b = (1 − p)a; so a = p²/(1 − p + p²) and P = a + b = (2 − p)a.
    """
    return p * p * (2 - p) / (1 - p + p * p)


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
    assumes = (FiniteVariance(), LargerFirst(), Has("unit", 1, 1))

    scale: Any = eqx.field(converter=real, default=8.0)

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return EF21(float(self.scale) / T, TopK(1))

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        p = c.q
        return float((c.u[1] * (repeated(p) - p) / (1 - p)) ** 2)


class FollowsSGD(AbstractSeparation):
    """E‖∇f(x_T)‖² of `name` ≤ 1.5 · that of SGD, with heterogeneous workers and noise."""

    source = Source("gao2024econtrol", "the asymptotic term of SGD; the factor 1.5 is ours")
    provenance = Provenance.DERIVED
    statement = "E‖∇f(x_T)‖² of the method ≤ 1.5 · that of SGD, with the step 8/T"
    assumes = (FiniteVariance(),)

    scale: Any = eqx.field(converter=real, default=8.0)
    eta: Any = eqx.field(converter=real, default=0.07)
    factor: Any = eqx.field(converter=real, default=1.5)
    other: str = eqx.field(static=True, default="sgd")
    name: str = eqx.field(static=True, default="econtrol")

    def method(self, name: str, T: int) -> AbstractCompressed:
        """A method of the comparison, with the common step γ = scale/T and Top-1."""
        gamma = float(self.scale) / T
        table = {
            "sgd": lambda: CompressedSGD(gamma, Exactly()),
            "csgd": lambda: CompressedSGD(gamma, TopK(1)),
            "ec": lambda: ErrorFeedback(gamma, TopK(1)),
            "ef21": lambda: EF21(gamma, TopK(1)),
            "ef21-sgdm": lambda: EF21SGDM(gamma, TopK(1), self.eta),
            "econtrol": lambda: EControl(gamma, TopK(1), self.eta),
        }
        require(name in table, f"method {name!r}", f"one of {tuple(table)}", "choose one of them")
        return table[name]()

    def prescribe(self, c: Constants, T: int) -> AbstractCompressed:
        return self.method(self.name, T)

    def rival(self, c: Constants, T: int) -> AbstractCompressed:
        return self.method(self.other, T)

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        return float(self.factor)


class ThreeWay(FollowsSGD):
    """E‖∇f(x_T)‖² of EControl ≤ factor · that of a rival which floors: error feedback under
    heterogeneity, EF21 under noise, compression without feedback under either."""

    source = Source("gao2024econtrol", "the comparison of Section 6; instance and factor ours")
    statement = "E‖∇f(x_T)‖² of EControl ≤ factor · that of the rival"
