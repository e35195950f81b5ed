"""LOZO: what laziness costs. E‖X_T‖² after T = 60 steps against the period ν, measured and by Φ_ν.

On ½‖X‖², m = 3, n = 6, α = 1/(L D_S). The right end is a V that is never redrawn: 1 − r/n.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.theorems.zeroth_order.chen2025lozo_laws import LozoLaw

T, SEEDS = 60, 2048
PERIODS = (1, 2, 4, 8, 15, 30, 60)
RANKS = (1, 2, 4)


def draw(out: Path) -> None:
    """Write lozo_factor.{svg,pdf,png,csv} to `out`."""
    ones = np.ones((3, 6))
    problem, noise = EntryQuadratic(ones / 18**0.5, ones), Gaussian(0.0)
    c = problem.constants() | noise.constants((3, 6))
    table: dict[str, list[float]] = {"nu": list(PERIODS)}
    with precision("float64"):
        for r in RANKS:
            table[f"r={r}"], table[f"law r={r}"] = [], []
            for nu in PERIODS:
                theorem = LozoLaw(r, nu)
                record = simulate(
                    "lozo-factor",
                    Oracle(problem, noise),
                    theorem.prescribe(c, T),
                    GradNormSq(),
                    T,
                    SEEDS,
                    chunk=1024,
                )
                table[f"r={r}"].append(float(record.final().mean()))
                table[f"law r={r}"].append(theorem.bound(c, T))
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        for r, color, marker in zip(RANKS, style.PALETTE, "osD", strict=False):
            axis.loglog(PERIODS, table[f"r={r}"], marker, color=color, label=f"r = {r}, measured")
            axis.loglog(PERIODS, table[f"law r={r}"], "-", color=color, label=f"r = {r}, law")
        style.plain_ticks(axis.xaxis, PERIODS)
        axis.set(xlabel="period ν", ylabel=f"E‖∇f(X_T)‖² / ‖∇f(X_0)‖², T = {T}")
        axis.legend()
        style.save(figure, out, "lozo_factor", table)
