"""The synthetic comparison of SPARKLE (arXiv 2411.14166): three graphs, two heterogeneities.

Σ‖xᵢ − x*‖² in expectation against gradient evaluations of an agent, by exact moments: no seeds.
The layout is that of the paper; its numerical parameters are not known to us, so the instance, the
steps (α, β, γ, θ) = (0.03, 0.15, 0.15, 0.3) and the noise 0.02 are ours. One step for all methods.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.decentralized.sparkle import DSOBA, sparkle
from convergence.figures import style
from convergence.metrics.agents import TotalSquare
from convergence.moments.affine import analyse
from convergence.noise.agents import PerEntry
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.problems.bilevel import random_bilevel
from convergence.runner.experiment import Experiment

STEPS = (0.03, 0.15, 0.15, 0.3)
T, CALLS = 1500, 3  # three oracle calls an iteration
GRAPHS = {
    "fully connected": graphs.complete(16),
    "2-D torus": graphs.lazy(graphs.torus(4)),
    "adjusted ring": graphs.adjusted_ring(16, 0.6),
}
LEVELS = {"mild": 0.2, "severe": 1.0}
METHODS = ("D-SOBA", "SPARKLE-GT", "SPARKLE-ED", "SPARKLE-EXTRA")


def draw(out: Path) -> None:
    """Write sparkle_synthetic.{svg,pdf,png,csv} to `out`."""
    marks = np.unique(np.linspace(0, T, 51).astype(int))
    table: dict[str, np.ndarray] = {"gradient evaluations": CALLS * marks}
    with style.styled():
        figure, axes = style.panels(2, 3, size=(9.6, 5.4), sharex=True, sharey="row")
        for row, (level, het) in zip(axes, LEVELS.items(), strict=True):
            for axis, (graph, W) in zip(row, GRAPHS.items(), strict=True):
                problem = random_bilevel(W, 1, 1, het=het, hetA=0.3 * het, seed=1)
                oracle = BilevelOracle(problem, PerEntry(0.02))
                for name, color, line in zip(METHODS, style.PALETTE, ("-", "--", "-.", ":")):
                    pick = {"GT": "ATC-GT"}.get(name[8:], name[8:])
                    method = DSOBA(W, *STEPS) if name == "D-SOBA" else sparkle(pick, pick, W, STEPS)
                    found = analyse(Experiment(problem, oracle, method)).expected(
                        TotalSquare(), marks
                    )
                    axis.semilogy(CALLS * marks, found, line, color=color, label=name)
                    table[f"{graph}, {level}: {name}"] = found
                axis.set_title(f"{graph}, {level}")
            row[0].set_ylabel("E Σ‖xᵢ − x*‖²")
        for axis in axes[1]:
            axis.set_xlabel("gradient evaluations an agent")
        axes[0, 0].legend()
        figure.suptitle("Exact expectations; instance, steps and noise are ours")
        style.save(figure, out, "sparkle_synthetic", table)
