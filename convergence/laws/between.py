"""What lies between two points and shows in neither: curvature, and how far f falls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import CURVED, ROUNDING, Fault
from convergence.laws.look import LARGE, Look, affine, grain, rough, slopes, values
from convergence.laws.origin import ours
from convergence.problems.base import AbstractProblem, start_shape

POINTS, CLOSER = 64, 4  # of a way, and how often it is looked at closer
BLURRED = 1e-6  # of Delta, from which on the roundings of f hide it
NODES = 16, 23, 32  # of Gauss's rules


def between(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """L, mu and convexity on the ways from x_0 to its minimizer and to the points farthest from
    it."""
    said = c.only("L", "mu", "convex")
    if (s.H is None and (ours(problem) or s.x.shape[1] >= LARGE)) or affine(c) or not said:
        return
    far = np.linalg.norm(s.x - s.x[0], axis=1)
    ends = np.append(np.argsort(far)[-2:], len(far) - 1 if s.star is None else s.star)
    ways = s.x[ends[far[ends] > 0]] - s.x[0]
    if not len(ways):
        return
    share = np.linspace(0.0, 1.0, POINTS)[:, None]
    x = s.x[0] + share * ways[:, None]
    g = slopes(problem, x.reshape(-1, *start_shape(problem)))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        g = g.reshape(x.shape)
        size = np.linalg.norm(g, axis=2)
        way, rise = np.diff(x, axis=1), np.diff(g, axis=1)  # x is rounded, too
        step = np.linalg.norm(way, axis=2)
        rounded = grain(s) * x.shape[2] ** 0.5  # seen along one way, of all entries
        noise = 1e-13 * (size[:, 1:] + size[:, :-1]) + rounded + 1e-300
        noise += 4e-16 * float(np.max(s.top, initial=0.0)) * np.linalg.norm(x[:, 1:], axis=2)
        along = np.sum(rise * way, axis=2) / step
        seen = (np.linalg.norm(rise, axis=2) - noise) / step, (along + noise) / step
        top = float(np.max(seen[0][np.isfinite(seen[0])], initial=0.0))
        low = float(np.min(seen[1][np.isfinite(seen[1])], initial=np.inf))
    slack = CURVED * max(top, float(np.max(s.top, initial=0.0)), 1e-300)
    if "L" in said and top > c.L + slack:
        yield Fault("L", c.L, top, "the largest curvature between points")
    if "mu" in said and low < c.mu - slack:
        yield Fault("mu", c.mu, low, "the least curvature between points")
    if said.get("convex") and low < -slack:
        yield Fault("convex", True, low, "the least curvature between points")


def pulled(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """A user's mu_PL on the way from x_0 to its minimizer, or to where descent ended, ever closer
    to where ‖∇f‖²/2(f − f*) is the least."""
    if "mu_PL" not in c or "f_star" not in c or ours(problem) or s.x.shape[1] >= LARGE:
        return
    way = s.x[len(s.x) - 1 if s.star is None else s.star] - s.x[0]
    low, high, shape = 0.0, 1.0, (-1, *start_shape(problem))
    size = abs(float(s.f[0])) + abs(float(c.f_star)) + float(np.linalg.norm(s.g[0])) * s.far
    for _ in range(CLOSER):
        share = np.linspace(low, high, POINTS)
        x = (s.x[0] + share[:, None] * way).reshape(shape)
        f, g = values(problem, x), slopes(problem, x).reshape(POINTS, -1)
        with np.errstate(invalid="ignore", over="ignore"):
            square = (np.linalg.norm(g, axis=1) + grain(s)) ** 2
            gap = f - c.f_star - ROUNDING * (size + np.abs(f)) - rough(s)
            pull = np.where(gap > 0, square / (2 * np.maximum(gap, 1e-300)), np.inf)
        k = int(np.argmin(pull))
        if pull[k] < c.mu_PL * (1 - CURVED):
            yield Fault("mu_PL", c.mu_PL, pull[k], "between points ‖∇f‖²/2(f − f*)")
            return
        low, high = share[max(k - 1, 0)], share[min(k + 1, POINTS - 1)]


def fallen(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """Delta by slopes, where f is rounded more than that: ‖∇f(x_0)‖²/2L at least, and the integral
    of them on the way to the minimizer."""
    L = float(c.get("L", np.inf))
    steep = np.linalg.norm(s.g[0]) - grain(s) - 1e-12 * np.max(s.top) * s.far
    least = max(float(steep), 0.0) ** 2 / (2 * L + 1e-300)
    if c.Delta < least * (1 - BLURRED):
        yield Fault("Delta", c.Delta, least, "‖∇f(x_0)‖²/2L, no more than f(x_0) − inf f,")
    elif s.star is not None:
        true, off = _fall(problem, s, s.x[s.star])
        if abs(true - c.Delta) > BLURRED * abs(true) + off:
            yield Fault("Delta", c.Delta, true, "f(x_0) − f(x_star) by the slopes between")


def _fall(problem: AbstractProblem, s: Look, star: np.ndarray) -> tuple[float, float]:
    """f(x_0) − f(star) by the slopes between, and by how much it may be off: by how much rules of
    several orders differ, and by rounding."""
    way = s.x[0] - star
    rules = [np.polynomial.legendre.leggauss(n) for n in NODES]
    x = np.concatenate([star + 0.5 * (1 + nodes[:, None]) * way for nodes, _ in rules])
    g = slopes(problem, x.reshape(-1, *start_shape(problem))).reshape(x.shape)
    parts = np.split(g @ way, np.cumsum(NODES)[:-1])
    found = [0.5 * float(w @ part) for (_, w), part in zip(rules, parts)]
    steep = float(np.max(np.linalg.norm(g, axis=1)))
    rounded = float(np.linalg.norm(way)) * (grain(s) + 1e-13 * steep)
    # The points are rounded: far off, by a share of a short way.
    rounded += 4e-16 * steep * float(np.linalg.norm(s.x[0]) + np.linalg.norm(star))
    return found[-1], 8 * float(np.ptp(found)) + rounded
