"""LOZO's noise floor αLD_Sσ²/(2 − αLD_S) is the same for every period ν, and its momentum law.

Left: E‖∇f‖² after 80 steps from the floor, against αLD_S, for three periods. Right: LOZO-M on
½‖X‖² without noise against its three-state recursion.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.theorems.zeroth_order.chen2025lozo_laws import LozoLaw, LozoMLaw

ONES = np.ones((3, 6))
SCALES = (0.25, 0.5, 1.0, 1.5)
PERIODS = (1, 7, 40)
T, LAST, SEEDS = 80, 24, 2048


def measure(theorem: LozoLaw, square: float, sigma: float, marks: np.ndarray) -> Any:
    """The mean of ‖∇f‖² at the marks, and the law there."""
    problem = EntryQuadratic(ONES * (square / 18) ** 0.5, ONES)
    noise, last = Gaussian(sigma), int(marks[-1])
    c = problem.constants() | noise.constants((3, 6))
    record = simulate(
        "lozo-floor",
        Oracle(problem, noise),
        theorem.prescribe(c, last),
        GradNormSq(),
        last,
        SEEDS,
        marks=marks,
        chunk=1024,
    )
    return record.values.mean(axis=0), [theorem.bound(c, int(t)) for t in marks]


def draw(out: Path) -> None:
    """Write lozo_floor.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"scale": list(SCALES)}
    steps = np.arange(2, LAST + 1, 2, dtype=np.int32)
    momentum: dict[int, Any] = {}
    with precision("float64"):
        table["floor"] = [a / (2 - a) for a in SCALES]
        for nu in PERIODS:
            table[f"nu={nu}"] = [
                float(measure(LozoLaw(2, nu, a), a / (2 - a), 1.0, np.array([T], np.int32))[0][0])
                for a in SCALES
            ]
        for nu in (1, 6):
            momentum[nu] = measure(LozoMLaw(2, nu), 1.0, 0.0, steps)
    with style.styled():
        figure, (left, right) = style.panels(1, 2, (8.6, 3.6))
        a = np.linspace(SCALES[0], SCALES[-1], 60)
        left.plot(a, a / (2 - a), "k-", label="αLDσ²/(2 − αLD)")
        for nu, color, marker in zip(PERIODS, style.PALETTE, "osD", strict=False):
            left.plot(SCALES, table[f"nu={nu}"], marker, color=color, label=f"ν = {nu}")
        left.set(xlabel="αLD", ylabel=f"E‖∇f(X_{T})‖²")
        left.legend()
        for nu, color, marker in zip(momentum, style.PALETTE, "os", strict=False):
            found, law = momentum[nu]
            right.semilogy(steps, found, marker, color=color, label=f"LOZO-M, ν = {nu}")
            right.semilogy(steps, law, "-", color=color, label="its law")
        right.set(xlabel="T", ylabel="E‖∇f(X_T)‖²")
        right.legend()
        style.save(figure, out, "lozo_floor", table)
