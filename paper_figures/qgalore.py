"""What a grid of width h costs: the stochastic coin pays Ldh²/4, rounding to nearest stands still.

SGD with η = 0.05 from 0.9 in 20 coordinates; the average of ‖∇f‖² over T steps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.shifted import Shifted
from convergence.theorems.subspace.zhang2024qgalore import NearestWorksToo, StochasticRounding

T, SEEDS = 2048, 32
WIDTHS = np.geomspace(0.003, 0.3, 9)


def draw(out: Path) -> None:
    """Write qgalore.{svg,pdf,png,csv} to `out`."""
    problem, noise = Shifted(np.full(20, 0.9)), Gaussian(0.0)
    c = problem.constants() | noise.constants((20,))
    table: dict[str, list[float]] = {"h": list(WIDTHS)}
    with precision("float64"):
        for rounding, claimed in (("stochastic", StochasticRounding), ("nearest", NearestWorksToo)):
            table[rounding] = []
            for h in WIDTHS:
                theorem = claimed(h=h, scale=0.05)
                record = simulate(
                    "qgalore",
                    Oracle(problem, noise),
                    theorem.prescribe(c, T),
                    theorem.metric(c, T),
                    T,
                    SEEDS,
                )
                table[rounding].append(float(record.final().mean()))
        table["bound"] = [StochasticRounding(h=h, scale=0.05).bound(c, T) for h in WIDTHS]
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        axis.loglog(WIDTHS, table["bound"], "k-", label="bound of stochastic rounding")
        axis.loglog(WIDTHS, table["stochastic"], "o", color=style.BLUE, label="stochastic")
        axis.loglog(WIDTHS, table["nearest"], "s", color=style.VERMILION, label="to nearest")
        axis.axhline(c.grad0**2, color=style.GRAY, ls=":", label=style.math_text("‖∇f(x_0)‖²"))
        axis.set(xlabel="grid width h", ylabel=style.math_text("average of ‖∇f(x_t)‖²"))
        axis.set_title(f"T = {T}, {SEEDS} seeds")
        axis.legend(loc="center left")
        style.save(figure, out, "qgalore", table)
