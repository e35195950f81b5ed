"""Batch size against excess risk: decentralization shows from B ~ 1/α on.

Vertical line: the batch at which diffusion doubles the centralized risk, as α → 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.registry.decentralized.flatness import NAMES, NEAR, batch
from convergence.theorems.decentralized.cao2024 import excess_risk

T = 1000  # α = 1/(L T)
BATCHES = np.geomspace(1, 1e6, 25)


def draw(out: Path) -> None:
    """Write flatness_batch.{svg,pdf,png,csv} to `out`."""
    c = NEAR.constants()
    alpha = 1 / (c.L * T)
    table: dict[str, np.ndarray] = {"B": BATCHES}
    with style.styled():
        figure, axis = style.panels(size=(5.8, 3.8))
        for name, color in zip(NAMES, style.PALETTE):
            risk = [excess_risk(name, c | {"sigma": (24 / B) ** 0.5}, alpha) for B in BATCHES]
            axis.loglog(BATCHES, risk, color=color, label=name)
            table[name] = np.array(risk)
        axis.axvline(1 / float(batch(T).s) ** 2, color=style.GRAY, ls=":", label="crossover")
        axis.set(xlabel="batch B", ylabel="steady excess risk", title=f"α = {alpha:.2g}")
        axis.legend()
        style.save(figure, out, "flatness_batch", table)
