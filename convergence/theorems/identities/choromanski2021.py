"""Choromanski et al. 2021 (arXiv 2009.14794): random features of the exponential kernel, and the
bias of attention made of them."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.theorems.base import AbstractIdentity, Provenance, Source

X, Y = np.array([0.3, -0.2, 0.5]), np.array([0.1, 0.4, 0.2])
KEYS = np.array([[0.5, 0, 0], [-0.5, 0.3, 0], [0, 0.2, 0.4]])
VALUES, QUERY = np.array([1.0, -1.0, 2.0]), np.array([0.3, -0.2, 0.4])


def normal(points: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (P, 3) and weights of Gauss-Hermite quadrature for N(0, I_3)."""
    x, w = np.polynomial.hermite_e.hermegauss(points)
    nodes = np.stack(np.meshgrid(x, x, x, indexing="ij"), axis=-1).reshape(-1, 3)
    weights = (w[:, None, None] * w[:, None] * w).ravel()
    return nodes, weights / weights.sum()


def positive(w: np.ndarray, x: np.ndarray) -> np.ndarray:
    """φ_w(x) = exp(⟨w, x⟩ − ‖x‖²/2)."""
    return np.exp(w @ x - x @ x / 2)


class FeatureMoments(AbstractIdentity):
    """E φ_w(x)φ_w(y) = e^{⟨x,y⟩} for φ_w(x) = exp(⟨w,x⟩ − ‖x‖²/2), w ~ N(0, I), with the variance
    e^{2⟨x,y⟩}(e^{‖x+y‖²} − 1); for e^{(‖x‖²+‖y‖²)/2} cos⟨w, x−y⟩ it is e^{‖x+y‖²}e^{−2⟨x,y⟩}
    (1 − e^{−‖x−y‖²})²/2. The mean of m independent features has 1/m of it.

    Proof. E e^{⟨w,u⟩} = e^{‖u‖²/2} at u = x + y and 2(x + y); E cos² = (1 + e^{−2‖x−y‖²})/2, and
    ‖x‖² + ‖y‖² = ‖x + y‖² − 2⟨x,y⟩. ∎ Checked by quadrature.
    """

    source = Source("choromanski2021", "positive and trigonometric features; moments derived")
    provenance = Provenance.DERIVED
    statement = "E φφ = e^{⟨x,y⟩};  Var = e^{2⟨x,y⟩}(e^{‖x+y‖²}−1);  trigonometric variance"
    tolerance = 1e-9  # of 24-point rules for these exponentials

    centered: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        w, p = normal()
        f = positive(w, X) * positive(w, Y)
        if not self.centered:
            f = np.exp(w @ X) * np.exp(w @ Y)
        g = np.exp((X @ X + Y @ Y) / 2) * np.cos(w @ (X - Y))
        dot, far, near = (float(v) for v in (X @ Y, (X + Y) @ (X + Y), (X - Y) @ (X - Y)))
        trig = np.exp(far - 2 * dot) * (1 - np.exp(-near)) ** 2 / 2
        mean, other = float(p @ f), float(p @ g)
        found = {
            "mean": mean - np.exp(dot),
            "variance": float(p @ f**2) - mean**2 - np.exp(2 * dot) * (np.exp(far) - 1),
            "trigonometric mean": other - np.exp(dot),
            "trigonometric variance": float(p @ g**2) - other**2 - trig,
        }
        return {name: float(abs(off)) for name, off in found.items()}


def ratio_bias() -> float:
    """−Cov(N, D)/D² + N Var D/D³ by E φ_q²φ_kφ_k′ = exp(‖q‖² + 2⟨q, k + k′⟩ + ⟨k, k′⟩)."""
    e = np.exp(KEYS @ QUERY)
    both = np.exp(QUERY @ QUERY + 2 * (KEYS @ QUERY)[:, None] + 2 * (KEYS @ QUERY) + KEYS @ KEYS.T)
    cov = both - np.outer(e, e)
    N, D = VALUES @ e, e.sum()
    return float(-(VALUES @ cov).sum() / D**2 + N * cov.sum() / D**3)


class RatioBias(AbstractIdentity):
    """Attention N/D with N = Σ v_k φ(q)φ(k) and D = Σ φ(q)φ(k), means over m features, has the bias
    (1/m)[−Cov(N, D)/D² + N Var D/D³] + O(m⁻²), of moments of one feature in closed form.

    Proof. Second-order expansion of N/D at the means; D has all inverse moments, for features are
    positive. E φ_q²φ_kφ_k′ is E e^{⟨w,u⟩} at u = 2q + k + k′. ∎ Checked: the moments by quadrature,
    and the coefficient −0.2838529 of the instance.
    """

    source = Source("choromanski2021", "attention as a ratio of estimates; expansion derived")
    provenance = Provenance.DERIVED
    statement = "bias of N/D = (1/m)[−Cov(N,D)/D² + N Var D/D³] + O(m⁻²), moments in closed form"
    tolerance = 1e-7  # seven digits of the coefficient; quadrature as above

    def discrepancies(self) -> dict[str, float]:
        w, p = normal()
        phi = np.stack([positive(w, QUERY) * positive(w, k) for k in KEYS])
        N, D = VALUES @ phi, phi.sum(axis=0)
        n, d = float(p @ N), float(p @ D)
        cov, var = float(p @ (N * D)) - n * d, float(p @ D**2) - d**2
        by_quadrature = -cov / d**2 + n * var / d**3
        return {
            "closed form": abs(ratio_bias() - by_quadrature),
            "coefficient": abs(ratio_bias() + 0.2838529),
            "N/D": abs(n / d - 0.8407467),
        }


class Unbiased(AbstractIdentity):
    """FALSE: attention of random features is unbiased. One feature: E N/D is off by 0.17 and more,
    by quadrature."""

    source = Source("choromanski2021", "unbiased kernel estimates; instance derived")
    provenance = Provenance.DERIVED
    statement = "attention made of random features is unbiased (false)"
    tolerance = 1e-3

    def discrepancies(self) -> dict[str, float]:
        w, p = normal()
        phi = np.stack([positive(w, k) for k in KEYS])  # φ(q) cancels
        e = np.exp(KEYS @ QUERY)
        mean = float(p @ (VALUES @ phi / phi.sum(axis=0)))
        return {"m = 1": abs(mean - VALUES @ e / e.sum())}
