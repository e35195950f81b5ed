"""Stability map: the spectral radius of every method against αh, with the exact thresholds.

Two agents with network eigenvalue λ = ½ and h = 1. Vertical lines: the largest stable αh.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.moments.affine import analyse
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.parts import graphs
from convergence.problems.agents import common
from convergence.runner.experiment import Experiment
from convergence.theorems.decentralized.alghunaim2022 import METHODS
from convergence.theorems.decentralized.alghunaim2022_thresholds import threshold

LAM, GRID = 0.5, np.linspace(0.02, 2.3, 229)


def draw(out: Path) -> None:
    """Write decentralized_stability.{svg,pdf,png,csv} to `out`."""
    W = graphs.two_node((1 - LAM) / 2)
    problem = common(W, [1.0], [[1.0], [-1.0]])
    table: dict[str, np.ndarray] = {"αh": GRID}
    with style.styled():
        figure, axis = style.panels(size=(6.4, 4.0))
        for name, color in zip(METHODS, style.PALETTE):
            radius = [
                analyse(
                    Experiment(problem, Oracle(problem, Noiseless()), METHODS[name](W, a))
                ).radius
                for a in GRID
            ]
            axis.plot(GRID, radius, color=color, label=name)
            axis.axvline(min(float(threshold(name, LAM)), 2.0), color=color, ls=":", lw=1)
            table[name] = np.array(radius)
        axis.axhline(1, color=style.GRAY, lw=0.8)
        axis.set(xlabel="αh", ylabel="spectral radius", ylim=(0.4, 1.6), xlim=(0, 2.3))
        axis.set_title(f"Stability at λ = {LAM:g}; dotted: exact thresholds")
        axis.legend(ncols=2)
        style.save(figure, out, "decentralized_stability", table)
