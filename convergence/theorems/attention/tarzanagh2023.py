"""Tarzanagh, Li, Thrampoulidis and Oymak 2023 (arXiv 2308.16898): transformers as SVMs.

Recalled: for attention f(W) = −mean_i Σ_t s_it g_it and feasible data the regularization path, and
under conditions gradient descent, tends to the direction of W_mm = argmin ‖W‖_F with
(x_i,best − x_it)ᵀ W z_i ≥ 1. There is no rate in what is recalled. Derived here: exact laws of one
and of several inputs with two tokens, and what holds of every W.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.attention.normalized_gd import NormalizedGD
from convergence.algorithms.classical.sgd import SGD
from convergence.constants import Constants
from convergence.metrics.attention import Along, Imbalance, LossForDirection, MissedDirection
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import number, one_of

THRESHOLD = math.log(2 * math.cosh(math.acosh(2) / 3))  # .7865570766


class OrthogonalPairs(AbstractAssumption):
    """Inputs of two tokens whose matrices u_i = (x_best − x_other)z_iᵀ are not 0 and orthogonal to
    each other; `one`: a single input."""

    one: bool = eqx.field(static=True, default=False)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        if c.tokens != 2 or (self.one and c.inputs != 1):
            return Checked("pairs", False, float(c.inputs), "two tokens an input are needed")
        flat = np.asarray(c.pairs).reshape(c.inputs, -1)
        gram = flat @ flat.T
        size = np.diag(gram)
        if not size.min() > 0:
            return Checked("orthogonal pairs", False, 0.0, "u_i ≠ 0")
        off = float(np.max(np.abs(gram - np.diag(size)) / np.sqrt(np.outer(size, size))))
        return Checked("orthogonal pairs", off <= 1e-14, off, "⟨u_i, u_j⟩ = 0")


class AheadOfThePair(AbstractAssumption):
    """⟨W_0, u⟩ ≥ 0."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        found = float(np.sum(np.asarray(c.x0) * c.pairs[0]))
        return Checked("x_0 ≥ 0", found >= 0, found, "⟨W_0, u⟩ ≥ 0")


class AbstractAttention(AbstractTheorem):
    """Statements about every run, without noise, of a descent on attention weights."""

    kind = Kind.PATHWISE
    source = Source("tarzanagh2023", "the setting of the theorems; derived")
    provenance = Provenance.DERIVED
    assumes = (NoNoise(),)
    domain = {"eta": number("(0, inf)")}

    eta: Reals = eqx.field(converter=real, default=0.1)

    def prescribe(self, c: Constants, T: int) -> Any:
        return NormalizedGD(self.eta)

    def metric(self, c: Constants, T: int) -> Any:
        return MissedDirection(c.separator)


def missed(W: np.ndarray, M: np.ndarray) -> float:
    """1 − the cosine of the angle between W and M."""
    if not np.any(W):
        raise ZeroDivisionError("W = 0, where a run ends, has no direction")
    return 0.5 * float(np.sum((W / np.linalg.norm(W) - M / np.linalg.norm(M)) ** 2))


class ExactDirection(AbstractAttention):
    """⟨W_k, u⟩/‖u‖ = c_0 + ηk and W_⊥ stays, so 1 − corr(W_k, W_mm) is known: Θ(1/k²) if W_⊥ ≠ 0.
    One input of two tokens, u = (x_best − x_other)zᵀ, normalized gradient descent.

    Proof. f depends on W through ⟨W, u⟩ alone and decreases in it: every gradient is a negative
    multiple of u. W_mm = u/‖u‖². ∎
    """

    statement = (
        "n=1, two tokens: ⟨W_k,u⟩/‖u‖ = c_0 + ηk, W_⊥ stays:  1−corr = 1 − c_k/√(c_k²+‖W_⊥‖²)"
    )
    assumes = (NoNoise(), OrthogonalPairs(one=True))

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        W, u = np.asarray(c.x0, dtype=float), np.asarray(c.pairs[0])
        value = missed(W + float(self.eta) * T * u / np.linalg.norm(u), u)
        return value, value


class PlainLikeNormalized(ExactDirection):
    """FALSE: the same, and with it 1 − corr = Θ(1/k²), for plain gradient descent, whose ⟨W_k, u⟩
    grows like ln k (`GrowthLaw`)."""

    statement = "n=1, two tokens: plain gradient descent also has ⟨W_k,u⟩/‖u‖ = c_0 + ηk (false)"

    def prescribe(self, c: Constants, T: int) -> Any:
        return SGD(self.eta)


