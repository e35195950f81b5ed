"""Excess risk of the three strategies from the minimum on: closed form against simulation.

Ring of 8, curvatures ½, 1, 2, offsets in every mode, unit noise, α = 0.025.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.agents import ExcessRisk
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.registry.decentralized.flatness import NAMES, NEAR, UNIT
from convergence.theorems.decentralized.cao2024 import excess_risk, strategy_of

T, SEEDS, ALPHA = 400, 512, 0.025


def draw(out: Path) -> None:
    """Write flatness_excess_risk.{svg,pdf,png,csv} to `out`."""
    c = NEAR.constants() | UNIT.constants((8, 3))
    marks = np.unique(np.geomspace(1, T, 16).astype(np.int32))
    table: dict[str, np.ndarray] = {"n": marks}
    with style.styled():
        figure, axis = style.panels(size=(6.0, 3.8))
        for name, color, marker in zip(NAMES, style.PALETTE, "osD"):
            with precision("float64"):
                record = simulate(
                    "flatness",
                    Oracle(NEAR, UNIT),
                    strategy_of(name, c, ALPHA),
                    ExcessRisk(),
                    T,
                    SEEDS,
                    marks=marks,
                    chunk=256,
                )
            law = np.array([excess_risk(name, c, ALPHA, int(n)) for n in marks])
            axis.loglog(marks, law, color=color, label=f"{name}, closed form")
            axis.loglog(marks, record.values.mean(axis=0), marker, color=color, label="simulated")
            table[name], table[f"{name}, simulated"] = law, record.values.mean(axis=0)
        axis.set(xlabel="steps from the minimum", ylabel="excess risk")
        axis.set_title(f"α = {ALPHA:g}, {SEEDS} seeds")
        axis.legend(ncols=3, fontsize=7)
        style.save(figure, out, "flatness_excess_risk", table)
