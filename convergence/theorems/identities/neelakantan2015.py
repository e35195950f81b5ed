"""Neelakantan et al. 2015 (arXiv 1511.06807): gradient noise whose variance decays."""

from __future__ import annotations

import equinox as eqx

from convergence.theorems.base import AbstractIdentity, Provenance, Source


class AnnealedLevel(AbstractIdentity):
    """E x_t² of gradient descent with step α on (λ/2)x² and noise of variance e0(1 + t)^{−g}, 0 <
    g ≤ 1, lies between the level αe0 t^{−g}/(λ(2 − αλ)) and (1 + 4gq²/((1 − q²)t) + t^g q^t) times
    it, plus q^{2t}x_0², q = 1 − αλ, less the share q^{2t} of the level.

    Proof. E x_t² = q^{2t}x_0² + α²e0 Σ_{k<t} q^{2k}(t − k)^{−g}. Below: (t − k)^{−g} ≥ t^{−g}.
    Above: for k ≤ t/2, (1 − k/t)^{−g} ≤ 1 + 4gk/t, with Σ k q^{2k}(1 − q²) ≤ q²/(1 − q²); the rest
    is q^t in all at most. ∎
    """

    source = Source("neelakantan2015", "annealed Gaussian noise; level derived")
    provenance = Provenance.DERIVED
    statement = "E x_t² = αe0 t^{−g}/(λ(2−αλ)) (1 + O(1/t)) for noise of variance e0 (1+t)^{−g}"
    tolerance = 1e-9

    g: float = eqx.field(static=True, default=0.55)
    stated: float = eqx.field(static=True, default=0.55)
    squared: bool = eqx.field(static=True, default=False)

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for al in (0.05, 0.5):
            lam, e0, x, q, g = 1.0, 0.3, 4.0, 1 - al, self.stated
            for t in range(4000):
                variance = e0 * (1.0 + t) ** -self.g
                x = q**2 * x + al**2 * (variance**2 if self.squared else variance)
                if t + 1 in (1000, 4000):
                    T = t + 1.0
                    level = al * e0 * T**-g / (lam * (2 - al * lam))
                    high = 1 + 4 * g * q**2 / ((1 - q**2) * T) + T**g * q**T
                    name = f"αλ = {al:g}, t = {t + 1}"
                    found[f"{name}, below"] = max(0.0, 1 - q ** (2 * T) - x / level)
                    found[f"{name}, above"] = max(0.0, (x - q ** (2 * T) * 4.0) / level - high)
        return found


class ConstantNoiseVanishes(AnnealedLevel):
    """FALSE: noise that is not annealed, g = 0, also goes to 0, like t^{−0.55}."""

    statement = "E x_t² ~ t^{−0.55} for noise of constant variance (false)"
    g: float = eqx.field(static=True, default=0.0)
