"""Ratios of the exact excess-risk gaps to their small-step limits, as α → 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.registry.decentralized.flatness import NEAR, UNIT
from convergence.theorems.decentralized.cao2024 import SmallStepGap, excess_risk

GRID = np.geomspace(10, 1e5, 17)


def draw(out: Path) -> None:
    """Write flatness_small_steps.{svg,pdf,png,csv} to `out`."""
    c = NEAR.constants() | UNIT.constants((8, 3))
    alpha = 1 / (c.L * GRID)
    table: dict[str, np.ndarray] = {"α": alpha}
    pairs = (("centralized", None), ("diffusion", "centralized"), ("consensus", "diffusion"))
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.6))
        for (name, base), color, marker in zip(pairs, style.PALETTE, "osD"):
            exact = np.array([excess_risk(name, c, a) for a in alpha])
            limit = np.array([SmallStepGap(name).bound(c, T) for T in GRID])
            if base is not None:
                exact = exact - np.array([excess_risk(base, c, a) for a in alpha])
                limit = limit - np.array([SmallStepGap(base).bound(c, T) for T in GRID])
            label = name if base is None else f"{name} − {base}"
            axis.semilogx(alpha, exact / limit, marker + "-", color=color, label=label)
            table[label] = exact / limit
        axis.axhline(1, color=style.GRAY, lw=0.8)
        axis.set(xlabel="α", ylabel="exact / small-step limit", title="Excess-risk gaps")
        axis.legend()
        style.save(figure, out, "flatness_small_steps", table)
