"""The ordering of excess risks over random instances, and where it breaks.

Left: steady state, common Hessian, random graphs, steps and noise: ratios never exceed 1. Right:
two agents, λ = ½, from the minimum without noise: after few large steps consensus is below
diffusion.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.registry.decentralized.flatness import drawn, pair, roots
from convergence.theorems.decentralized.cao2024 import excess_risk

STEPS = (1, 2, 3, 4, 6, 10, 20)


def draw(out: Path) -> None:
    """Write flatness_ordering.{svg,pdf,png,csv} to `out`."""
    ratios = []
    for T in range(1, 41):
        c = drawn(T).constants() | roots(T).constants((8, 3))
        for share in (0.05, 0.5, 0.95):
            alpha = share * (1 + c.lam[-1]) / c.L
            cen, dif, con = (
                excess_risk(name, c, alpha) for name in ("centralized", "diffusion", "consensus")
            )
            ratios.append((cen / dif, dif / con))
    found = np.array(ratios)
    with style.styled():
        figure, (left, right) = style.panels(1, 2, size=(8.0, 3.6))
        left.plot(found[:, 0], "o", color=style.BLUE, label="centralized / diffusion")
        left.plot(found[:, 1], "s", color=style.VERMILION, label="diffusion / consensus")
        left.axhline(1, color=style.GRAY, lw=0.8)
        left.set(xlabel="instance", ylabel="ratio of steady excess risks", ylim=(0, 1.3))
        left.legend(loc="upper left")
        c = pair(0.5, 1.0).constants() | {"sigma": 0.0}
        for ah, color, marker in zip((0.3, 0.5, 1.0, 1.4), style.PALETTE, "osD^"):
            ratio = [
                excess_risk("diffusion", c, ah, n) / excess_risk("consensus", c, ah, n)
                for n in STEPS
            ]
            right.loglog(STEPS, ratio, marker + "-", color=color, label=f"αh = {ah:g}")
        right.axhline(1, color=style.GRAY, lw=0.8)
        right.set(xlabel="steps from the minimum", ylabel="diffusion / consensus")
        right.set_title("λ = ½, no noise: not ordered at every n")
        right.legend()
        columns = {"centralized/diffusion": found[:, 0], "diffusion/consensus": found[:, 1]}
        style.save(figure, out, "flatness_ordering", columns)
