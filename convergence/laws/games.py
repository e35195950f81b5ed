"""What min–max problems certify, against the payoff and its gradient as seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import CURVED, ROUNDING, Fault, close
from convergence.laws.look import LARGE, Look, grain
from convergence.laws.origin import ours, unproved
from convergence.laws.unformed import monotony
from convergence.plainly import by_rows, plainly
from convergence.problems.base import started

INSIDE = 64  # points of the ball at which pairs of losses are looked at
DESCENT = 64  # steps of descent within it


def games(problem: Any, s: Look, c: Constants) -> Iterator[Fault]:
    """The certificates of `SaddleQuadratic` and of `WeightedPairs`."""
    if "saddle" in c:
        yield from _saddle(problem, s, c)
    if "G_pair" in c:
        yield from _pairs(problem, c)


@plainly
def _slope(problem: Any, z: Any) -> Any:
    return problem.grad(z)


def _saddle(problem: Any, s: Look, c: Constants) -> Iterator[Fault]:
    """z* and the way to it, monotony, and what is said of a bilinear game."""
    p, z = int(c.split), np.asarray(c.saddle)
    if not 0 < p < len(z) or p != getattr(problem, "split", p):
        own = getattr(problem, "split", math.nan)
        yield Fault("split", p, own, "the entries of the minimizing player")
        return
    signs = np.where(np.arange(len(z)) < p, 1.0, -1.0)
    steepest = float(np.max(s.top))
    there = np.asarray(_slope(problem, z))
    if np.linalg.norm(there) > 1e-8 * (float(np.linalg.norm(s.g[0])) + steepest * s.far):
        yield Fault("saddle", z, np.linalg.norm(there), "‖∇ℒ‖ there")
    way = float(np.linalg.norm(s.x[0] - z))
    if not close(c.R_saddle, way, s.far):
        yield Fault("R_saddle", c.R_saddle, way, "‖z_0 − z*‖")
    i, j = np.triu_indices(len(s.x), 1)
    apart = s.x[i] - s.x[j]
    square = np.sum(apart**2, axis=1)
    ok = square > 1e-12 * s.far**2
    size = np.linalg.norm(s.g, axis=1)
    rounded = (1e-13 * (size[i] + size[j]) + grain(s)) * np.sqrt(square)
    rise = np.sum(apart * signs * (s.g[i] - s.g[j]), axis=1) + rounded
    least = float(np.min(rise[ok] / square[ok], initial=np.inf))
    for H in s.H if s.H is not None else ():
        M = signs[:, None] * H
        least = min(least, float(np.linalg.eigvalsh(0.5 * (M + M.T))[0]))
    if s.H is None and not ours(problem) and len(z) < LARGE:
        few = np.vstack([s.x[[0, len(s.x) // 2]], z[None]])
        low, high = monotony(problem, signs, few)
        least, steepest = min(least, low), max(steepest, high)
    if c.mu_saddle > least + CURVED * steepest:
        yield Fault("mu_saddle", c.mu_saddle, least, "the least monotony seen")
    if not c.get("bilinear"):
        return
    if s.H is None:  # the couplings are not looked at: they are the class's word
        if not ours(problem):
            yield unproved("bilinear", c, problem)
        return
    H = s.H[0]
    A, own = H[:p, p:], max(float(np.abs(H[:p, :p]).max()), float(np.abs(H[p:, p:]).max()))
    if own > CURVED * float(np.abs(H).max()):
        yield Fault("bilinear", True, own, "a curvature of one player's own")
    else:
        U, sigma, Vt = np.linalg.svd(A)
        if not np.allclose(c.couplings, sigma, rtol=0, atol=CURVED * sigma[0]):
            yield Fault("couplings", c.couplings, sigma, "the singular values of A")
        u, v, k = U.T @ (s.x[0] - z)[:p], Vt @ (s.x[0] - z)[p:], len(sigma)
        # Singular vectors of equal values may turn: only sums over those are determined.
        for name, f in (("energies", lambda x: 1.0), ("energies", lambda x: x**2)):
            said = sum(f(x) * y for x, y in zip(c.couplings, c.energies, strict=True))
            true = sum(f(x) * (a**2 + b**2) for x, a, b in zip(sigma, u[:k], v[:k], strict=True))
            if not close(said, true, f(sigma[0]) * way**2):
                yield Fault(name, said, true, "by this sum over the singular values, those of z_0")
        idle = float(np.sum(u[k:] ** 2) + np.sum(v[k:] ** 2))
        if not close(c.idle, idle, way**2):
            yield Fault("idle", c.idle, idle, "the rest of ‖z_0 − z*‖²")


@plainly
def _losses(problem: Any, thetas: Any, which: Any) -> Any:
    return jax.vmap(lambda theta: problem.pairs(theta, which))(thetas)


@by_rows
def _gaps(problem: Any, z: Any) -> Any:
    return problem.gap(z)


def _ball(problem: Any, center: np.ndarray, rng: Any, c: Constants) -> Iterator[Fault]:
    """The least ℒ(θ, b) on the ball, between a descent's and what convexity leaves below it, is
    the one that `gap` subtracts; for weights b most of which are 0 or 1."""
    n, r = int(c.samples), float(c.ball)
    b = np.vstack([rng.integers(0, 2, (INSIDE - 1, n)), np.full((1, n), 0.5)]).astype(float)
    theta = np.tile(center, (INSIDE, 1))
    low, high = np.full(INSIDE, -np.inf), np.full(INSIDE, np.inf)
    most = np.zeros(INSIDE)
    for k in range(DESCENT):
        l, s, dl, ds = map(np.asarray, _losses(problem, theta, np.arange(n)))
        value = np.mean(b * l + (1 - b) * s, axis=1)
        slope = np.mean(b[:, :, None] * dl + (1 - b)[:, :, None] * ds, axis=1)
        steep = np.linalg.norm(slope, axis=1)
        if k == 0:
            most = np.mean(np.maximum(l, s), axis=1)
        away = theta - center
        low = np.maximum(low, value - np.sum(slope * away, axis=1) - steep * r)
        high = np.minimum(high, value)
        # Towards the least of the linear part, as far as 2/(k + 2): Frank and Wolfe.
        far = -r * slope / np.maximum(steep, 1e-300)[:, None]
        theta = center + away + 2 / (k + 2) * (far - away)
    z = np.hstack([np.tile(center, (INSIDE, 1)), b])
    gap = np.asarray(_gaps(problem, z))
    least = most - gap
    room = 1e-9 * (np.abs(most) + np.abs(gap) + np.abs(high))
    for off, true in ((least - high - room, high), (low - least - room, low)):
        k = int(np.argmax(off))
        if off[k] > 0:
            what = f"where gap() has {least[k]:.6g} for the least ℒ(θ, b), on that ball it"
            yield Fault("ball", r, true[k], what)
            return
    if not ours(problem):
        yield from _elsewhere(problem, center, b, least, rng, r)


def _elsewhere(
    problem: Any, center: np.ndarray, b: np.ndarray, least: np.ndarray, rng: Any, r: float
) -> Iterator[Fault]:
    """`gap` beside the center is the mean of the larger losses there, less the same `least`."""
    way = rng.standard_normal((INSIDE, center.size))
    way *= r * rng.uniform(size=(INSIDE, 1)) / np.linalg.norm(way, axis=1, keepdims=True)
    l, c = map(np.asarray, _losses(problem, center + way, np.arange(b.shape[1]))[:2])
    most = np.mean(np.maximum(l, c), axis=1)
    gap = np.asarray(_gaps(problem, np.hstack([center + way, b])))
    off = np.abs(gap - (most - least))
    k = int(np.argmax(off))
    if not off[k] <= 1e-8 * float(np.max(np.abs(most) + np.abs(least))):
        yield Fault("gap", "max ℒ − min ℒ", off[k], "off what the losses make of it, at a θ, by")


def _outward(problem: Any, center: np.ndarray, here: Any, c: Constants) -> Iterator[np.ndarray]:
    """Ways from the center, by quarters of the radius, up and down l_i − c_i of samples that may
    come nearest to 0, by what is seen `here` at the center: chance directions miss that way by the
    root of the dimension."""
    l, s, dl, ds = (np.asarray(v, float)[0] for v in here)
    r, slope = float(c.ball), dl - ds
    nearest = np.argsort(np.abs(l - s) - r * np.linalg.norm(slope, axis=1))
    which = np.resize(nearest[: INSIDE // 2], INSIDE // 2)
    signs, slope = np.repeat([1.0, -1.0], INSIDE // 2)[:, None], np.tile(slope[which], (2, 1))
    which = np.tile(which, 2)
    for share in (0.25, 0.5, 0.75, 1.0):
        size = np.linalg.norm(slope, axis=1, keepdims=True)
        way = signs * share * r * slope / np.where(size > 0, size, 1.0)
        yield way
        dl, ds = map(np.asarray, _losses(problem, center + way, np.arange(len(l)))[2:])
        slope = (dl - ds)[np.arange(INSIDE), which]


def _pairs(problem: Any, c: Constants) -> Iterator[Fault]:
    """Losses and gradients of all samples at points of the ball, most of them on its border."""
    p, n = int(c.split), int(c.samples)
    start = started(problem).astype(float)
    entries = int(np.size(problem.center(start.dtype))) if hasattr(problem, "center") else p
    said = ("split", p, entries), ("samples", n, len(start) - entries), ("ball", c.ball > 0, True)
    wrong = [Fault(*one, "by the entries of x_0 = (θ_0, b)") for one in said if one[1] != one[2]]
    if wrong:
        yield from wrong
        return
    center = start[:p]
    rng = np.random.default_rng(0)
    if hasattr(problem, "gap"):  # where nothing else depends on it
        yield from _ball(problem, center, rng, c)
    way = rng.standard_normal((INSIDE, p))
    way *= c.ball / np.linalg.norm(way, axis=1, keepdims=True)
    way[0] = 0.0
    way[1 : INSIDE // 2] *= rng.uniform(size=(INSIDE // 2 - 1, 1))
    found = [_losses(problem, center + way, np.arange(n))]
    for more in _outward(problem, center, found[0], c):
        way = np.vstack([way, more])
        found.append(_losses(problem, center + more, np.arange(n)))
    l, s, dl, ds = (np.concatenate([np.asarray(v, float) for v in part]) for part in zip(*found))
    delta = np.abs(l - s)
    steep = np.maximum(np.linalg.norm(dl, axis=2), np.linalg.norm(ds, axis=2))
    apart = delta * np.linalg.norm(dl - ds, axis=2)
    for name, true, what in (
        ("G_pair", np.sqrt(np.mean(steep**2, axis=1)).max(), "the root mean square gradient"),
        ("D_pair", np.sqrt(np.mean(delta**2, axis=1)).max(), "the root mean square of l − c"),
        ("E_pair", np.mean(apart, axis=1).max(), "the mean of |l − c| ‖∇l − ∇c‖"),
    ):
        if true > c[name] * (1 + ROUNDING) + 1e-12:
            yield Fault(name, c[name], true, f"{what} at a point of the ball")
    if c.seesaw and (delta.shape[1], p) != (1, 1):
        yield Fault("seesaw", True, n, "samples")
    elif c.seesaw:
        off = np.abs(np.stack([l - center - way, s + center + way])).max()
        if off > ROUNDING * (c.ball + np.abs(center).max()):
            yield Fault("seesaw", True, off, "off by this at a θ, a loss")
    crossed = np.any((l - s > 0).any(axis=0) & (l - s < 0).any(axis=0))  # somewhere between, 0
    near = 0.0 if crossed else delta.min()
    for name, true in (("delta_least", near), ("delta_here", delta[0].min())):
        equal = name == "delta_here" and not close(c[name], float(true), float(delta.max()))
        if equal or c[name] > true + ROUNDING * delta.max():
            yield Fault(name, c[name], true, "min |l_i − c_i| at a point of the ball")
