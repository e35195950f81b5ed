"""What the statements on compressed methods share: γ and q = √(1 − δ), a = 1 − q ∈ [δ/2, 1]."""

from __future__ import annotations

from typing import Any, ClassVar

import equinox as eqx
import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.parts.compressors import AbstractCompressor, TopK
from convergence.problems.base import start_shape
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    FiniteVariance,
    Has,
    Improvable,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, varies
from convergence.theorems.domains import a, number

# The statement holds for every s and θ: the best of a grid is a valid bound.
GRID = np.geomspace(1e-4, 1.99, 240)


class Fits(AbstractAssumption):
    """The compressor acts on vectors of this length: k ≤ d."""

    compressor: AbstractCompressor

    def check(self, problem: Any, noise: Any, c: Constants) -> Checked:
        try:
            delta = self.compressor.contraction(c.d)
        except InvalidInput as error:
            return Checked("a compressor that fits", False, None, str(error))
        holds = 0 < delta <= 1 and start_shape(problem) == (c.d,)
        return Checked("a compressor that fits", holds, delta, f"δ ∈ (0, 1] on vectors of {c.d}")


# A function of the message: what is said of every run takes no expectation over compression.
SURELY = a(AbstractCompressor, such=lambda C: not C.random, that="that draws nothing at random")


class AbstractCompressedTheorem(AbstractTheorem):
    """min f = (1/n) Σ f_i by a method whose messages pass `compressor`; γ = scale · the step.

    `hypotheses`: the assumptions, to which that of a compressor of the right size is added.
    """

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    hypotheses: ClassVar[tuple[AbstractAssumption, ...]] = (
        Smooth(), FiniteVariance(), Has("L_tilde", 0.0), Improvable(),
    )  # fmt: skip
    domain = {"compressor": a(AbstractCompressor), "scale": number("(0, 1]")}

    compressor: AbstractCompressor = TopK(1)
    scale: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        return (*self.hypotheses, Fits(self.compressor))

    def qa(self, c: Constants) -> tuple[float, float]:
        """(q, a) of the compressor on the instance."""
        q = (1 - self.compressor.contraction(c.d)) ** 0.5
        return q, 1 - q

    def gamma(self, c: Constants, T: int) -> float:
        """The step size."""
        raise NotImplementedError

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


def descent(c: Constants, gamma: float, b: float, T: int, s: float = 0.0) -> float:
    """The largest (1/T) Σ‖∇f‖² where ‖∇f − ĝ‖ ≤ b‖ĝ‖ + s√T in ℓ², b² < 1 − γL; without s it is
    2F₀/(γ(1 + κ)T), κ = (1 − γL − b²)/(1 + b)², for b² ≤ 1 − γL. ∞ for larger b.

    Proof. x⁺ = x − γĝ and the descent lemma give f⁺ ≤ f − (γ/2)[‖∇f‖² + (1 − γL)‖ĝ‖² −
    ‖∇f − ĝ‖²]. With φ = ‖∇f‖/√T, g = ‖ĝ‖/√T and P = 2F₀/(γT): φ² ≤ P + (bg + s)² − (1 − γL)g², and
    φ ≤ (1 + b)g + s. The first is largest at g* = bs/(1 − γL − b²); if it meets the second only
    beyond g*, they meet where bg + s = φ − g, that is 0 = P − 2φg + γLg², g = (φ − s)/(1 + b).
    """
    P, room = 2 * c.Delta / (gamma * T), 1 - gamma * c.L - b * b
    if s == 0 and room >= 0:
        return P / (1 + room / (1 + b) ** 2)
    if room <= 0:
        return float("inf")
    g = b * s / room
    free = P + (b * g + s) ** 2 - (1 - gamma * c.L) * g * g
    if free <= ((1 + b) * g + s) ** 2:
        return free
    u, v = 1 / (1 + b), gamma * c.L / (1 + b) ** 2
    lead, slope = 2 * u - v, 2 * s * (u - v)  # lead φ² − slope φ − (P + v s²) = 0
    return ((slope + (slope**2 + 4 * lead * (P + v * s * s)) ** 0.5) / (2 * lead)) ** 2


def virtual(
    c: Constants, gamma: float, T: int, error: float, loop: float, variance: float
) -> float:
    """min_s [F₀/(γT) + Lγσ²/(2n) + γ²L² error/(2s)] / (1 − s/2 − Lγ/2 − γ²L² loop/(2s)), where
    (1/T) Σ E‖ē_t‖² ≤ error + loop · (1/T) Σ E‖∇f(x_t)‖² and x̃ = x − γē, x̃⁺ = x̃ − γḡ.

    Proof. E f(x̃⁺) ≤ f(x̃) − γ⟨∇f(x̃), ∇f(x)⟩ + (Lγ²/2)(‖∇f(x)‖² + σ²/n) and −⟨∇f(x̃), ∇f(x)⟩
    ≤ −‖∇f(x)‖² + Lγ‖ē‖‖∇f(x)‖ ≤ −(1 − s/2)‖∇f(x)‖² + L²γ²‖ē‖²/(2s). Sum and divide by γT.
    """
    Lg = c.L * gamma
    room = 1 - GRID / 2 - Lg / 2 - Lg**2 * loop / (2 * GRID)
    top = c.Delta / (gamma * T) + Lg * variance / (2 * c.agents) + Lg**2 * error / (2 * GRID)
    return float(np.min(np.where(room > 0, top / np.where(room > 0, room, 1.0), np.inf)))
