"""Four methods on the bilinear game xy, and where optimism stops.

Left: the orbits from (1, −1) at η = 0.3. Middle: ‖z_t‖² of each, lines: (1 + η²)^t and (1 − η² +
η⁴)^t. Right: the spectral radius by ησ, measured (marks) and in closed form (lines); the optimistic
one is 1 at 1/√3.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.games.saddle import (
    AlternatingDescentAscent,
    DescentAscent,
    Extragradient,
    Optimistic,
)
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import Iterates
from convergence.moments.affine import analyse
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.problems.saddle import bilinear
from convergence.runner.experiment import Experiment
from convergence.theorems.games.daskalakis2018 import OptimisticRadius

ETA, STEPS = 0.3, 60
GAME = bilinear([[1.0]], [1.0, -1.0])
ORACLE = Oracle(GAME, Noiseless())
METHODS = {
    "descent–ascent": DescentAscent,
    "alternating": AlternatingDescentAscent,
    "extragradient": Extragradient,
    "optimistic": Optimistic,
}


def draw(out: Path) -> None:
    """Write saddle_methods.{svg,pdf,png,csv} to `out`."""
    t = np.arange(STEPS + 1)
    table: dict[str, object] = {"t": t}
    with style.styled():
        figure, (left, middle, right) = style.panels(1, 3, size=(11.0, 3.6))
        for (name, method), color, mark in zip(METHODS.items(), style.PALETTE, "osD^"):
            marks = np.arange(1, STEPS + 1, dtype=np.int32)
            run = simulate(f"saddle-{name}", ORACLE, method(ETA, 1), Iterates(), STEPS, marks=marks)
            path = np.concatenate([[[1.0, -1.0]], run.values[0]])
            size = np.sum(path**2, axis=1)
            table[name] = size
            left.plot(*path[:36].T, "-", color=color, marker=mark, ms=3, lw=1, label=name)
            middle.semilogy(t, size, mark, color=color, ms=3, markevery=4)
            grid = np.linspace(0.05, 0.95, 13)
            radii = [analyse(Experiment(GAME, ORACLE, method(a, 1))).radius for a in grid]
            right.plot(grid, radii, mark, color=color, ms=4, label=name)
        c = GAME.constants()
        fine = np.linspace(0.01, 0.97, 97)
        for color, factor in (
            (style.PALETTE[0], 1 + ETA**2),
            (style.PALETTE[2], 1 - ETA**2 + ETA**4),
        ):
            middle.semilogy(t, 2 * factor**t, "-", color=color, lw=1)
        for color, radius in (
            (style.PALETTE[0], np.sqrt(1 + fine**2)),
            (style.PALETTE[1], np.ones_like(fine)),
            (style.PALETTE[2], np.sqrt(1 - fine**2 + fine**4)),
            (style.PALETTE[3], [OptimisticRadius(a).bound(c, 1) for a in fine]),
        ):
            right.plot(fine, radius, "-", color=color, lw=1)
        right.axvline(3**-0.5, color="0.5", ls=":", lw=1)
        right.text(3**-0.5, 1.32, " 1/√3", color="0.3")
        left.set(xlabel="x", ylabel="y", title="η = 0.3", xlim=(-5, 5), ylim=(-5, 5))
        middle.set(xlabel="t", ylabel="‖z_t‖²")
        right.set(xlabel="ησ", ylabel="spectral radius")
        right.legend(loc="upper left")
        style.save(figure, out, "saddle_methods", table)
