"""Li et al. 2022 (arXiv 2110.05679): clipping per example without gradients per example, what it
costs, and the floor of private noise."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source


class GhostNorm(AbstractIdentity):
    """‖AᵀS‖_F² = ⟨AAᵀ, SSᵀ⟩ for the gradient AᵀS of one example of a linear layer, A (T, p) inputs
    and S (T, q) slopes at T positions: no p × q matrix is formed. Layers add.

    Proof. tr(SᵀAAᵀS) = tr(AAᵀSSᵀ). ∎
    """

    source = Source("li2022dp", "ghost clipping; identity derived")
    provenance = Provenance.DERIVED
    statement = "‖AᵀS‖_F² = ⟨AAᵀ, SSᵀ⟩"
    tolerance = 1e-12  # relative

    crossed: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        rng, found = np.random.default_rng(0), {}
        for T in (1, 3, 7):
            A, S = rng.standard_normal((T, 5)), rng.standard_normal((T, 4))
            gram = (A @ A.T) * (S @ S.T)
            value = gram.sum() if self.crossed else np.trace(gram)
            true = float(np.sum((A.T @ S) ** 2))
            found[f"T = {T}"] = abs(float(value) - true) / true
        return found


class SquaresAdd(GhostNorm):
    """FALSE for T > 1: ‖AᵀS‖_F² = Σ_t ‖a_t‖²‖s_t‖². Right for T = 1, and where the crossed terms
    happen to sum to 0."""

    statement = "‖AᵀS‖_F² = Σ_t ‖a_t‖²‖s_t‖² (false)"
    crossed: bool = eqx.field(static=True, default=False)


def clipped_mean(x: float, p: float, a: float, C: float, each: bool = True) -> float:
    """p·clip(x) + (1 − p)·clip(x − a), clip to [−C, C]; or the mean, clipped."""
    if not each:
        return float(np.clip(p * x + (1 - p) * (x - a), -C, C))
    return float(p * np.clip(x, -C, C) + (1 - p) * np.clip(x - a, -C, C))


class ClippingBias(AbstractIdentity):
    """Clipped gradient descent on the mean of ½(x − a_i)², a share p > ½ of the a_i at 0, the rest
    at a, rests at (1 − p)C/p alone if that is ≤ C and a − (1 − p)C/p ≥ C; the mean is (1 − p)a.

    Proof. There the two clipped terms are p(1 − p)C/p − (1 − p)C = 0. The left side does not
    decrease in x, and strictly increases there, for the first term is not clipped: p > ½. (p = ½
    has an interval of fixed points.) ∎
    """

    source = Source("li2022dp", "bias of clipping; instance derived")
    provenance = Provenance.DERIVED
    statement = "p > ½ at 0, 1−p at a: clipped descent rests at (1−p)C/p, not at the mean (1−p)a"
    tolerance = 1e-13

    each: bool = eqx.field(static=True, default=True)
    at_mean: bool = eqx.field(static=True, default=False)

    def discrepancies(self) -> dict[str, float]:
        p, a, found = 2 / 3, 3.0, {}
        for C in (0.5, 1.0, 1.5):
            x = (1 - p) * a if self.at_mean else (1 - p) * C / p
            found[f"C = {C:g}"] = abs(clipped_mean(x, p, a, C, self.each))
            if not self.at_mean:
                around = [clipped_mean(x + e, p, a, C, self.each) for e in (-0.1, 0.1)]
                found[f"C = {C:g}, alone"] = float(not around[0] < 0 < around[1])
        return found


class ReachesTheMean(ClippingBias):
    """FALSE: clipped gradient descent rests at the mean."""

    statement = "clipped gradient descent rests at the mean (false)"
    at_mean: bool = eqx.field(static=True, default=True)


class PrivateFloor(AbstractIdentity):
    """E‖x‖² → ηs²C²d/(B²λ(2 − ηλ)) on (λ/2)‖x‖² with the noise sC N(0, I_d)/B, as long as nothing
    is clipped: linear in d.

    Proof. The fixed point of v = (1 − ηλ)²v + η²s²C²d/B². ∎ Clipping changes it by no more than
    the chance that ‖λx‖ > C lets it.
    """

    source = Source("li2022dp", "noise of private SGD; floor derived")
    provenance = Provenance.DERIVED
    statement = "E‖x‖² → ηs²C²d/(B²λ(2−ηλ)) without clipping"
    tolerance = 1e-12

    scaled: bool = eqx.field(static=True, default=True)
    power: int = eqx.field(static=True, default=2)

    def discrepancies(self) -> dict[str, float]:
        eta, s, B, d, found = 0.1, 2.0, 4.0, 3, {}
        for C, lam in ((1.0, 1.0), (0.7, 0.5)):
            v, C_seen = 5.0, C if self.scaled else 1.0
            for _ in range(2000):
                v = (1 - eta * lam) ** 2 * v + eta**2 * s**2 * C_seen**2 * d / B**self.power
            law = eta * s**2 * C**2 * d / (B**2 * lam * (2 - eta * lam))
            found[f"C = {C:g}, λ = {lam:g}"] = abs(v - law)
        return found
