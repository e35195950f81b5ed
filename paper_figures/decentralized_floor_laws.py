"""DSGD's floor: slope 2 in α and slope 2 in 1/(1 − λ₂) for small steps, saturating at α ≳ 1 − λ.

Lines are the closed forms, markers the probed recursions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.metrics.agents import MeanSquare
from convergence.moments.affine import analyse
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.parts import graphs
from convergence.problems.agents import slowest
from convergence.runner.experiment import Experiment
from convergence.theorems.decentralized.koloskova2020 import ModeBias

ALPHAS, GAPS = np.geomspace(1e-4, 0.5, 13), np.geomspace(1e-4, 0.5, 13)


def pair(gap: float, alpha: float, name: str) -> tuple[float, float]:
    """(closed form, probed) on the lazy complete graph of 8."""
    problem = slowest(graphs.lazy_complete(8, gap))
    law = ModeBias(name, alpha)
    c = problem.constants()
    m = analyse(Experiment(problem, Oracle(problem, Noiseless()), law.prescribe(c, 1)))
    return law.bound(c, 1), m.bias(MeanSquare())


def draw(out: Path) -> None:
    """Write decentralized_floor_laws.{svg,pdf,png,csv} to `out`."""
    table: dict[str, np.ndarray] = {"α": ALPHAS, "1 − λ": GAPS}
    with style.styled():
        figure, axes = style.panels(1, 2, size=(8.0, 3.6))
        sweeps = (
            ("1 − λ = 0.05", ALPHAS, lambda a: (0.05, a)),
            ("α = 0.01", GAPS, lambda g: (g, 0.01)),
        )
        for axis, (title, grid, place) in zip(axes, sweeps, strict=True):
            abscissa = grid if title[0] == "1" else 1 / grid
            for name, color, marker in zip(("ATC", "consensus"), style.PALETTE, "os"):
                both = np.array([pair(*place(v), name) for v in grid])
                axis.loglog(abscissa, both[:, 0], color=color, label=f"{name}, closed form")
                axis.loglog(abscissa, both[:, 1], marker, color=color, ms=4, label="probed")
                table[f"{title}: {name}"], table[f"{title}: {name}, probed"] = both.T
            axis.set(title=title, xlabel="α" if title[0] == "1" else "1/(1 − λ)")
            axis.legend()
        axes[0].set_ylabel("floor of (1/n) Σ‖xᵢ − x*‖²")
        style.save(figure, out, "decentralized_floor_laws", table)
