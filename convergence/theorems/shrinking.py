"""What a factor 1 − x a step has taken after t steps: right to rounding however small x is."""

from __future__ import annotations

from typing import Any

import numpy as np


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
