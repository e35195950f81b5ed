"""What is said of a Hessian that is too large to be formed, by gradients and products with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import CURVED, Fault
from convergence.laws.krylov import ends
from convergence.laws.look import DENSE, LARGE, Look, affine, grain, slopes, turns
from convergence.laws.origin import ours
from convergence.problems.base import AbstractProblem, start_shape

TIMES = np.array([1.0, 0.5, 0.37, -0.59, 2.3, -7.1, 41.0])  # of steps along a way
WAYS = 4  # drawn
UNSEEN = "radius", "eigenvalues", "curvatures", "mu_star", "condition", "stretch"


def unformed(problem: AbstractProblem, s: Look, c: Constants) -> Iterator[Fault]:
    """quadratic, isotropic, and h of a Hessian by rows, of a user's problem; and what no product
    shows."""
    if s.H is not None or ours(problem):
        return
    rows = c.get("by_rows") or ("E" in c and "hessians" in c)  # then h is looked at beside them
    for name in UNSEEN if rows else (*UNSEEN, "h"):
        if name in c:
            what = f"no look at a Hessian of {s.x.shape[1]} entries can check it, but of {DENSE}"
            yield Fault(name, c[name], None, f"{what} or fewer")
    if s.x.shape[1] >= LARGE:
        return
    shape, x = start_shape(problem), s.x[0]
    v = np.random.default_rng(0).standard_normal((WAYS, x.size))
    if c.get("by_rows"):
        h = np.repeat(c.h, c.n)
        seen = turns(problem, np.tile(x, (WAYS, 1)).reshape(-1, *shape), v.reshape(-1, *shape))
        if len(h) == x.size:
            off = float(np.max(np.abs(seen.reshape(v.shape) - h * v)))
            if off > CURVED * float(np.max(np.abs(seen))):
                yield Fault("h", c.h, off, "off ∇²f v by, for a direction v, an entry of h v")
        else:
            yield Fault("h", c.h, x.size, "with n, for another number of entries than")
    if affine(c):
        flag = "quadratic" if c.get("quadratic") else "isotropic"

        def gradients(x: np.ndarray) -> np.ndarray:
            return slopes(problem, x.reshape(-1, *shape)).reshape(x.shape)

        drawn = max(s.far, 1e-6) * v / np.linalg.norm(v, axis=1, keepdims=True)
        gone = s.x - x  # to points of a descent, which what is drawn would miss
        ways = np.vstack([drawn, gone[np.linalg.norm(gone, axis=1) > 1e-6 * s.far]])
        rough = grain(s) + 1e-13 * float(np.max(s.top)) * s.far
        off = off_affine(gradients, x, s.g[0], ways, rough)
        if off > CURVED:
            yield Fault(flag, True, off, "off an affine ∇f, relative to its change,")


def off_affine(
    gradients: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    here: np.ndarray,
    ways: np.ndarray,
    rough: float = 0.0,
) -> float:
    """How far gradients, `here` at x, are off what one step along a way makes of others, over
    their largest change; `rough`: what of them may be rounding besides."""
    end = x + TIMES[:, None, None] * ways  # (times, ways, d)
    change = gradients(end.reshape(-1, x.size)) - here
    change = change.reshape(len(TIMES), len(ways), -1)
    off = np.abs(change - TIMES[:, None, None] * change[:1])
    size = np.abs(change).max(axis=2) + TIMES.max() * np.abs(change[0]).max(axis=1)
    # What x and its gradient are rounded to.
    given = (1e-13 * np.abs(here).max() + rough) * TIMES.max()
    return float(np.max((off.max(axis=2) - given) / (size + 1e-300), initial=0.0))


def monotony(problem: AbstractProblem, signs: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """An upper bound of the least λ, and a lower of the largest, of the symmetric part of S∇²f at
    points (P, d), S the diagonal of these signs."""
    shape = start_shape(problem)

    def turned(V: np.ndarray) -> np.ndarray:
        found = turns(problem, x.reshape(-1, *shape), V.reshape(-1, *shape))
        return found.reshape(V.shape)

    low, high, _ = ends(lambda V: 0.5 * (signs * turned(V) + turned(signs * V)), *x.shape)
    return float(low.min()), float(high.max())


def grown(problem: AbstractProblem, s: Look) -> tuple[float, np.ndarray]:
    """A lower bound of the fastest change of ∇²f from x_0 to a few points, over the way there, and
    the directions of it."""
    apart = np.linalg.norm(s.x - s.x[0], axis=1)
    there = np.flatnonzero(apart > 1e-6 * max(1e-300, float(apart.max())))
    if not len(there):
        return 0.0, np.zeros((0, s.x.shape[1]))
    last = [] if s.star is None else [s.star]
    few = np.unique([*there[np.linspace(0, len(there) - 1, WAYS).astype(int)], *last])
    few = few[np.isin(few, there)]
    shape = start_shape(problem)
    x, y = (v.reshape(-1, *shape) for v in (np.tile(s.x[0], (len(few), 1)), s.x[few]))

    def turned(V: np.ndarray) -> np.ndarray:
        v = V.reshape(-1, *shape)
        return (turns(problem, y, v) - turns(problem, x, v)).reshape(V.shape)

    low, high, ways = ends(turned, len(few), s.x.shape[1])
    bend = np.maximum(high, -low) - CURVED * float(np.max(s.top))
    ways = ways[np.linalg.norm(ways, axis=1) > 0.5]  # no zeros where nothing is known
    return float(np.max(bend / apart[few], initial=0.0)), ways
