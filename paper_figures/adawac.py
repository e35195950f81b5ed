"""AdaWAC: the duality gap of the means against its bound, and the weights.

Left: E gap at the prescribed steps over 256 runs, n = 4 samples, both orders; dashed: the bounds.
Right: weights b_1, b_2 of a sample with a dense and one with a sparse label, and of one whose two
losses meet at the saddle: it settles at ½.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.games.adawac import AdaWAC
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.games import AverageGap
from convergence.metrics.pointwise import Iterates
from convergence.noise.base import Noiseless
from convergence.oracles.pairs import Pairs
from convergence.registry.games.adawac import EVEN, RANDOM, TWO
from convergence.theorems.games.dong2023 import AdaWACGap

HORIZONS = (16, 64, 256, 1024, 4096)
STEPS = 400


def draw(out: Path) -> None:
    """Write adawac.{svg,pdf,png,csv} to `out`."""
    table: dict[str, object] = {"T": HORIZONS}
    with style.styled():
        figure, (left, right) = style.panels(1, 2, size=(8.4, 3.8))
        oracle, c = Pairs(RANDOM, Noiseless()), RANDOM.constants()
        for order, color, mark in zip(("jacobi", "gauss-seidel"), style.PALETTE, "os"):
            theorem = AdaWACGap(order=order)
            gaps = [
                simulate(
                    f"adawac-{order}", oracle, theorem.prescribe(c, T), AverageGap(), T, seeds=256
                )
                .final()
                .mean()
                for T in HORIZONS
            ]
            table[order] = gaps
            left.loglog(HORIZONS, gaps, mark, color=color, label=order, mfc="none")
            bounds = [theorem.bound(c, T) for T in HORIZONS]
            left.loglog(HORIZONS, bounds, "--", color=color, lw=1)
        left.set(xlabel="T", ylabel="E gap(θ̄, b̄)", title="dashed: the bounds")
        left.legend()
        marks = np.arange(1, STEPS + 1, dtype=np.int32)
        for k, (problem, names) in enumerate(
            ((TWO, ("dense label", "sparse label")), (EVEN, ("losses that meet",)))
        ):
            method = AdaWAC(0.05, 0.05, problem.r, whole=True)
            where = Pairs(problem, Noiseless())
            run = simulate(f"adawac-weights-{k}", where, method, Iterates(), STEPS, marks=marks)
            for i, name in enumerate(names):
                color = style.PALETTE[k + i + k]
                right.plot(marks, run.values[0][:, 1 + i], color=color, label=name)
        right.set(xlabel="t", ylabel="weight of the supervised loss", ylim=(-0.05, 1.05))
        right.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))
        style.save(figure, out, "adawac", table)
