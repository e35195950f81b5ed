"""Beznosikov, Horváth, Richtárik and Safaryan 2020 (arXiv 2002.12410): biased compression."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.compression.compressed_sgd import CompressedSGD
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap, GradNormSq
from convergence.parts.compressors import TopK
from convergence.problems.base import started
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.compression.shared import Fits
from convergence.theorems.domains import count, number


class OnTheDiagonal(AbstractAssumption):
    """x_0 is a multiple of (1, 1, 1)."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        spread = float(np.ptp(started(problem)))
        return Checked("start on the diagonal", spread == 0.0, spread, "max − min of x_0 must be 0")


class TopOneDiverges(AbstractTheorem):
    """f(x_T) − f* = (1 + 11γ/6)^{2T} F₀ for Top-1 without feedback on f_i = ⟨a_i, x⟩² + ¼‖x‖²,
    a_1 = (−3, 2, 2) and rotations, from x_0 ∝ (1, 1, 1): divergence for EVERY γ > 0.

    Proof. At x = t(1, 1, 1): ⟨a_i, x⟩ = t and ∇f_1 = t(−5.5, 4.5, 4.5), whose Top-1 is −5.5t e_1;
    the mean over workers is −(11/6)x, so x⁺ = (1 + 11γ/6)x stays on the line. γ = scale/L.
    Off the line, rounding grows by |1 − 61γ/6| at a step, no faster than the line for scale ≤ 4:
    a run shows the statement there.
    """

    kind = Kind.PATHWISE
    source = Source("beznosikov2020", "Example 1")
    provenance = Provenance.DERIVED
    statement = "f(x_T) − f* = (1 + 11γ/6)^{2T} F₀ for Top-1 without feedback"
    domain = {"scale": number("(0, 4]")}
    assumes = (NoNoise(), Is("opposed"), OnTheDiagonal())

    scale: Reals = eqx.field(converter=real, default=0.1)

    def gamma(self, c: Constants) -> float:
        return float(self.scale) / c.L

    def prescribe(self, c: Constants, T: int) -> CompressedSGD:
        return CompressedSGD(self.gamma(c), TopK(1))

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        value = (1 + 11 * self.gamma(c) / 6) ** (2 * T) * c.Delta
        return value, value


class OneWorker(AbstractTheorem):
    """(1/T) Σ ‖∇f(x_t)‖² ≤ 2F₀/(δγT) for compressed gradient descent of one worker, γ = 1/L.

    Proof. ‖C(g) − g‖² ≤ (1 − δ)‖g‖² and the descent lemma give f⁺ ≤ f − (γδ/2)‖g‖².
    """

    kind = Kind.PATHWISE
    source = Source("beznosikov2020", "Theorem for one worker")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ ‖∇f(x_t)‖² ≤ 2F₀/(δγT) for compressed gradient descent (n = 1)"
    domain = {"k": count()}

    k: int = eqx.field(static=True, default=1)

    @varies
    def assumes(self) -> Any:
        return (Smooth(), NoNoise(), Has("agents", 1, 1), Fits(TopK(self.k)))

    def prescribe(self, c: Constants, T: int) -> CompressedSGD:
        return CompressedSGD(1 / c.L, TopK(self.k))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return 2 * c.Delta * c.L * c.d / (self.k * T)

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class CompressionIsHarmless(OneWorker):
    """FALSE for several workers: the bound of `OneWorker` whatever their number.

    The mean of compressed gradients is no compression of their mean.
    """

    source = Source("beznosikov2020", "Theorem for one worker, used for many")
    statement = "(1/T) Σ ‖∇f(x_t)‖² ≤ 2F₀/(δγT) for compressed gradient descent (false for n > 1)"

    @varies
    def assumes(self) -> Any:
        return (Smooth(), NoNoise(), Fits(TopK(self.k)))