class GrowthLaw(AbstractAttention):
    """ck ≤ Φ(x_k) − Φ(x_0) ≤ ck + (c/2)e^{c/4}(x_k − x_0), Φ(x) = 2x + 2 sinh x, for x_k = ⟨W_k, u⟩
    of plain gradient descent with η = c/(γ‖u‖²), γ the lead of the better of two scores, x_0 ≥ 0:
    x_k = ln(ck) + O((ln k)/k).

    Proof. x⁺ = x + c σ(x)σ(−x) = x + c/Φ′(x). Φ is convex on x ≥ 0: the lower bound. Φ″ ≤ Φ′,
    (ln Φ′)′ = tanh(x/2) ≤ 1 and a step is c/4 at most: Φ(x⁺) − Φ(x) ≤ c + (c²/2)e^{c/4}/Φ′(x), and
    Σ c/Φ′(x_k) = x_K − x_0. Solved for x_k: below, Φ⁻¹; above, the larger root of a convex
    function. ∎
    """

    statement = (
        "x_k = ⟨W_k,u⟩, plain GD:  ck ≤ Φ(x_k)−Φ(x_0) ≤ ck + (c/2)e^{c/4}(x_k−x_0),  Φ = 2x+2sinh x"
    )
    assumes = (NoNoise(), OrthogonalPairs(one=True), AheadOfThePair())
    domain = {"eta": number("(0, 100]")}  # c; e^{c/4} is a number

    def prescribe(self, c: Constants, T: int) -> Any:
        return SGD(self.eta / (float(c.gaps[0, 0]) * float(np.sum(np.asarray(c.pairs[0]) ** 2))))

    def metric(self, c: Constants, T: int) -> Any:
        return Along(c.pairs[0])

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        x0, step = float(np.sum(np.asarray(c.x0) * c.pairs[0])), float(self.eta)
        return growth(x0, step, T, 0.0), growth(x0, step, T, step / 2 * math.exp(step / 4))


def growth(x0: float, step: float, k: int, a: float) -> float:
    """The largest x with Φ(x) − Φ(x_0) ≤ step·k + a(x − x_0), by bisection."""

    def over(x: float) -> bool:
        rise = 2 * (x - x0) + 4 * math.cosh((x + x0) / 2) * math.sinh((x - x0) / 2)
        return rise > step * k + a * (x - x0)

    low, high = x0, x0 + 1.0
    while not over(high):
        low, high = high, x0 + 2 * (high - x0)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if over(middle) else (middle, high)
    return high


class DecoupledLaw(AbstractAttention):
    """x_i = ⟨W, u_i⟩ of inputs of two tokens with orthogonal u_i: x_i ← x_i + η a_i‖u_i‖²/√(Σ
    a_j²‖u_j‖²), a_i = γ_i σ(x_i)σ(−x_i), the rest of W stays; with it 1 − corr(W_T, W_mm).

    Proof. ∇f = −(1/n) Σ γ_i σ(x_i)σ(−x_i) u_i, and the norm is that of the whole. W_mm = Σ
    u_i/‖u_i‖². ∎ The input that is least separated takes nearly all of a step.
    """

    statement = (
        "orthogonal pairs u_i: x_i ← x_i + η a_i‖u_i‖²/√(Σ a_j²‖u_j‖²), a_i = γ_i σ(x_i)σ(−x_i)"
    )
    assumes = (NoNoise(), OrthogonalPairs())

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        u = np.asarray(c.pairs, dtype=float).reshape(c.inputs, -1)
        start, size = np.asarray(c.x0, dtype=float).reshape(-1), np.sum(u**2, axis=1)
        x = first = u @ start
        for _ in range(T):
            log_a = np.log(c.gaps[:, 0]) - np.logaddexp(0, x) - np.logaddexp(0, -x)
            a = np.exp(log_a - log_a.max())
            x = x + float(self.eta) * a * size / math.sqrt(float(a**2 @ size))
        W = start + ((x - first) / size) @ u
        value = missed(W, (1 / size) @ u)
        return value, value


