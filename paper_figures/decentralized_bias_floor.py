"""Where a constant step stops without noise: DSGD against corrected methods, ring of 16.

ζ is the heterogeneity along the slowest mode, α = 0.05. Dotted: the exact floors of DSGD.
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
from convergence.theorems.decentralized.alghunaim2022 import METHODS
from convergence.theorems.decentralized.koloskova2020 import ModeBias

T, ALPHA = 4000, 0.05
FLOOR = 1e-24  # above the rounding of every method
NAMES = {"ATC": "-", "consensus": "--", "ED": "-", "EXTRA": "--", "ATC-GT": "-."}
W = graphs.lazy(graphs.ring(16))


def draw(out: Path) -> None:
    """Write decentralized_bias_floor.{svg,pdf,png,csv} to `out`."""
    marks = np.unique(np.linspace(0, T, 61).astype(int))
    table: dict[str, np.ndarray] = {"k": marks}
    with style.styled():
        figure, axes = style.panels(1, 3, size=(10.0, 3.6), sharey=True)
        for axis, zeta in zip(axes, (0.0, 1.0, 10.0), strict=True):
            problem = slowest(W, zeta=zeta, x0=1.0)
            for (name, dashes), color in zip(NAMES.items(), style.PALETTE):
                m = analyse(
                    Experiment(problem, Oracle(problem, Noiseless()), METHODS[name](W, ALPHA))
                )
                found = m.means(MeanSquare(), marks)
                axis.semilogy(marks, found, dashes, color=color, label=name)
                table[f"ζ = {zeta:g}: {name}"] = found
                if name in ("ATC", "consensus") and zeta > 0:
                    exact = ModeBias(name, ALPHA).bound(problem.constants(), 1)
                    axis.axhline(exact, color=color, ls=":", lw=1)
            axis.set(title=f"ζ = {zeta:g}", xlabel="k", ylim=(FLOOR, 1e3))
        axes[0].set_ylabel("(1/n) Σ‖xᵢ − x*‖², no noise")
        axes[0].legend()
        style.save(figure, out, "decentralized_bias_floor", table)
