"""Importance sampling of blocks: the exact law, and a block that a saturated softmax starves.

Four equal blocks of ½‖x‖². Dots: the mean of ‖∇f(x_T)‖² over runs; lines: the exact law.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.theorems.estimators.yao2024ist import BlockLaw

T, SEEDS, SCALE = 48, 1024, 0.5
CASES = {
    "uniform": (0.0, 0.0, 0.0, 0.0),
    "importance (0, ½, 1, 2)": (0.0, 0.5, 1.0, 2.0),
    "saturated softmax": (0.0, 0.0, 0.0, -40.0),
}


def draw(out: Path) -> None:
    """Write ist.{svg,pdf,png,csv} to `out`."""
    problem = Isotropic(np.ones((4, 3)))
    oracle = Oracle(problem, Noiseless())
    c = problem.constants() | Noiseless().constants((4, 3))
    table: dict[str, list[float]] = {}
    with style.styled(), precision("float64"):
        figure, axis = style.panels(size=(5.6, 3.8))
        for (name, logits), color, marker in zip(CASES.items(), style.PALETTE, "osD", strict=False):
            law = BlockLaw(logits, scale=SCALE)
            record = simulate("ist", oracle, law.prescribe(c, T), GradNormSq(), T, SEEDS)
            found = record.values.mean(axis=0)
            exact = [law.bound(c, int(t)) for t in record.marks]
            axis.loglog(record.marks, found, marker, color=color, label=f"{name}, measured")
            axis.loglog(record.marks, exact, "-", color=color, label=f"{name}, exact law")
            table |= {"T": record.marks.tolist(), name: found.tolist(), f"{name}, law": exact}
        axis.set(xlabel="T", ylabel="E‖∇f(x_T)‖²", title="One of four blocks a step")
        axis.legend()
        style.save(figure, out, "ist", table)
