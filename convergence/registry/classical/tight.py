"""First-order methods without noise, each on the instance that attains its bound."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convergence.algorithms.classical.optimized import thetas
from convergence.claims.base import Claim
from convergence.problems.boxed import Boxed
from convergence.problems.huber import Huber
from convergence.problems.linear import Linear
from convergence.problems.max_abs import MaxAbs
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.sawtooth import Sawtooth
from convergence.problems.workers import WorkerQuadratics
from convergence.theorems.classical import coordinates, kim2024, optimized, simple_sets, taylor2018
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.classical.deklerk2020 import ErringDescent
from convergence.theorems.classical.lessard2016 import PolyakQuadratic
from convergence.theorems.classical.momentum_class import HeavyBallAverage, NesterovStrong
from convergence.theorems.classical.momentum_quadratics import NesterovQuadratic, PolyakShipped
from convergence.theorems.classical.subgradient import (
    PolyakStep,
    SubgradientAverage,
    SubgradientBest,
    SubgradientLast,
)

T2 = (4, 32)
STEEP = Quadratic(np.array([1.0, 0.0]), np.array([25.0, 1.0]))
BOWL = Isotropic(np.array([1.0]))
STIFF = Quadratic(np.array([0.0, 1.0]), np.array([0.1, 1.0]))  # the steep direction alone
FLAT = Quadratic(np.array([1.0, 0.0]), np.array([0.1, 1.0]))  # the slow direction alone
MILD = Quadratic(np.array([3.0, 0.1]), np.array([0.1, 1.0]))  # the slow direction rules


def slope(h: float, more: int) -> Callable[[int], Huber]:
    """Huber's function whose linear part ends after the T steps h, or half a step more."""
    return lambda T: Huber(1 / (more * T * h + 1))


def flat(d: int) -> Callable[[int], MaxAbs]:
    """T + 1 entries of one size: MaxAbs of ‖x_0‖ ≈ 1."""
    return lambda T: MaxAbs.corner(T + 1, (T + 1) ** -0.5, d)


def ogm_slope(T: int) -> Huber:
    """Huber's function in whose linear part OGM stays: its steps there sum to S, and f is largest
    at w = 1/(2S + 1)."""
    theta, x, y = thetas(T), 0.0, 0.0
    for t in range(T):
        new = x + 1
        x, y = new + ((theta[t] - 1) * (new - y) + theta[t]) / theta[t + 1], new
    return Huber(1 / (2 * x + 1))


def walk_down(T: int) -> Boxed:
    """A slope of 1/(2T) on [0, 1], from 1."""
    return Boxed(np.ones(1), np.zeros(1), np.full(1, 1 / (2 * T)))


def fista_walk(T: int) -> Boxed:
    """A slope down which FISTA comes half of the way, or as far as is worst."""
    steps, step = 0.0, 0.0
    for t in range(T):
        step = 1 + (t - 1) / (t + 2) * step
        steps += step
    return Boxed(np.ones(1), np.zeros(1), np.full(1, 1 / (2 * steps)))


def heavy_walk(T: int, beta: float = 0.9) -> Huber:
    """Huber's function down which the heavy ball has gone half of the way: Σ f(x_t) is largest."""
    way, step, total = 0.0, 0.0, 0.0
    for _ in range(T):
        total += way
        step = beta * step + 1 - beta
        way += step
    return Huber(T / (2 * total + T))


def teeth(h: float) -> Callable[[int], Sawtooth]:
    """A tooth a step of h/L."""
    return lambda T: Sawtooth(T, h=h)


HALF, LONG = 0.5, 1.9
PAIR = WorkerQuadratics(
    np.array([1.0, -1.0]), np.array([[[1.0, 0.6], [0.6, 1.0]]]), np.zeros((1, 2))
)
# The worst case of a turn of two coordinates at μ/L = ¼, and one that a turn hardly moves.
SLOW, SLOWER = (
    WorkerQuadratics(np.array([1.0, 0.0]), np.array([[[mu, 0.0], [0.0, 1.6]]]), np.zeros((1, 2)))
    for mu in (0.4, 0.016)
)
CORNER = Boxed(np.zeros(1), np.ones(1), np.zeros(1), a=-1e-3, low=-1.0, high=0.0)

