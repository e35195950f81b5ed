"""The noise floor of normalized momentum: E‖∇f‖ about 0.33 σα^{(p−1)/p} under critical spikes.

log-cosh with a = 5, γ = 0.1 α^{1+(p−1)/p}/L, skewed spikes of chance α/e: between two spikes the
average relaxes below 0 and the iterate walks the wrong way. Started in the minimum; mean over the
second half of 40/α^{1.5} steps at most.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNorm
from convergence.noise.two_point import two_point
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.nonconvex import log_cosh
from convergence.theorems.heavy_tailed.shared import noise_floor, tail

E1 = np.array([1.0, 0.0])
ALPHAS = (0.2, 0.1, 0.05, 0.025)
POWERS = (1.3, 1.5, 1.8)


def measure(p: float, alpha: float) -> tuple[float, float]:
    """(mean of ‖∇f‖ over the second half, the bound's noise term)."""
    noise = two_point(p, 1.0, alpha / np.e, E1)
    problem = log_cosh([0.0, 0.0], 5.0, 5.0)  # L = 1
    gamma = 0.1 * alpha ** (1 + (p - 1) / p)
    T = int(40 / gamma)
    marks = np.array([T // 2, T], np.int32)
    record = simulate(
        "floor",
        Oracle(problem, noise),
        NSGDM(gamma, alpha),
        Average(GradNorm()),
        T,
        16,
        marks=marks,
    )
    half, whole = record.values[:, 0].mean(), record.values[:, 1].mean()
    late = (T * whole - marks[0] * half) / (T - marks[0])
    return float(late), noise_floor(tail(noise.constants((2,))), alpha)


def draw(out: Path) -> None:
    """Write heavy_tailed_floor.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"alpha": list(ALPHAS)}
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        for p, color, marker in zip(POWERS, style.PALETTE, "osD", strict=False):
            with precision("float64"):
                found = [measure(p, alpha) for alpha in ALPHAS]
            axis.loglog(ALPHAS, [m for m, _ in found], marker, color=color, label=f"p = {p}")
            axis.loglog(ALPHAS, [0.33 * a ** ((p - 1) / p) for a in ALPHAS], "-", color=color)
            axis.loglog(ALPHAS, [2 * b for _, b in found], "--", color=color)
            table[f"p={p}: measured"] = [m for m, _ in found]
            table[f"p={p}: twice the noise term"] = [2 * b for _, b in found]
        axis.set(xlabel="α = 1 − θ", ylabel="stationary E‖∇f‖")
        style.plain_ticks(axis.xaxis, ALPHAS)
        style.plain_log(axis.yaxis, *axis.get_ylim())
        axis.set_title(r"lines: $0.33\,\sigma\alpha^{(p-1)/p}$; dashed: noise term of the bound")
        axis.legend()
        style.save(figure, out, "heavy_tailed_floor", table)
