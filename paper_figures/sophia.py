"""Sophia is free of the condition number, in the eigenbasis: gap after 24 steps against κ.

Quadratics with eigenvalues 1/κ and 1 and equal loss along both. Clipped Newton in the eigenbasis;
the same with the diagonal of a rotated Hessian; gradient descent with 1/L; sign descent with its
best fixed step, and its exact floor 1/(1 + 4T²/κ).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.estimators.sophia import SignGD, Sophia
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import Gap
from convergence.noise.base import Noiseless
from convergence.oracles.curvature import Curvature
from convergence.precision import precision
from convergence.problems.separable import RotatedSeparable
from convergence.theorems.estimators.liu2024sophia_rivals import SignFloor

T = 24
KAPPAS = np.geomspace(1, 1e6, 13)
TURN = np.array([[1.0, 1.0], [1.0, -1.0]]) / 2**0.5


def gap(problem: RotatedSeparable, method: Any) -> float:
    """f(θ_T) / f(θ_0) of one run."""
    oracle = Curvature(problem, Noiseless())
    record = simulate("sophia", oracle, method, Gap(), T)
    return float(record.final()[0]) / float(problem.constants().Delta)


def measure(kappa: float) -> dict[str, float]:
    """The relative gaps for one condition number."""
    lam = np.array([1 / kappa, 1.0])
    z0 = np.array([kappa**0.5, 1.0])
    # A radius beyond the start: nothing is clipped, as for every R of a quadratic.
    rho = 2 * kappa**0.5
    eta = SignFloor().eta(1 / kappa, 1.0, kappa**0.5, T)
    plain = RotatedSeparable(z0, lam, np.eye(2), 1.0, "square")
    turned = RotatedSeparable(TURN.T @ z0, lam, TURN, 1.0, "square")
    sign = RotatedSeparable([kappa**0.5, eta / 2], lam, np.eye(2), 1.0, "square")
    return {
        "clipped Newton, eigenbasis": gap(turned, Sophia(0.5, rho)),
        "clipped Newton, diagonal": gap(turned, Sophia(0.5, rho, "diagonal")),
        "gradient descent": gap(plain, SGD(1.0)),
        "sign descent, best step": gap(sign, SignGD(eta)),
        "sign descent, floor": 1 / (1 + 4 * T**2 / kappa),
    }


def draw(out: Path) -> None:
    """Write sophia.{svg,pdf,png,csv} to `out`."""
    with precision("float64"):
        rows = [measure(float(kappa)) for kappa in KAPPAS]
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        for name, marker in zip(rows[0], ("o", "s", "D", "X", ""), strict=True):
            values = np.maximum([row[name] for row in rows], 1e-18)
            line = "--" if not marker else "-"
            axis.loglog(KAPPAS, values, line, marker=marker or None, label=name)
        axis.set(xlabel="condition number κ", ylabel=f"f(θ_T)/f(θ_0), T = {T}")
        axis.set_title("What the condition number costs")
        axis.legend()
        table = {"kappa": KAPPAS.tolist(), **{n: [row[n] for row in rows] for n in rows[0]}}
        style.save(figure, out, "sophia", table)
