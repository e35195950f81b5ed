"""How much noise it takes: final ‖∇f‖² against σ for GaLore, GoLore and full Adam.

The published instance; only the corner noise grows. GaLore stops at Σ min(s_i, σ)² (up to one
period's overshoot), GoLore at its exact law, full Adam converges: it sees no noise in the rows that
f depends on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optax

from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.subspace.projected import Subspace
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.matrix import CornerSign
from convergence.oracles.base import Oracle
from convergence.parts.projectors import TopSVD
from convergence.precision import precision
from convergence.problems.counterexample import Counterexample
from convergence.theorems.subspace.he2025 import GoLoreCounterexampleLaw

T, SEEDS, ETA = 4000, 32, 0.02
FLOOR = 1e-16
SIGMAS = np.geomspace(0.05, 10, 12)


def measure(sigma: float) -> dict[str, float]:
    """The mean of ‖∇f(X_T)‖² for the three methods and the two predictions."""
    problem, noise = Counterexample.published(), CornerSign(sigma, 4)
    c = problem.constants() | noise.constants((10, 10))
    law = GoLoreCounterexampleLaw(r=4, eta=ETA)
    found: dict[str, float] = {"sigma": float(sigma)}
    methods: dict[str, Any] = {
        "GaLore": Subspace(TopSVD(), ETA, r=4, tau=10),
        "GoLore": law.prescribe(c, T),
        "Adam": FromOptax(optax.adam, learning_rate=ETA),
    }
    for name, method in methods.items():
        record = simulate(
            "galore-dose-response",
            Oracle(problem, noise),
            method,
            GradNormSq(),
            T,
            SEEDS,
            tier="standard",
        )
        found[name] = float(record.final().mean())
    found["GaLore, exact limit"] = float(np.sum(np.minimum(c.spectrum, sigma) ** 2))
    found["GoLore, exact law"] = law.bound(c, T)
    return found


def draw(out: Path) -> None:
    """Write galore_dose_response.{svg,pdf,png,csv} to `out`."""
    with precision("float64"):
        rows = [measure(sigma) for sigma in SIGMAS]
    table = {name: [row[name] for row in rows] for name in rows[0]}
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        looks = zip(("GaLore", "GoLore", "Adam"), style.PALETTE, "osD", strict=False)
        for name, color, marker in looks:
            values = np.maximum(table[name], FLOOR)
            clipped = f" (below {FLOOR:g})" if max(table[name]) < FLOOR else ""
            axis.loglog(SIGMAS, values, marker, color=color, label=f"{name}, measured{clipped}")
        axis.loglog(
            SIGMAS, table["GaLore, exact limit"], "-", color=style.BLUE, label="Σ min(s, σ)²"
        )
        law = table["GoLore, exact law"]
        axis.loglog(SIGMAS, law, "--", color=style.VERMILION, label="GoLore's exact law")
        axis.set(xlabel="noise level σ", ylabel="‖∇f(X_T)‖²", ylim=(FLOOR / 3, 1e3))
        axis.set_title(f"GaLore stalls at the noise level (T = {T}, {SEEDS} seeds)")
        axis.legend(loc="center right")
        style.save(figure, out, "galore_dose_response", table)
