"""The instance that attains a worst case, where it is a convex function of one variable."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np

from convergence.problems.piecewise import PiecewiseQuadratic

# Points are roots of a Gram matrix that a solver knows to 1e-8.
FLAT = 1e-3  # beside the largest, what counts as no direction
NEAR = 1e-5  # points closer than this are one


def traced(problem: Any, f: Any, star: Any, start: Any) -> dict[str, Any] | None:
    """What attains the worst case of a solved program that has f alone, with as few dimensions as
    PEPit finds: points, gradients and values, the minimizer moved to 0; None unless one does."""
    problem.solve(
        wrapper="cvxpy", solver="CLARABEL", verbose=0, dimension_reduction_heuristic="trace"
    )
    center, low = star.eval(), f(star).eval()
    found = [(x.eval() - center, g.eval(), v.eval() - low) for x, g, v in f.list_of_points]
    vectors = np.array([v for x, g, _ in found for v in (x, g)])
    _, sizes, axes = np.linalg.svd(vectors, full_matrices=False)
    if len(sizes) > 1 and sizes[1] > FLAT * sizes[0]:
        return None
    along = axes[0]
    return {
        "x": [float(x @ along) for x, _, _ in found],
        "g": [float(g @ along) for _, g, _ in found],
        "f": [float(v) for _, _, v in found],
        "start": float((start.eval() - center) @ along),
    }


def through(trace: dict[str, Any], mu: float) -> PiecewiseQuadratic | None:
    """A 1-smooth, μ-strongly convex function through the points of a trace, as piecewise quadratic:
    between two of them its slope is level, rises by 1, and is level again (each with μ more), as
    long before as the values ask for. None where nothing rises."""
    order = np.argsort(trace["x"])
    x, g, f = (np.asarray(trace[name])[order] for name in ("x", "g", "f"))
    g, f, most = g - mu * x, f - mu / 2 * x**2, 1 - mu
    kept = [0, *(i for i in range(1, len(x)) if x[i] - x[i - 1] > NEAR)]
    knots, slopes = [], [mu]
    for a, b in itertools.pairwise(kept):
        wide, rise = x[b] - x[a], max(g[b] - g[a], 0.0) / most
        if rise <= NEAR:
            continue
        rise = min(rise, wide)
        left = wide - rise - (f[b] - f[a] - g[a] * wide - most * rise**2 / 2) / (most * rise)
        first = x[a] + min(max(left, 0.0), wide - rise)
        if knots and first - knots[-1] <= NEAR:  # goes on rising
            knots[-1] = first + rise
        else:
            knots += [first, first + rise]
            slopes += [1.0, mu]
    if not knots:
        return None
    if abs(x[0]) <= NEAR and knots[0] <= NEAR:  # it rises from the minimizer on
        knots, slopes = knots[1:], slopes[1:]
    return PiecewiseQuadratic([trace["start"]], knots, slopes)


def replayed(claim: Any, T: int, trace: dict[str, Any] | None, mu: float) -> Any:
    """The claim on the instance that attains its worst case after T steps; None without one."""
    problem = through(trace, mu) if trace is not None else None
    if problem is None:
        return None
    return dataclasses.replace(
        claim, slug=f"{claim.slug}-worst-{T}", problem=problem, horizons=(T,), more={}, seeds=1,
        note="the instance of the exact worst case",
    )  # fmt: skip
