"""Stich, Cordonnier and Jaggi 2018 (arXiv 1809.07599): contractive compressors, error feedback."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.algorithms.compression.error_feedback import ErrorFeedback
from convergence.constants import Constants
from convergence.errors import InvalidInput, require
from convergence.parts.compressors import AbstractCompressor, Masks
from convergence.plainly import plainly
from convergence.theorems.assumptions import FiniteVariance, Has, NoNoise, Smooth
from convergence.theorems.base import AbstractIdentity, Kind, Provenance, Source
from convergence.theorems.compression.shared import SURELY, AbstractCompressedTheorem, virtual
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import a, check_fields, count, number, one_of

MOST = 2**10  # entries of a vector


@plainly
def _sent(compressor: AbstractCompressor, V: Any, key: Any) -> Any:
    return compressor(V, key)


class Contraction(AbstractIdentity):
    """E‖C(v) − v‖² ≤ (1 − δ)‖v‖² on fixed vectors; an equality for random masks.

    Proofs are with the compressors. Random masks are enumerated: no sampling.
    """

    source = Source("stich2018", "Definition 2.1 and its examples")
    provenance = Provenance.DERIVED
    statement = "E‖C(v) − v‖² ≤ (1 − δ)‖v‖²,  equality for rand-k and Bernoulli masks"
    tolerance = 1e-12  # sums of at most 16 products of numbers of size 1
    domain = {"compressor": a(AbstractCompressor), "d": count(), "delta": one_of(None)}

    compressor: AbstractCompressor
    d: int = eqx.field(static=True, default=6)
    delta: float | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        check_fields(self)
        self.compressor.contraction(self.d)  # refuses k > d
        require(self.d <= MOST, f"d = {self.d}", f"d ≤ {MOST}", "every pair of entries is compared")
        if self.compressor.random:
            self.compressor.patterns(1, self.d)  # refuses a law that no list holds

    def certified(self) -> float:
        """δ."""
        return self.compressor.contraction(self.d) if self.delta is None else self.delta

    def vectors(self) -> np.ndarray:
        """Unit vectors: random, flat (worst for top-k) and next to an axis (worst for sign)."""
        rng = np.random.default_rng(0)
        # Next to an axis: sign(0) = 0 spares the axis itself, 1e-14 disappears in the squares.
        axis = np.full(self.d, 1e-14)
        axis[0] = 1.0
        rows = [*rng.standard_normal((12, self.d)), np.ones(self.d), axis]
        return np.stack([v / np.linalg.norm(v) for v in rows])

    def discrepancies(self) -> dict[str, float]:
        delta = self.certified()
        V = self.vectors()
        key = jax.random.key(0)
        try:
            chances, masks = self.compressor.patterns(1, self.d)
            outcomes = [_sent(Masks(mask), V, key) for mask in masks]
            errors = sum(
                w * np.sum((np.asarray(out) - V) ** 2, axis=1)
                for w, out in zip(chances, outcomes, strict=True)
            )
            off = np.abs(np.asarray(errors) - (1 - delta))
        except InvalidInput:  # no mask, and nothing random
            errors = np.sum(np.asarray(_sent(self.compressor, V, key) - V) ** 2, axis=1)
            off = np.maximum(errors - (1 - delta), 0.0)
            # The flat vector attains the δ of top-k; of sign it is the axis.
            off = np.append(off, max(0.0, (1 - delta) - float(np.max(errors))))
        return {f"v{j}": float(x) for j, x in enumerate(off)}


class ContractionOfAnother(Contraction):
    """FALSE where `delta` is larger than the compressor's δ: E‖C(v) − v‖² ≤ (1 − delta)‖v‖²."""

    statement = "E‖C(v) − v‖² ≤ (1 − δ)‖v‖² with a δ that the compressor does not have (false)"
    domain = {"delta": number("(0, 1]")}


class ErrorFeedbackNonconvex(AbstractCompressedTheorem):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ min_s [F₀/(γT) + Lγσ²/(2n) + γ²L²(q²/a²)(ζ² + σ²)/(2s)] /
    (1 − s/2 − Lγ/2 − γ²L²(q²/a²)B²/(2s)) if (1/n) Σ‖∇f_i‖² ≤ ζ² + B²‖∇f‖².

    Proof. ‖e⁺‖ ≤ q(‖e‖ + ‖g‖) in L² over runs and workers, so ‖e‖ ≤ (q/a)‖g‖ in ℓ², and the mean
    of E‖g_i‖² is at most ζ² + B²E‖∇f‖² + σ²; use `virtual` (x̃⁺ = x̃ − γḡ, e_0 = 0). s = 1 and
    γ ≤ min{1/(4L), a/(2qBL)} give 4F₀/(γT) + 2γLσ²/n + 2γ²L²(q²/a²)(ζ² + σ²): a floor of the order
    γ²ζ²/δ² that heterogeneity leaves.

    γ = scale · min{1/(4L), a/(2qBL)}, for every scale: beyond what the proof allows it says ∞.
    For one worker B = 1 and ζ = 0, the objective of the paper.
    """

    source = Source("stich2018", "error feedback, there for one objective; several workers derived")
    statement = "(1/T) Σ E‖∇f‖² ≤ 4F₀/(γT) + 2γLσ²/n + 2γ²L²(q²/a²)(ζ²+σ²), sharpened"
    hypotheses = (Smooth(), FiniteVariance(), Has("zeta_B", 0.0), Positive("B"))
    domain = {"scale": number("(0, inf)")}

    def gamma(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        crossed = a / (2 * q * c.B * c.L) if q > 0 else float("inf")
        return float(self.scale) * min(1 / (4 * c.L), crossed)

    def spread(self, c: Constants) -> float:
        """ζ."""
        return c.zeta_B

    def prescribe(self, c: Constants, T: int) -> Any:
        return ErrorFeedback(self.gamma(c, T), self.compressor)

    def bound(self, c: Constants, T: int) -> float:
        q, a = self.qa(c)
        ratio = (q / a) ** 2
        error = ratio * (self.spread(c) ** 2 + c.sigma**2)
        return virtual(c, self.gamma(c, T), T, error, ratio * c.B**2, c.sigma**2)


class ErrorFeedbackSurely(ErrorFeedbackNonconvex):
    """The same on every run, without noise and for a deterministic compressor."""

    kind = Kind.PATHWISE
    hypotheses = (Smooth(), NoNoise(), Has("zeta_B", 0.0), Positive("B"))
    domain = {"compressor": SURELY}


class ErrorFeedbackIgnoresHeterogeneity(ErrorFeedbackNonconvex):
    """The same bound with ζ = 0: FALSE where the workers differ (the floor γ²ζ²/δ² remains)."""

    source = Source("stich2018", "error feedback with one worker's bound, used for many")
    statement = "(1/T) Σ E‖∇f‖² of error feedback is free of ζ (false for heterogeneous workers)"

    def spread(self, c: Constants) -> float:
        return 0.0
