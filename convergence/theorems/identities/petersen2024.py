"""Petersen, Borgelt and Ermon 2024 (arXiv 2410.23970): TrAct, a step of the first layer chosen by
what it does to pre-activations."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source


def tract(X: np.ndarray, slope: np.ndarray, eta: float, lam: float, mean: bool = True):
    """D = −η (dL/dz)ᵀ X (XᵀX/b + λI)⁻¹ of a batch X (b, d) with the loss a mean over it."""
    b = len(X) if mean else 1
    return -eta * np.linalg.solve(X.T @ X / b + lam * np.eye(X.shape[1]), X.T @ slope).T


class ProposedChange(AbstractIdentity):
    """D = argmin ‖XDᵀ + ηG‖² + bλ‖D‖², G = b dL/dz: the step whose change of pre-activations
    XDᵀ is nearest to −ηG; as λ → 0 that change is −ηΠG, Π the projector on the range of X, and
    does not change when X is scaled and G is held.

    Proof. Normal equations: (XDᵀ + ηG)ᵀX + bλD = 0. ∎
    """

    source = Source("petersen2024", "the update; as recalled, its equations derived")
    provenance = Provenance.DERIVED
    statement = "D = −η(dL/dz)ᵀX(XᵀX/b+λI)⁻¹ minimizes ‖XDᵀ+ηG‖²+bλ‖D‖²;  change −ηΠG as λ → 0"
    tolerance = 1e-9  # the limit is read at λ = 1e-11

    mean: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        rng = np.random.default_rng(0)
        found, eta = {}, 0.3
        for b in (3, 8):
            X, G = rng.standard_normal((b, 4)), rng.standard_normal((b, 2))
            D = tract(X, G / b, eta, 0.2, self.mean)
            left = (X @ D.T + eta * G).T @ X + b * 0.2 * D
            found[f"normal equations, b={b}"] = float(np.max(np.abs(left)))
            onto = X @ np.linalg.pinv(X) @ G
            for c in (0.1, 1.0, 10.0):
                change = c * X @ tract(c * X, G / b, eta, 1e-11 * c**2, self.mean).T
                found[f"change, b={b}, c={c:g}"] = float(np.max(np.abs(change + eta * onto)))
        return found


class ContrastInvariant(AbstractIdentity):
    """FALSE: a gradient step's change of pre-activations, −ηXXᵀG/b, is invariant to the contrast c
    of the inputs: it grows with c²."""

    source = Source("petersen2024", "what the method mends; derived")
    provenance = Provenance.DERIVED
    statement = "the change of pre-activations by SGD does not depend on the contrast (false)"
    tolerance = 1e-9

    def discrepancies(self) -> dict[str, float]:
        rng = np.random.default_rng(0)
        X, G = rng.standard_normal((3, 4)), rng.standard_normal((3, 2))
        one, ten = (float(np.linalg.norm(c**2 * X @ X.T @ G / 3)) for c in (1.0, 10.0))
        return {"c = 10": abs(ten / one - 1)}