CLAIMS = (
    Claim("gd-value-half-step", kim2024.GradientDescentValue(HALF), slope(HALF, 2), horizons=T2,
          seeds=1),
    Claim("gd-value-long-step", kim2024.GradientDescentValue(LONG), BOWL, horizons=T2, seeds=1),
    Claim("gd-value-optax", kim2024.GradientDescentValue(1.0, "optax"), slope(1, 2), horizons=T2,
          seeds=1),
    Claim("gd-slope-half-step", kim2024.GradientDescentSlope(HALF), slope(HALF, 1), horizons=T2,
          seeds=1),
    Claim("gd-slope-long-step", kim2024.GradientDescentSlope(LONG), BOWL, horizons=T2, seeds=1),
    Claim("gd-slope-from-distance", kim2024.GradientDescentSlopeFromDistance(1.0), slope(1, 1),
          horizons=T2, seeds=1),
    Claim("gd-slope-from-distance-long", kim2024.GradientDescentSlopeFromDistance(LONG), BOWL,
          horizons=T2, seeds=1),
    Claim("gd-distance-contraction", taylor2018.DistanceContraction(1.0), MILD, horizons=T2,
          seeds=1),
    Claim("gd-slope-contraction", taylor2018.SlopeContraction(LONG), STIFF, horizons=T2, seeds=1),
    Claim("gd-value-contraction", taylor2018.ValueContraction(LONG), STIFF, horizons=T2, seeds=1),
    Claim("projected-gradient", taylor2018.ProjectedGradientConvex(), walk_down, horizons=T2,
          seeds=1),
    Claim("gd-nonconvex-half-step", GradientDescentNonconvex(HALF), teeth(HALF), horizons=T2,
          seeds=1),
    Claim("gd-nonconvex-long-step", GradientDescentNonconvex(1.5), BOWL, horizons=(1, 4), seeds=1),
    Claim("heavy-ball-average", HeavyBallAverage(), heavy_walk, horizons=(64, 1024), seeds=1),
    Claim("gd-erring-gradients", ErringDescent(), FLAT, horizons=T2, seeds=1),
    Claim("nesterov-strong", NesterovStrong(), MILD, horizons=T2, seeds=1),
    Claim("cyclic-coordinate-descent", coordinates.CyclicCoordinateDescent(), PAIR,
          horizons=(2, 16), seeds=1),
    Claim("cyclic-coordinate-worst", coordinates.CyclicCoordinateDescent(), SLOW, horizons=(2, 4),
          seeds=1, note="the instance of the exact worst case"),
    Claim("cyclic-coordinate-slow", coordinates.CyclicCoordinateDescent(), SLOWER, horizons=(2,),
          seeds=1),
    Claim("ogm", optimized.OGMConvex(), ogm_slope, horizons=T2, seeds=1),
    Claim("ogm-g", optimized.OGMGConvex(), BOWL, horizons=T2, seeds=1),
    Claim("silver-value", optimized.SilverValue(), lambda T: Huber(1 / (2 * 2.4142135623730951 **
          ((T + 1).bit_length() - 1) - 1)), horizons=(1, 31), seeds=1,
          note="the worst Huber function; the bound is not attained"),
    Claim("silver-slope", optimized.SilverSlope(), BOWL, horizons=(7, 63), seeds=1),
    Claim("subgradient-best", SubgradientBest(), flat(33), horizons=T2, seeds=1),
    Claim("subgradient-best-optax", SubgradientBest("optax"), flat(33), horizons=T2, seeds=1),
    Claim("subgradient-average", SubgradientAverage(), lambda T: MaxAbs.corner(T, T**-0.5, 33),
          horizons=T2, seeds=1),
    Claim("subgradient-last-decayed", SubgradientLast(), flat(33), horizons=T2, seeds=1),
    Claim("polyak-step-optax", PolyakStep(), flat(33), horizons=T2, seeds=1),
    Claim("nesterov-quadratic", NesterovQuadratic(), MILD, horizons=T2, seeds=1),
    Claim("nesterov-quadratic-optax", NesterovQuadratic("optax"), MILD, horizons=T2, seeds=1),
    Claim("polyak-quadratic-optax", PolyakShipped("optax"),
          STEEP, horizons=(1, 8, 32), seeds=1),
    Claim("polyak-quadratic-tight", PolyakQuadratic(), STEEP, horizons=(1, 8, 32), seeds=1),
    Claim("fista", simple_sets.FISTAConvex(), fista_walk, horizons=T2, seeds=1),
    Claim("conditional-gradient", simple_sets.ConditionalGradientConvex(), CORNER,
          horizons=(1, 32), seeds=1),
    Claim("entropic-descent", simple_sets.EntropicLinear(), Linear([1.0, 0.0], np.full(2, 0.5)),
          horizons=(500,), seeds=1),
    Claim("greedy-coordinate-descent", coordinates.GreedyCoordinateDescent(),
          Isotropic(np.ones(32)), horizons=(1, 8), seeds=1),
    Claim("random-coordinate-descent", coordinates.RandomCoordinateDescent(),
          Quadratic(np.ones(4), np.array([1.0, 1.0, 1.0, 0.8])), horizons=(1, 2), seeds=4096),
)  # fmt: skip
