"""p-th moments from the tail P(‖ξ‖ > r) that a noise states: E‖ξ‖^p = ∫ p r^{p−1} P(‖ξ‖ > r) dr.

A wrong p-th moment of a tail index near p hides from samples; from its tail it does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from convergence.constants import Constants
from convergence.laws.entries import ALPHA
from convergence.laws.faults import Fault
from convergence.laws.origin import ours
from convergence.noise.base import AbstractNoise

# Trapezia in log r: kinks cost (80/2¹⁶)² of the integral.
LOW, HIGH, POINTS = -40.0, 40.0, 2**16
EXACT = 1e-4


def moment(tail: Callable[[np.ndarray], np.ndarray], p: float, unit: float) -> float:
    """E R^p for P(R > r) = tail(r), beyond e^HIGH units by the power law found there."""
    t = np.linspace(LOW / p, HIGH, POINTS)
    r = unit * np.exp(t)
    with np.errstate(under="ignore", divide="ignore"):
        f = p * np.exp(p * t) * np.asarray(tail(r), float)
    rest = 0.0
    if f[-1] > 0:
        fall = math.log(f[-1025] / f[-1]) / (t[-1] - t[-1025])
        rest = f[-1] / fall if fall > 0 else math.inf
    return unit**p * (float(np.trapezoid(f, t)) + rest)


def tail_faults(
    noise: AbstractNoise, shape: tuple[int, ...], c: Constants, sample: np.ndarray
) -> Iterator[Fault]:
    """sigma_p below the moment by quadrature; samples that have another tail, for a class whose
    tail the package does not prove."""
    tail = noise.tail(shape)
    if tail is None or not c.get("sigma_p", 0.0) > 0:
        return
    if "sigma" in c:
        second = moment(tail, 2.0, c.sigma_p) ** 0.5
        if second > c.sigma * (1 + EXACT) or c.sigma > second * (1 + EXACT):
            yield Fault("sigma", c.sigma, second, "by its tail (E‖ξ‖²)^½")
    true = moment(tail, c.p, c.sigma_p) ** (1 / c.p)
    if true > c.sigma_p * (1 + EXACT):
        yield Fault("sigma_p", c.sigma_p, true, f"by its tail (E‖ξ‖^{c.p:g})^(1/{c.p:g})")
    if ours(noise):
        return
    R = np.sort(np.linalg.norm(sample, axis=1))
    n, F = len(R), 1 - np.asarray(tail(R), float)
    just = 1 - np.asarray(tail(R * (1 - 1e-9)), float)  # before an atom
    up, down = np.arange(1, n + 1) / n - F, just - np.arange(n) / n
    gap = float(max(up.max(), down.max()))
    if 2 * math.exp(-2 * n * gap**2) < ALPHA:
        yield Fault("tail", "that of ‖ξ‖", gap, "the largest gap to the share of samples")


def drawn_alone(noise: AbstractNoise, shape: tuple[int, ...], c: Constants) -> str:
    """What is taken on trust of a user's noise: moments that rare draws may carry, of a law that
    it does not state. Empty where there are none."""
    said = [name for name in ("sigma", "sigma_p") if c.get(name)]
    if ours(noise) or c.get("light_tailed") or not said:
        return ""
    if noise.normal or noise.atoms(shape) is not None or noise.tail(shape) is not None:
        return ""
    name = type(noise).__name__
    return (
        f"{' and '.join(said)} of {name} on trust beyond what draws show, which miss what rare "
        f"ones carry: {name}.tail or .atoms would be checked"
    )
