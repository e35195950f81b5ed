"""The linear speed-up of DSGD, its explicit transient, and the floor that n agents leave.

Left: (1/T) Σ E‖∇J(x̄_t)‖² at α = √(2nF₀/(Ls²T)), exactly, n agents on a lazy complete graph, h =
1, ζ² = 2.08, s² = 4, x_0 = 2; dashed from T* on: 4√(2LF₀s²/(nT)). Right: its floor at αh = 0.1,
s² = 1, with independent samples and with one sample for all; the lines are hαs²/(n(2 − αh)) and
n times that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.claims.exact import Exact
from convergence.figures import style
from convergence.noise.agents import OneDraw, PerEntry
from convergence.parts import graphs
from convergence.problems.agents import common
from convergence.theorems.decentralized.koloskova2020_nonconvex import DSGDCenterLaw, DSGDSpeedUp

AGENTS, MANY = (4, 8, 16), (2, 4, 8, 16, 32)
HORIZONS = (100, 300, 1000, 3000, 10_000, 30_000)
NOISE = PerEntry(2.0)


def draw(out: Path) -> None:
    """Write dsgd_speed_up.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"T": list(HORIZONS)}
    with style.styled():
        figure, (left, right) = style.panels(1, 2, size=(8.4, 3.8))
        theorem = DSGDSpeedUp()
        for n, color, marker in zip(AGENTS, style.PALETTE, "osD", strict=False):
            pull = np.tile([2.0, 0.4, -2.0, -0.4], n // 4)[:, None]
            problem = common(graphs.lazy_complete(n, 0.5), [1.0], pull, x0=2.0)
            claim = Exact("figure", theorem, problem, NOISE, horizons=HORIZONS)
            found = [claim.exact(T)[0] for T in HORIZONS]
            table[f"n = {n}"] = found
            left.loglog(HORIZONS, found, marker + "-", color=color, label=f"n = {n}", ms=4)
            c = problem.constants() | NOISE.constants((n, 1))
            proved = np.geomspace(theorem.transient(c), 3e5, 20)
            bounds = [theorem.bound(c, T) for T in proved]
            left.loglog(proved, bounds, "--", color=color, lw=1)
            left.plot(proved[0], bounds[0], "|", color=color, ms=12)
        left.set(xlabel="T", ylabel="(1/T) Σ E‖∇J(x̄_t)‖²", title="dashed: the bound, from T* on")
        left.legend()
        law = DSGDCenterLaw()
        for name, noise, color, marker in (
            ("independent samples", PerEntry(1.0), style.PALETTE[0], "o"),
            ("one sample for all", OneDraw(1.0), style.PALETTE[1], "s"),
        ):
            many = (common(graphs.lazy_complete(n, 0.5), [1.0], np.zeros((n, 1))) for n in MANY)
            floors = [Exact("figure", law, p, noise, horizons=(400,)).exact(400)[0] for p in many]
            right.loglog(MANY, floors, marker, color=color, label=name)
        share = np.array([0.1 / (n * 1.9) for n in MANY])
        right.loglog(MANY, share, "-", color=style.PALETTE[0], lw=1)
        right.loglog(MANY, share * MANY, "-", color=style.PALETTE[1], lw=1)
        right.set(xlabel="n", ylabel="floor of E‖∇J(x̄_t)‖²", title="αh = 0.1, s² = 1")
        right.set_xticks(MANY, [str(n) for n in MANY])
        right.set_xticks([], minor=True)
        right.legend()
        style.save(figure, out, "dsgd_speed_up", table)