class LossForDirectionLaw(AbstractAttention):
    """(f(W) − f*)(1 + e^p) ≥ Δ/n for every W, p = ⟨W, W_mm⟩/‖W_mm‖², Δ the least lead of a best
    score over the next: the loss falls only as W grows along W_mm. Equality for one input of two
    tokens.

    Proof. m, the least of (x_best − x_t)ᵀWz over inputs and other tokens t, has 1 − s_best ≥
    1/(1 + e^m) there, and so f − f* ≥ (Δ/n)/(1 + e^m). W_mm = Σ λ_j A_j, λ ≥ 0, with ⟨A_j, W⟩ ≥ m
    and Σ λ_j = ‖W_mm‖²: p ≥ m. ∎
    """

    statement = "(f(W)−f*)(1+e^p) ≥ Δ/n,  p = ⟨W,W_mm⟩/‖W_mm‖²,  for every W"
    domain = {"method": one_of("normalized", "plain")}

    method: str = eqx.field(static=True, default="normalized")

    @varies
    def assumes(self) -> Any:
        return NoNoise(), Has("inputs", 1)

    def prescribe(self, c: Constants, T: int) -> Any:
        return NormalizedGD(self.eta) if self.method == "normalized" else SGD(self.eta)

    def metric(self, c: Constants, T: int) -> Any:
        return LossForDirection(c.separator, float(np.min(c.gaps[:, 0])) / c.inputs)

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 1.0, math.inf


class AwayFromThreshold(AbstractAssumption):
    """The three tokens on a line, from w_0 ≠ w*."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        w = float(np.asarray(c.x0).item())
        return Checked("off the threshold", abs(w - THRESHOLD) > 1e-9, w, f"w_0 ≠ {THRESHOLD:.9f}")


class WhichToken(AbstractAttention):
    """w_k = w_0 + ηk from w_0 > w*, w_0 − ηk from below, on the tokens 0, 3, 2 with scores 1, ½, 0:
    w* = ln(2 cosh(arcosh(2)/3)). From above the token at 3 is selected, which is not the best one.

    Proof. −f′(w) = Cov_s(g, x) has the sign of ½e^{5w} − (3/2)e^{3w} − 2e^{2w}, summed over pairs,
    hence of y³ − 3y − 4 at y = e^w: one sign change, and y = 2 cosh θ turns it into 2 cosh 3θ = 4.
    """

    statement = "tokens 0, 3, 2, scores 1, ½, 0: w_k = w_0 + ηk if w_0 > w*, w_0 − ηk if w_0 < w*"
    assumes = (NoNoise(), Is("three_tokens"), AwayFromThreshold())

    def metric(self, c: Constants, T: int) -> Any:
        return Along([[1.0]])

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        w = float(np.asarray(c.x0).item())
        value = w + math.copysign(float(self.eta) * T, w - THRESHOLD)
        return value, value


class AlwaysBestToken(WhichToken):
    """FALSE: from every start the best token is selected, w_k = w_0 − ηk."""

    statement = (
        "tokens 0, 3, 2, scores 1, ½, 0: the token at 0 is selected from every start (false)"
    )

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        value = float(np.asarray(c.x0).item()) - float(self.eta) * T
        return value, value


class KeyQueryBalance(AbstractAttention):
    """‖K_kᵀK_k − Q_kᵀQ_k − (K_0ᵀK_0 − Q_0ᵀQ_0)‖_F ≤ η²k for W = KQᵀ and steps of length η at most,
    K and Q normalized together. Equality after one step from K_0 = 0 with one input of two tokens.

    Proof. With G = ∇g(W), K⁺ = K − aGQ and Q⁺ = Q − aGᵀK, a step changes KᵀK − QᵀQ by
    a²(QᵀGᵀGQ − KᵀGGᵀK), for the terms in a cancel; it is a difference of two positive semidefinite
    matrices of norms ≤ a²‖GQ‖² and a²‖GᵀK‖², whose sum is the square of the step. ∎
    What direction KQᵀ takes is observed in the figure, not claimed.
    """

    statement = "W = KQᵀ, joint normalization:  ‖KᵀK − QᵀQ − (K_0ᵀK_0 − Q_0ᵀQ_0)‖_F ≤ η²k"

    @varies
    def assumes(self) -> Any:
        """Steps whose squares show beside the roundings of K_0ᵀK_0."""
        shown = Within("η² over a rounding of ‖K_0‖² + ‖Q_0‖²", self, "shown", 64.0, np.inf)
        return NoNoise(), Has("grad0", 1e-300), shown

    def shown(self, c: Constants, T: int) -> float:
        """η²/(ε(‖K_0‖² + ‖Q_0‖²))."""
        rounding = float(np.finfo(np.float64).eps) * float(np.sum(np.square(c.x0)))
        return float(self.eta) ** 2 / max(rounding, 1e-300)

    def metric(self, c: Constants, T: int) -> Any:
        return Imbalance(c.balance)

    def bound(self, c: Constants, T: int) -> float:
        return float(self.eta) ** 2 * T
