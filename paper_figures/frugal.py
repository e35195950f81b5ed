"""FRUGAL on GaLore's counterexample: the state-free part is what makes it converge.

All four methods take their subspace from the SVD of the stochastic gradient, which is the noise's;
lines are the exact laws.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.matrix import CornerSign
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.counterexample import Counterexample
from convergence.theorems.subspace.zmushko2025 import (
    NoneStalls,
    ResidualConverges,
    SignConverges,
)

T, SEEDS = 256, 16
METHODS: dict[str, Any] = {
    "residual none (GaLore)": NoneStalls(),
    "residual SGD, stateful SGDM": ResidualConverges(),
    "residual SGD, stateful Adam": ResidualConverges(stateful="adam"),
    "residual sign": SignConverges(alpha=1 / 512),
}


def draw(out: Path) -> None:
    """Write frugal.{svg,pdf,png,csv} to `out`."""
    problem, noise = Counterexample.pure(n=10, r=4, lam=0.5), CornerSign(1.0, 4)
    c = problem.constants() | noise.constants((10, 10))
    marks = np.arange(16, T + 1, 16, dtype=np.int32)
    table: dict[str, list[float]] = {"T": [int(t) for t in marks]}
    with precision("float64"):
        for name, theorem in METHODS.items():
            record = simulate(
                "frugal",
                Oracle(problem, noise),
                theorem.prescribe(c, T),
                GradNormSq(),
                T,
                SEEDS,
                marks=marks,
            )
            table[name] = list(record.values.mean(axis=0))
            table[f"law: {name}"] = [theorem.bound(c, int(t))[1] for t in marks]
    with style.styled():
        figure, axis = style.panels(size=(5.8, 3.8))
        for name, color, marker in zip(METHODS, style.PALETTE, "osD^", strict=False):
            axis.semilogy(marks, np.maximum(table[name], 1e-5), marker, color=color, label=name)
            axis.semilogy(marks, np.maximum(table[f"law: {name}"], 1e-5), "-", color=color)
        axis.set(xlabel="T", ylabel="‖∇f(X_T)‖²", ylim=(5e-5, 4))
        axis.set_title("lines: exact laws")
        axis.legend(loc="lower left")
        style.save(figure, out, "frugal", table)
