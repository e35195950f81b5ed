"""AlgoPerf's performance profiles on quadratics of nine condition numbers: steps to ‖∇f‖ = 10⁻⁶ of
what it was, for five methods. The scores in the legend are those of this field.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convergence.algorithms.classical.accelerated import Nesterov, PolyakMomentum
from convergence.algorithms.classical.sgd import SGD
from convergence.figures.performance import performance
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNorm
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Quadratic
from convergence.statistics.scoring import first_hits

KAPPAS = (2, 4, 8, 16, 32, 64, 128, 256, 512)
MARKS = np.arange(8193)


def methods(kappa: float) -> dict[str, Any]:
    """Five methods for L = 1 and μ = 1/κ; only the first two are told μ."""
    root = kappa**0.5
    beta = ((root - 1) / (root + 1)) ** 2
    return {
        "GD, η = 2/(L+μ)": SGD(2 / (1 + 1 / kappa)),
        "heavy ball, tuned": PolyakMomentum(4 / (1 + 1 / root) ** 2, beta),
        "heavy ball, β = 0.9": PolyakMomentum(1.0, 0.9),
        "Nesterov": Nesterov(1.0),
        "GD, η = 1/L": SGD(1.0),
    }


def draw(out: Path) -> None:
    """Write performance_profiles.{svg,pdf,png,csv} to `out`."""
    times: dict[str, list[float]] = {}
    with precision("float64"):
        for kappa in KAPPAS:
            h = np.geomspace(1 / kappa, 1.0, 12)
            problem = Quadratic(1 / h, h)  # ∇f(x_0) = (1, …, 1)
            for name, method in methods(kappa).items():
                record = simulate(
                    "performance", Oracle(problem, Noiseless()), method, GradNorm(),
                    int(MARKS[-1]), marks=MARKS,
                )  # fmt: skip
                target = 1e-6 * float(record.values[0, 0])
                times.setdefault(name, []).append(
                    float(first_hits(record.marks, record.values, target)[0])
                )
    performance(out, "performance_profiles", list(times), list(times.values()))
