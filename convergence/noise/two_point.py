"""Rare spikes: the noises that make a p-th moment bound tight at one horizon.

A tail index slightly above p hides most of σ^p: of the p-th moment of a Pareto law with index β, n
samples show only the fraction 1 − n^{−(β−p)/β}. A spike of chance q that varies with the horizon
shows all of it. All are `Atoms` with three values, so that they share one compiled program.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.errors import require
from convergence.noise.atoms import Atoms, check_power, diagonal


def _chance(q: float) -> None:
    require(0 < q < 1, f"a chance q = {q:g}", "0 < q < 1", "choose a rare spike, say q = 0.05")


def two_point(
    p: float, sigma: float = 1.0, q: float = 0.05, along: Any = None, d: int = 2
) -> Atoms:
    """ξ = s e with chance q, −s q/(1−q) e otherwise: skewed, E‖ξ‖^p = s^p[q + q^p(1−q)^{1−p}].

    s is solved from E‖ξ‖^p = σ^p. Symmetric only at q = 1/2.
    """
    check_power(p)
    _chance(q)
    s = sigma * (q + q**p * (1 - q) ** (1 - p)) ** (-1 / p)
    e = diagonal(d) if along is None else along
    return Atoms([s, -s * q / (1 - q), 0.0], [q, 1 - q, 0.0], e, p)


def three_point(
    p: float, sigma: float = 1.0, q: float = 0.05, along: Any = None, d: int = 2
) -> Atoms:
    """ξ = ±s e with chance q/2 each, 0 otherwise: E‖ξ‖^p = q s^p, variance σ² q^{1−2/p}."""
    check_power(p)
    _chance(q)
    s = sigma * q ** (-1 / p)
    e = diagonal(d) if along is None else along
    return Atoms([s, 0.0, -s], [q / 2, 1 - q, q / 2], e, p)


def dyadic(p: float, sigma: float = 1.0, levels: int = 40, along: Any = None, d: int = 2) -> Atoms:
    """P(v = ±2^k) = c 2^{−kp}/(k+1)²/2 for k < levels, scaled to E|v|^p = σ^p.

    Before scaling E|v|^p = c Σ (k+1)^{−2}: every scale carries a share of the p-th moment, so that
    one law is hard, up to log², at all horizons at once.
    """
    check_power(p)
    require(levels >= 1, f"{levels} levels", "one or more", "try 40")
    k = np.arange(levels)
    weight = 2.0 ** (-k * p) / (k + 1.0) ** 2
    chance = weight / weight.sum()
    size = 2.0**k
    size = size * sigma / float(chance @ size**p) ** (1 / p)
    e = diagonal(d) if along is None else along
    return Atoms(np.concatenate([size, -size]), np.concatenate([chance, chance]) / 2, e, p)


def as_order(noise: Atoms, p: float) -> Atoms:
    """The same law, certified by its moment of order p instead."""
    return Atoms(noise.values, noise.chances, noise.along, p)
