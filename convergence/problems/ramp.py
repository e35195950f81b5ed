"""The ramp: a slope as long as a method with bounded steps can walk, then a parabola."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convergence.errors import require
from convergence.problems.nonconvex import Separable


def slope(reach: float, Delta: float, L: float) -> float:
    """s with s·reach + s²/(2L) = Δ."""
    # The positive root, without the cancellation of −reach + √(reach² + 2Δ/L).
    return 2 * Delta / (reach + math.sqrt(reach**2 + 2 * Delta / L))


def ramp(
    reach: float, Delta: float = 1.0, L: float = 1.0, d: int = 2, floor: Any = None
) -> Separable:
    """Slope s along w_1 for a length `reach` from the start, then a parabola of curvature L.

    f is L-smooth, f(w⁰) − f* = s·reach + s²/(2L) = Δ, and ‖∇f(w)‖ ≥ s wherever ‖w − w⁰‖ ≤ reach.
    With reach = γT it is s on every path of every method whose steps have length at most γ,
    whatever the noise. `floor`: (b, k) adds b k log cosh(w_2/k) with w_2 = 0 at the start, in
    which noise along e_2 can leave its mark.
    """
    require(reach > 0 and Delta > 0 and L > 0, f"reach {reach:g}, Delta {Delta:g}, L {L:g}",
            "positive numbers", "give a length to walk and a height to fall")  # fmt: skip
    require(d >= 2 or floor is None, f"d = {d}", "d ≥ 2 for a floor", "add a coordinate")
    s = slope(reach, Delta, L)
    first, second = np.zeros(d), np.zeros(d)
    first[0] = 1.0
    if d > 1:
        second[1] = 1.0
    b, k = (0.0, 1.0) if floor is None else floor
    return Separable(
        first * (reach + s / L),
        c=np.zeros(d), a=np.zeros(d), l=np.ones(d),
        b=b * second, k=np.where(second > 0, k, 1.0), L_h=L * first, r=s / L * first,
    )  # fmt: skip
