"""Natural gradient descent on Gaussian mean estimation attains the Cramér–Rao bound d/(2K).

SGD with a scalar step of the same form does not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.subspace.natural_galore import NaturalSGD
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import Gap
from convergence.noise.diagonal import DiagonalGaussian
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Quadratic

T, SEEDS = 256, 2048
FISHER = np.array([0.25, 1.0, 4.0])
METHODS = {"natural, F⁻¹/k": FISHER, "SGD, 1/(λ_max k)": np.full(3, FISHER.max())}


def draw(out: Path) -> None:
    """Write natural_galore.{svg,pdf,png,csv} to `out`."""
    problem, noise = Quadratic(np.ones(3), FISHER), DiagonalGaussian(FISHER)
    marks = np.unique(np.geomspace(1, T, 12).astype(np.int32))
    table: dict[str, list[float]] = {"K": [int(t) for t in marks]}
    with precision("float64"):
        for name, fisher in METHODS.items():
            record = simulate(
                "natural",
                Oracle(problem, noise),
                NaturalSGD(fisher),
                Gap(),
                T,
                SEEDS,
                marks=marks,
            )
            table[name] = list(record.values.mean(axis=0))
    table["Cramér–Rao d/(2K)"] = [3 / (2 * int(t)) for t in marks]
    with style.styled():
        figure, axis = style.panels(size=(5.4, 3.6))
        for name, color, marker in zip(METHODS, style.PALETTE, "os", strict=False):
            axis.loglog(marks, table[name], marker, color=color, label=name)
        axis.loglog(marks, table["Cramér–Rao d/(2K)"], "k-", label="Cramér–Rao d/(2K)")
        axis.set(xlabel="K", ylabel="E f(x_K) − f*")
        axis.legend()
        style.save(figure, out, "natural_galore", table)
