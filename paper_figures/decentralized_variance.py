"""Steady noise against the step: what correction costs, ring of 16, unit noise.

Lines are the closed forms, markers the probed recursions' Lyapunov solutions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.metrics.agents import MeanSquare
from convergence.moments.affine import analyse
from convergence.noise.agents import PerEntry
from convergence.oracles.base import Oracle
from convergence.parts import graphs
from convergence.problems.agents import slowest
from convergence.runner.experiment import Experiment
from convergence.theorems.decentralized.alghunaim2022 import METHODS, Variance

GRID = np.geomspace(1e-3, 0.8, 12)


def draw(out: Path) -> None:
    """Write decentralized_variance.{svg,pdf,png,csv} to `out`."""
    problem, noise = slowest(graphs.lazy(graphs.ring(16))), PerEntry(1.0)
    oracle = Oracle(problem, noise)
    c = problem.constants() | noise.constants((16, 1))
    table: dict[str, np.ndarray] = {"α": GRID}
    with style.styled():
        figure, axis = style.panels(size=(6.4, 4.0))
        for name, color, marker in zip(METHODS, style.PALETTE, "osD^vXP"):
            law = np.array([Variance(name, a).bound(c, 1) for a in GRID])
            methods = [Variance(name, a).prescribe(c, 1) for a in GRID]
            probed = np.array(
                [analyse(Experiment(problem, oracle, m)).variance(MeanSquare()) for m in methods]
            )
            stable = np.isfinite(probed)
            axis.loglog(GRID[stable], law[stable], color=color)
            axis.loglog(GRID, probed, marker, color=color, ms=4, label=name)
            table[name], table[f"{name}, probed"] = law, probed
        axis.loglog(GRID, GRID / (2 - GRID) / 16, color=style.GRAY, ls="--", label="centralized")
        axis.set(xlabel="α", ylabel="(1/n) Σ Var xᵢ", title="Lines: closed form; markers: probed")
        axis.legend(ncols=2)
        style.save(figure, out, "decentralized_variance", table)
