"""Curvature between points: what lies between two of them shows in neither."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import CURVED, Fault
from convergence.laws.look import Look, affine, grain, slopes
from convergence.problems.base import AbstractProblem, start_shape

POINTS = 64  # of a way


def between(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """L, mu and convexity on the ways from x_0 to its minimizer and to the points farthest from
    it."""
    said = c.only("L", "mu", "convex")
    if s.H is None or affine(c) or not said:
        return
    far = np.linalg.norm(s.x - s.x[0], axis=1)
    ends = np.append(np.argsort(far)[-2:], len(far) - 1 if s.star is None else s.star)
    ways = s.x[ends[far[ends] > 0]] - s.x[0]
    if not len(ways):
        return
    share = np.linspace(0.0, 1.0, POINTS)[:, None]
    shape = (-1, *start_shape(problem))
    g = slopes(problem, np.concatenate([s.x[0] + share * way for way in ways]).reshape(shape))
    with np.errstate(invalid="ignore", over="ignore"):
        g = g.reshape(len(ways), POINTS, -1)
        size = np.linalg.norm(g, axis=2)
        step = np.linalg.norm(ways, axis=1)[:, None] / (POINTS - 1)
        noise = 1e-13 * (size[:, 1:] + size[:, :-1]) + grain(s) + 1e-300
        rise = np.diff(g, axis=1)
        along = np.einsum("kti,ki->kt", rise, ways) / np.linalg.norm(ways, axis=1)[:, None]
        top = float(np.nanmax((np.linalg.norm(rise, axis=2) - noise) / step))
        low = float(np.nanmin((along + noise) / step))
    slack = CURVED * max(top, float(np.max(s.top, initial=0.0)), 1e-300)
    if "L" in said and top > c.L + slack:
        yield Fault("L", c.L, top, "the largest curvature between points")
    if "mu" in said and low < c.mu - slack:
        yield Fault("mu", c.mu, low, "the least curvature between points")
    if said.get("convex") and low < -slack:
        yield Fault("convex", True, low, "the least curvature between points")
