"""Randomized subspace optimization: its exact law, and what accuracy costs each inner solver.

Left: E f(W_k) on ½‖W‖² against f(W_0)(1 − 5r/(9m))^k; Gaussian frames miss it. Right: gradients a
subproblem until ‖∇g‖²/(2L̂) ≤ ε on a spread quadratic, and the budgets proved for GD and AGD.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convergence.algorithms.subspace.rso import RSO, GaussianFrame
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.effort import Calls
from convergence.metrics.pointwise import Gap
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.parts.projectors import Haar
from convergence.parts.solvers import AGD, GD, Adam, ExactMinimum, MomentumGD
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.theorems.subspace.chen2025rso_costs import RSOBudget, RSOBudgetAGD

M, N, K, SEEDS = 6, 5, 12, 512
X0 = np.random.default_rng(3).standard_normal((M, N))
FLAT = EntryQuadratic(X0, np.ones((M, N)))
SPREAD = EntryQuadratic.rows(np.linspace(0.1, 1.0, M), X0)
CASES = ((1, Haar(), "o"), (2, Haar(), "s"), (5, Haar(), "^"), (5, GaussianFrame(), "x"))
EPS = 10.0 ** -np.arange(1, 9)


def measure(problem: Any, algorithm: RSO, metric: Any, steps: int, seeds: int) -> np.ndarray:
    """The mean of the metric after 1, …, steps subproblems."""
    marks = np.arange(1, steps + 1, dtype=np.int32)
    oracle = Oracle(problem, Noiseless())
    record = simulate("rso", oracle, algorithm, metric, steps, seeds, marks=marks)
    return record.values.mean(axis=0)


def law(table: dict[str, list[float]]) -> None:
    """E f(W_k)/f(W_0), measured and by the law."""
    table["k"] = list(range(1, K + 1))
    for r, frame, _ in CASES:
        name = f"r={r}, {type(frame).__name__.removesuffix('Frame')}"
        found = measure(FLAT, RSO(r / (2 * M), r, ExactMinimum(r), frame), Gap(), K, SEEDS)
        table[name] = list(found / FLAT.constants().Delta)
        table[f"law r={r}"] = list((1 - 5 * r / (9 * M)) ** np.arange(1, K + 1))


def costs() -> dict[str, list[float]]:
    """Gradients a subproblem for each accuracy."""
    c = SPREAD.constants()
    lam, Delta = M / 2, c.Delta
    solvers: dict[str, Any] = {"GD": GD, "AGD": AGD, "MSGD": MomentumGD, "Adam": Adam}
    found: dict[str, list[float]] = {"epsilon": list(EPS)}
    for name, solver in solvers.items():
        found[name] = [
            float(measure(SPREAD, RSO(1 / (2 * lam), 2, solver(10**4, e)), Calls(), 1, 64)[0])
            for e in EPS
        ]
    found["bound, GD"] = [RSOBudget(eps=e / Delta).bound(c, 1) for e in EPS]
    found["bound, AGD"] = [RSOBudgetAGD(eps=e / Delta).bound(c, 1) for e in EPS]
    return found


def draw(out: Path) -> None:
    """Write rso.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {}
    with precision("float64"):
        law(table)
        cost = costs()
    with style.styled():
        figure, (left, right) = style.panels(1, 2, (8.6, 3.6))
        for (r, frame, marker), color in zip(CASES, style.PALETTE, strict=False):
            name = f"r={r}, {type(frame).__name__.removesuffix('Frame')}"
            left.semilogy(table["k"], table[name], marker, color=color, label=name)
            if marker != "x":
                left.semilogy(table["k"], table[f"law r={r}"], "-", color=color)
        left.set(xlabel="subproblems k", ylabel="E f(W_k) / f(W_0)")
        left.set_title("lines: (1 − 5r/(9m))^k")
        left.legend()
        for name, color, marker in zip(cost, (None, *style.PALETTE), " os^Dxx", strict=False):
            if name == "epsilon":
                continue
            if name.startswith("bound"):
                solver = style.PALETTE[["GD", "AGD"].index(name.split()[1])]
                right.loglog(EPS, cost[name], "--", color=solver, label=name)
            else:
                right.loglog(EPS, cost[name], f"{marker}-", color=color, label=name)
        right.invert_xaxis()
        right.set(xlabel="accuracy ε of a subproblem", ylabel="gradients")
        right.set_ylim(top=1e3)  # room for the legend above Adam
        right.legend(ncols=2)
        style.save(figure, out, "rso", table)
