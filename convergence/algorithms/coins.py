"""How far one step's random subspace or direction spreads the value of a quadratic."""

from __future__ import annotations

import math


def projected(a: float, share: float, variance: float) -> tuple[float, float]:
    """(v, k) of f⁺ = f (1 − A B): 0 ≤ A ≤ a < 1, B in [0, 1] of mean `share` and `variance`.

    E f⁺²/(E f⁺)² = 1 + a² Var B/(1 − a share)² at A = a, where it is largest; nothing is said where
    f⁺ = 0 has the mean.
    """
    left = 1 - a * share
    return (math.log1p(a**2 * variance / left**2) if left > 0 else math.inf), a * share


def haar(m: int, r: int) -> float:
    """Var ‖Pᵀg‖²/‖g‖² for r uniformly random orthonormal columns of length m: 2δ(1 − δ)/(m + 2)."""
    share = r / m
    return 2 * share * (1 - share) / (m + 2)


def directional(eta: float, d: int) -> float:
    """v of x⁺ = x − η u uᵀ∇f, u ~ N(0, I_d), L = 1.

    f⁺ ≤ f (1 − 2ηz² + η²‖u‖²z²) with z standard normal: Var ≤ 8η²(1 + η(d + 6)/2)², and the mean
    is at least 1 − 2η.
    """
    return math.log1p(8 * eta**2 * (1 + eta * (d + 6) / 2) ** 2 / (1 - 2 * eta) ** 2)
