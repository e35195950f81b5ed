"""What a factor 1 − x a step has taken after t steps: right to rounding however small x is."""

from __future__ import annotations

import decimal
from typing import Any

import numpy as np


def left(x: Any, t: Any) -> Any:
    """(1 − x)^t for x ≤ 2 and t ≥ 0, numbers or arrays: 1 − `gone` forgets it where it is small."""
    x, t = np.asarray(x, float), np.asarray(t, float)
    small = np.where(x < 0.5, x, 0.0)
    return np.where(x < 0.5, np.exp(t * np.log1p(-small)), (1 - x) ** t)[()]


def gone(x: Any, t: Any) -> Any:
    """1 − (1 − x)^t for x ≤ 2 and t ≥ 0, numbers or arrays: 1 − x forgets the digits of a small x.

    Raises FloatingPointError where that is beyond float64.
    """
    x, t = np.asarray(x, float), np.asarray(t, float)
    small = np.where(x < 0.5, x, 0.0)
    with np.errstate(over="raise"):
        return np.where(x < 0.5, -np.expm1(t * np.log1p(-small)), 1 - (1 - x) ** t)[()]


def summed(x: Any, t: Any) -> Any:
    """Σ_{s<t} (1 − x)^s = gone(x, t)/x, which is t at x = 0."""
    x = np.asarray(x, float)
    return np.where(x == 0, t, gone(x, t) / np.where(x == 0, 1.0, x))[()]


def averaged(x: float, T: int) -> float:
    """(1/T) Σ_{t<T} gone(x, t) = 1 − gone(x, T)/(xT); by its series in x where that cancels."""
    if x * T >= 0.5:
        return float(1 - gone(x, T) / (x * T))
    total, term, k = 0.0, x * (T - 1) / 2, 1
    while abs(term) > 1e-18 * abs(total):
        total += term
        term *= -x * (T - k - 1) / (k + 2)
        k += 1
    return total


def rectifiers(b2: float, T: int) -> tuple[float, np.ndarray]:
    """ρ_∞ and ρ_1, …, ρ_T: differences of numbers near 2/(1 − β₂), of which floats leave little."""
    with decimal.localcontext(prec=60):
        beta = decimal.Decimal(b2)
        top, power, rho = 2 / (1 - beta) - 1, decimal.Decimal(1), []
        for t in range(1, T + 1):
            power *= beta
            rho.append(float(top - 2 * t * power / (1 - power)))
    return float(top), np.array(rho)
