"""Exact worst cases of first-order methods by PEPit, in a process of its own; needs extra `pep`.

PEPit keeps the problem in class attributes, hence the process: `python -m convergence.search.pep
NAME T` prints what `worst_case` reads. L = 1 throughout, and R = 1 or Δ = 1.

The semidefinite program is solved in floating point: values are right to about `TOLERANCE`, and
its primal value is no upper bound in the strict sense.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import InvalidInput, require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Reals, Scalar, Vector, real
from convergence.theorems.base import AbstractTheorem
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.classical.drori2014 import GradientDescentConvex
from convergence.theorems.classical.ghadimi2015 import HeavyBallConvex
from convergence.theorems.classical.nesterov1983 import AcceleratedConvex
from convergence.workers import leave_with

# CLARABEL stops at a relative gap and residuals of 1e-8. Residuals enter the value times the
# multipliers, which sum to at most a few T here; points are square roots of a Gram matrix.
TOLERANCE = 1e-6
THEOREMS: dict[str, AbstractTheorem] = {
    "gd-convex": GradientDescentConvex(),
    "gd-nonconvex": GradientDescentNonconvex(),
    "heavy-ball": HeavyBallConvex(),
    "nesterov": AcceleratedConvex(),
}


class WorstCase(NamedTuple):
    """The value, and the triplets (x, ∇f(x), f(x)) of a function that attains it; start is x_0,
    x_star and f_star are the minimizer, which a nonconvex class has no need of (None)."""

    value: float
    x: np.ndarray
    g: np.ndarray
    f: np.ndarray
    start: np.ndarray
    x_star: np.ndarray | None
    f_star: float


class Triplets(AbstractProblem):
    """A function known at finitely many points only: f = f_i and ∇f = g_i at x_i.

    Whether a function of the class goes through them is `interpolates`; which one does not matter
    to a method that asks at these points. Elsewhere the nearest point answers, to first order.
    """

    x: Reals = eqx.field(converter=real)
    g: Reals = eqx.field(converter=real)
    f: Reals = eqx.field(converter=real)
    x0: Reals = eqx.field(converter=real)
    low: float = eqx.field(static=True, default=0.0)
    R: float | None = eqx.field(static=True, default=None)

    def nearest(self, x: Iterate) -> Any:
        """The index of the point that x is."""
        return jnp.argmin(jnp.sum((self.x - x) ** 2, axis=1))

    def value(self, x: Vector) -> Scalar:
        i = self.nearest(x)
        return jnp.asarray(self.f)[i] + jnp.asarray(self.g)[i] @ (x - jnp.asarray(self.x)[i])

    def grad(self, x: Vector) -> Vector:
        return jnp.asarray(self.g)[self.nearest(x)]

    def f_star(self) -> float:
        return self.low

    def start(self) -> Vector:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        own = {} if self.R is None else {"R": self.R, "convex": True}
        first = int(np.argmin(np.sum((np.asarray(self.x) - np.asarray(self.x0)) ** 2, axis=1)))
        return Constants(
            L=1.0, Delta=float(np.asarray(self.f)[first]) - self.low, f_star=self.low,
            grad0=float(np.linalg.norm(np.asarray(self.g)[first])), d=int(np.size(self.x0)), **own,
        )  # fmt: skip


def instance(worst: WorstCase) -> Triplets:
    """The worst case as a problem."""
    R = None if worst.x_star is None else float(np.linalg.norm(worst.start - worst.x_star))
    return Triplets(worst.x, worst.g, worst.f, worst.start, worst.f_star, R)


def interpolates(worst: WorstCase, convex: bool) -> float:
    """The largest violation of the interpolation inequalities of the class, at most rounding.

    Convex and 1-smooth: f_i ≥ f_j + ⟨g_j, x_i − x_j⟩ + ½‖g_i − g_j‖². Smooth alone: less
    ¼‖x_i − x_j − g_i + g_j‖². They hold for all pairs if and only if such a function exists
    (Taylor, Hendrickx and Glineur 2017, Theorems 4 and 3.10).
    """
    dx = worst.x[:, None] - worst.x[None]
    dg = worst.g[:, None] - worst.g[None]
    right = worst.f[None] + np.einsum("jk,ijk->ij", worst.g, dx) + 0.5 * np.sum(dg**2, axis=2)
    if not convex:
        right = right - 0.25 * np.sum((dx - dg) ** 2, axis=2)
    return float(np.max(right - worst.f[:, None]))


def worst_case(name: str, T: int) -> WorstCase:
    """The exact worst case of a method of `THEOREMS` after T ≤ 20 steps, from its own process."""
    require(name in THEOREMS, repr(name), f"one of {', '.join(THEOREMS)}", "choose one of them")
    require(1 <= T <= 20, f"T = {T}", "1 ≤ T ≤ 20", "the semidefinite program grows as T²")
    command = [sys.executable, "-m", "convergence.search.pep", name, str(T), str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise InvalidInput(f"PEPit could not solve {name!r} at T = {T}: {lines[-1]}")
    found = json.loads(done.stdout.splitlines()[-1])
    x_star = found.pop("x_star")
    arrays = {k: np.asarray(found[k]) for k in ("x", "g", "f", "start")}
    return WorstCase(
        found["value"], **arrays, x_star=None if x_star is None else np.asarray(x_star),
        f_star=found["f_star"],
    )  # fmt: skip


def solve(name: str, T: int) -> dict[str, Any]:
    """The performance estimation problem in PEPit, and what attains it."""
    from PEPit import PEP  # pyright: ignore[reportMissingImports]
    from PEPit.functions import (  # pyright: ignore[reportMissingImports]
        SmoothConvexFunction,
        SmoothFunction,
    )

    problem = PEP()
    convex = name != "gd-nonconvex"
    f: Any = problem.declare_function(SmoothConvexFunction if convex else SmoothFunction, L=1.0)
    star = f.stationary_point() if convex else None
    x = start = problem.set_initial_point()
    path = [x]
    last = x
    for t in range(T):
        if name == "nesterov":
            y = x + (t - 1) / (t + 2) * (x - last)
            x, last = y - f.gradient(y), x
        elif name == "heavy-ball":
            x, last = x - 1 / (t + 2) * f.gradient(x) + t / (t + 2) * (x - last), x
        else:
            x = x - f.gradient(x)
        path.append(x)
    if star is not None:
        low = f(star)
        problem.set_initial_condition((start - star) ** 2 <= 1)
        problem.set_performance_metric(f(x) - low)
    else:
        # f* is attained a step from x_T, where descent arrives; f ≥ f* everywhere, and hence by
        # smoothness f(x_t) − ½‖∇f(x_t)‖² ≥ f*.
        end = x - f.gradient(x)
        low = f(end)
        problem.set_initial_condition(f(start) - low <= 1)
        for point in path:
            problem.set_performance_metric(f.gradient(point) ** 2)
            problem.add_constraint(f(point) - 0.5 * f.gradient(point) ** 2 >= low)
        problem.add_constraint(f.gradient(end) ** 2 <= 0)
    value: Any = problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0)
    triplets = [(a.eval(), b.eval(), c.eval()) for a, b, c in f.list_of_points]
    return {
        "value": float(value),
        "x": [list(map(float, a)) for a, _, _ in triplets],
        "g": [list(map(float, b)) for _, b, _ in triplets],
        "f": [float(c) for _, _, c in triplets],
        "start": list(map(float, start.eval())),
        "x_star": None if star is None else list(map(float, star.eval())),
        "f_star": float(low.eval()),
    }


if __name__ == "__main__":
    if importlib.util.find_spec("PEPit") is None:
        sys.exit("PEPit is not installed; pip install 'convergence-lab[pep]'")
    leave_with(int(sys.argv[3]))
    print(json.dumps(solve(sys.argv[1], int(sys.argv[2]))))
