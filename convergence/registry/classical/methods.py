"""First-order methods without noise, whose worst cases can be computed exactly."""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.problems.huber import Huber
from convergence.problems.sawtooth import Sawtooth
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.classical.ghadimi2015 import HeavyBallConvex
from convergence.theorems.classical.nesterov1983 import AcceleratedConvex


def kink(T: int) -> Huber:
    """Huber's function, so narrow that Nesterov's method stays in its linear part for T steps.

    There x_T = 1 − wS with S = Σ d_t, d_{t+1} = 1 + (t−1)/(t+2) d_t, and f(x_T) = w − w²(S + ½) is
    largest at w = 1/(2S + 1).
    """
    steps, step = 0.0, 0.0
    for t in range(T):
        step = 1 + (t - 1) / (t + 2) * step
        steps += step
    return Huber(1 / (2 * steps + 1))


def wedge(T: int) -> Huber:
    """The same for the heavy ball, S = T/2: f(x_T) is the bound itself."""
    return Huber(1 / (T + 1))


def teeth(T: int) -> Sawtooth:
    """A tooth a step."""
    return Sawtooth(T)


CLAIMS = (
    Claim("nesterov-convex", AcceleratedConvex(), kink, horizons=(4, 32), seeds=1),
    Claim("heavy-ball-convex", HeavyBallConvex(), wedge,
          horizons=(4, 32), seeds=1),
    Claim("gd-nonconvex", GradientDescentNonconvex(), wedge,
          horizons=(4, 32), seeds=1, note="the worst case is no Huber function"),
    Claim("gd-nonconvex-worst", GradientDescentNonconvex(), teeth, horizons=(1, 4, 32), seeds=1,
          note="the function that the exact worst case is attained by"),
)  # fmt: skip
