"""Quantiles of Y_T at confidence 1 − δ with and without clipping: what clipping buys, if anything.

NSGD-M and NSGDC with the same α, γ, T = 512, Pareto noise, p = 1.5. Dashed: a + b log(1/δ), the
form of the high-probability bound for clipping, by least squares for δ ≥ 1/20 and continued.
Exploratory: no explicit constant of such a bound is claimed here; the explicit ones, for the means,
are in the legend.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from _heavy_tailed import build, values

from convergence.figures import style
from convergence.noise.heavy import Pareto
from convergence.precision import precision
from convergence.registry.heavy_tailed.instances import OBJECTIVES
from convergence.theorems.heavy_tailed.sun2025 import NSGDClipped, NSGDMomentum

T, SEEDS = 512, 4096
LAW = Pareto.of(1.5)
DELTAS = np.geomspace(0.5, 2e-3, 13)


def draw(out: Path) -> None:
    """Write heavy_tailed_quantiles.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"delta": [float(d) for d in DELTAS]}
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        methods = (("NSGD-M", NSGDMomentum()), ("NSGDC", NSGDClipped()))
        for (name, theorem), color, marker in zip(methods, style.PALETTE, "os", strict=False):
            claim = build(f"figure-quantiles-{name}", theorem, OBJECTIVES["logcosh"], LAW)
            with precision("float64"):
                runs = values(claim, T, SEEDS)
            table[name] = [float(q) for q in np.quantile(runs, 1 - DELTAS)]
            bound = theorem.bound(claim.instance(T)[2], T)
            label = f"{name}: mean {runs.mean():.3f} ≤ {bound:.2f}"
            axis.semilogx(1 / DELTAS, table[name], marker + "-", color=color, label=label)
            axis.axhline(float(runs.mean()), color=color, linestyle=":")
            usual = DELTAS >= 1 / 20
            line = np.polyfit(-np.log(DELTAS[usual]), np.asarray(table[name])[usual], 1)
            axis.semilogx(1 / DELTAS, np.polyval(line, -np.log(DELTAS)), "--", color=color, lw=1)
        style.plain_ticks(axis.xaxis, (2, 5, 10, 50, 100, 500))
        axis.set(xlabel="1/δ", ylabel="quantile of (1/T) Σ ‖∇f(wᵗ)‖ at 1 − δ")
        axis.set_title(f"T = {T}, {SEEDS} seeds; dotted: means; dashed: a + b log(1/δ)")
        axis.legend()
        style.save(figure, out, "heavy_tailed_quantiles", table)
