"""Escape from a sharp well: the share of runs whose mean agent has left, against steps.

J(w) = −log(e^{−8(w+1)²/2} + e^{−(w−1)²/2}), ring of 8, step 0.02; tilts het·√n·u₂ along the slowest
mode, noise σ an agent.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.agents import EscapeTime
from convergence.noise.agents import PerEntry
from convergence.oracles.base import Oracle
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.double_well import double_well
from convergence.theorems.decentralized.cao2024 import strategy_of

T, SEEDS, MU = 3000, 512, 0.02
W = graphs.lazy(graphs.ring(8))
PANELS = ((3.0, 4.0), (3.0, 8.0), (6.0, 4.0), (0.0, 8.0))


def draw(out: Path) -> None:
    """Write flatness_escape.{svg,pdf,png,csv} to `out`."""
    grid = np.unique(np.geomspace(1, T, 60).astype(int))
    table: dict[str, np.ndarray] = {"step": grid}
    with style.styled():
        figure, axes = style.panels(1, 4, size=(11.0, 3.2), sharey=True)
        for axis, (het, sigma) in zip(axes, PANELS, strict=True):
            problem, noise = double_well(W, het), PerEntry(sigma)
            for name, color in zip(("centralized", "diffusion", "consensus"), style.PALETTE):
                method = strategy_of(name, problem.constants(), MU)
                with precision("float64"):
                    record = simulate(
                        "flatness-escape",
                        Oracle(problem, noise),
                        method,
                        EscapeTime(),
                        T,
                        SEEDS,
                        chunk=256,
                        tier="standard",
                    )
                times = record.values[:, -1]
                share = np.array([np.mean(times <= t) for t in grid])
                axis.semilogx(grid, share, color=color, label=name)
                table[f"het {het:g}, σ {sigma:g}: {name}"] = share
            axis.set(title=f"het = {het:g}, σ = {sigma:g}", xlabel="step", ylim=(-0.03, 1.03))
        axes[0].set_ylabel("share of runs escaped")
        axes[0].legend()
        style.save(figure, out, "flatness_escape", table)
