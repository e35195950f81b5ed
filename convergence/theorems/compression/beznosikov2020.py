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
from convergence.shapes import real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class OnTheDiagonal(AbstractAssumption):
    """x_0 is a multiple of (1, 1, 1)."""

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        spread = float(np.ptp(np.asarray(problem.start())))
        return Checked("start on the diagonal", spread == 0.0, spread, "max − min of x_0 must be 0")


class TopOneDiverges(AbstractTheorem):
    """f(x_T) − f* = (1 + 11γ/6)^{2T} F₀ for Top-1 without feedback on f_i = ⟨a_i, x⟩² + ¼‖x‖²,
    a_1 = (−3, 2, 2) and rotations, from x_0 ∝ (1, 1, 1): divergence for EVERY γ > 0.

    Proof. At x = t(1, 1, 1): ⟨a_i, x⟩ = t and ∇f_1 = t(−5.5, 4.5, 4.5), whose Top-1 is −5.5t e_1;
    the mean over workers is −(11/6)x, so x⁺ = (1 + 11γ/6)x stays on the line. γ = scale/L.
    """

    kind = Kind.PATHWISE
    source = Source("beznosikov2020", "Example 1")
    provenance = Provenance.RECALLED
    statement = "f(x_T) − f* = (1 + 11γ/6)^{2T} F₀ for Top-1 without feedback"
    assumes = (NoNoise(), Is("opposed"), OnTheDiagonal())

    scale: Any = eqx.field(converter=real, default=0.1)

    def gamma(self, c: Constants) -> float:
        return float(self.scale) / c.L

    def prescribe(self, c: Constants, T: int) -> CompressedSGD:
        return CompressedSGD(self.gamma(c), TopK(1))

    def metric(self, c: Constants, T: int) -> Any:
        return Gap()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        value = (1 + 11 * self.gamma(c) / 6) ** (2 * T) * c.Delta
        return value, value


class CompressionIsHarmless(AbstractTheorem):
    """(1/T) Σ ‖∇f(x_t)‖² ≤ 2F₀/(δγT) for compressed gradient descent, γ = 1/L: folklore.

    True for one worker: ‖C(g) − g‖² ≤ (1 − δ)‖g‖² and the descent lemma give f⁺ ≤ f − (γδ/2)‖g‖².
    FALSE for several: the mean of compressed gradients is no compression of their mean.
    """

    kind = Kind.PATHWISE
    source = Source("beznosikov2020", "Theorem for one worker, used for many")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ ‖∇f(x_t)‖² ≤ 2F₀/(δγT) for compressed gradient descent (n = 1)"
    assumes = (Smooth(), NoNoise())

    k: int = eqx.field(static=True, default=1)

    def prescribe(self, c: Constants, T: int) -> CompressedSGD:
        return CompressedSGD(1 / c.L, TopK(self.k))

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return 2 * c.Delta * c.L * c.d / (self.k * T)

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2
