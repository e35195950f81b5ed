"""How fast ∇²f changes: `rho`, and the `radius` within which curvatures at most double.

Hessians at scattered points miss either by the root of the dimension, so that gradients along
chosen directions are looked at as well.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import CURVED, Fault
from convergence.laws.look import LARGE, Look, slopes
from convergence.laws.origin import ours
from convergence.laws.unformed import grown
from convergence.problems.base import AbstractProblem, start_shape

PLACES = 64  # points, always as many so that one program serves
WAYS = 16  # directions at most
STRIDES = 0.03, 1e-3  # of differences, relative to what is seen
LEAST = 1e-4  # of them: at shorter ones ∇f is seen to be rounded
REACH = np.geomspace(0.1, 100.0, PLACES // 2)  # of a walk along a way, relative to what is seen
WALKS = 3


def bends(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """`rho` and `radius`; where the Hessian is too large to have been formed, a user's `rho`."""
    if c.get("quadratic") or not ("rho" in c or "radius" in c):
        return
    if s.H is None and (ours(problem) or "rho" not in c or s.x.shape[1] >= LARGE):
        return
    shape = start_shape(problem)
    star = s.x[-1] if s.star is None else s.x[s.star]
    line = star + np.geomspace(1e-3, 1.0, 16)[:, None] * (s.x[0] - star)
    x = np.resize(np.vstack([s.x[: PLACES - 16], line]), (PLACES, s.x.shape[1]))

    def gradients(x: np.ndarray, *moves: np.ndarray) -> np.ndarray:
        """∇f at all places x, each moved by one of `moves`: (moves, places, d)."""
        points = np.concatenate([x + move for move in moves]).reshape((-1, *shape))
        return slopes(problem, points).reshape(len(moves), *x.shape)

    if s.H is None:
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            yield from _rho(gradients, x, *grown(problem, s), s, c, WALKS)
        return
    changed = s.H - s.H[:1]
    k = int(np.argmax(np.linalg.norm(changed, axis=(1, 2))))
    more, ways = np.linalg.eigh(0.5 * (changed[k] + changed[k].T))
    ways = ways[:, np.argsort(-np.abs(more))[:WAYS]].T
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        if "rho" in c:
            apart = np.linalg.norm(s.x - s.x[:1], axis=1)
            ok = apart > 1e-6 * max(1e-300, float(apart.max()))
            bend = np.linalg.norm(changed, 2, axis=(1, 2)) - CURVED * float(np.max(s.top))
            most = float(np.max(bend[ok] / apart[ok], initial=0.0))
            yield from _rho(gradients, x, most, ways, s, c, 0 if ours(problem) else WALKS)
        if "radius" in c and c.radius > 0:
            yield from _radius(functools.partial(gradients, x), ways, s, c)


def _rho(
    gradients: Any,
    places: np.ndarray,
    most: float,
    ways: np.ndarray,
    s: Look,
    c: Constants,
    walks: int,
) -> Iterator[Fault]:
    """‖∇f(x + hu) − 2∇f(x) + ∇f(x − hu)‖ ≤ ρh² for every x, h and unit u: at the places and, so
    many times, along u from where it is the largest, for places that are drawn miss its peaks;
    `most` is what Hessians show."""
    walk = s.far * np.concatenate([-REACH, REACH[1:], [0.0]])[:, None]
    for h in max(STRIDES[0] * s.far, LEAST), max(STRIDES[1] * s.far, LEAST):
        for u in ways:
            x = places
            for _ in range(1 + walks):
                fore, here, aft = gradients(x, h * u, 0.0 * u, -h * u)
                size = np.linalg.norm(fore, axis=1) + np.linalg.norm(aft, axis=1)
                bend = np.linalg.norm(fore - 2 * here + aft, axis=1) - 1e-14 * size
                bend = np.where(np.isfinite(bend), bend, 0.0)
                most = max(most, float(bend.max()) / h**2)
                x = x[np.argmax(bend)] + walk * u
    if most > c.rho * (1 + CURVED) + 1e-300:
        yield Fault("rho", c.rho, most, "the fastest change of ∇²f seen")


def _radius(gradients: Any, ways: np.ndarray, s: Look, c: Constants) -> Iterator[Fault]:
    """‖∇²f(y)⁻¹∇²f(x)‖ ≤ 2 for ‖x − y‖ ≤ radius, and so wᵀ∇²f(x)w ≤ 2wᵀ∇²f(y)w."""
    assert s.H is not None
    apart = np.linalg.norm(s.x[:, None] - s.x[None], axis=2)
    firm = s.low > 1e-9 * np.max(s.top)  # a Hessian that is more than the rounding of ∇f
    for i, j in np.argwhere((apart <= c.radius) & (apart > 0) & firm):
        if float(np.linalg.norm(np.linalg.solve(s.H[j], s.H[i]), 2)) > 2 * (1 + CURVED):
            yield Fault("radius", c.radius, apart[i, j], "with a growth beyond 2, a distance")
            return
    for w in ways:
        for share in 0.25, 0.5, 1.0:
            far, h = share * c.radius * w, 1e-4 * c.radius
            after, before, fore, aft = gradients(far + h * w, far - h * w, h * w, -h * w)
            there, here = (after - before) @ w, (fore - aft) @ w
            size = np.abs((after + before) @ w) + np.abs((fore + aft) @ w)
            sure = np.minimum(there, here) > 1e-9 * size  # above the rounding of a difference
            grown = np.where(sure, np.maximum(there / here, here / there), 0.0)
            if np.nanmax(grown) > 2 * (1 + 1e-5):
                what = "with a curvature that more than doubles, a distance"
                yield Fault("radius", c.radius, share * c.radius, what)
                return
