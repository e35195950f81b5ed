"""Figure 1 of GoLore (arXiv 2410.11289), redrawn: SGD and AdamW inside GaLore and GoLore.

The published instance (n = 10, r = 4, D of seed 42, step 3e-5, τ = 100); the abscissa is in units
of 100 steps as in the paper. The dotted line is the exact plateau of GaLore, the dashed one f*.
The paper does not give the batch of "L.B."; 101 reproduces its curve.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optax

from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.subspace.projected import Subspace
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import Value
from convergence.noise.matrix import CornerSign
from convergence.oracles.base import Oracle
from convergence.parts.momenta import Optax
from convergence.parts.projectors import Haar, Switch, TopSVD
from convergence.precision import precision
from convergence.problems.counterexample import Counterexample
from convergence.theorems.subspace.he2025_stall import Plateau

ETA, TAU, POINTS = 3e-5, 100, 41
ORDER = ("full", "GaLore", "large-batch GaLore", "GoLore")


def methods(T: int, adam: bool, late: float) -> dict[str, Any]:
    """The four curves of a panel; GoLore switches to random subspaces after the part `late`."""
    inner = {"inner": Optax(optax.scale_by_adam, eps=1e-6)} if adam else {}
    switch = Switch(TopSVD(), Haar(), int(late * T))
    whole = (
        FromOptax(optax.adamw, learning_rate=ETA, eps=1e-6, weight_decay=0.01) if adam else SGD(ETA)
    )
    common = {"r": 4, "tau": TAU, **inner}
    return {
        "full": whole,
        "GaLore": Subspace(TopSVD(), ETA, **common),
        "large-batch GaLore": Subspace(TopSVD(), ETA, refresh_batch=101, **common),
        "GoLore": Subspace(switch, ETA, **common),
    }


def curves(T: int, adam: bool, late: float) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(POINTS,) steps and, a method, f(X_t) at them; one run each, as in the paper."""
    problem = Counterexample.published()
    oracle = Oracle(problem, CornerSign(1.0, 4))
    marks = np.unique(np.linspace(0, T, POINTS).astype(np.int32))[1:]
    start = float(problem.value(problem.start()))
    with precision("float64"):
        found = {
            name: np.concatenate(
                [
                    [start],
                    simulate("golore-figure1", oracle, method, Value(), T, marks=marks).values[0],
                ]
            )
            for name, method in methods(T, adam, late).items()
        }
    return np.concatenate([[0], marks]), found


def draw(out: Path) -> None:
    """Write golore_figure1.{svg,pdf,png,csv} to `out`."""
    problem = Counterexample.published()
    c = problem.constants() | CornerSign(1.0, 4).constants((10, 10))
    plateau = c.f_star + Plateau(eta=ETA).bound(c, 400_000)[0]
    panels = (("AdamW inside", 100_000, True, 0.5), ("SGD inside", 200_000, False, 0.25))
    table: dict[str, Any] = {}
    with style.styled():
        figure, axes = style.panels(1, 2, size=(7.4, 3.4))
        for axis, (title, T, adam, late) in zip(axes, panels, strict=True):
            steps, found = curves(T, adam, late)
            for name, color, line in zip(ORDER, style.PALETTE, ("-", "-", "--", "-"), strict=False):
                label = f"GoLore@{100 * (1 - late):.0f}%" if name == "GoLore" else name
                axis.plot(steps / 100, found[name], line, color=color, label=label)
                table[f"{title}: {label}"] = found[name]
            table[f"{title}: steps"] = steps
            axis.axhline(c.f_star, color="0.3", lw=0.8, ls="--", label="f*")
            if not adam:
                axis.axhline(plateau, color="0.3", lw=0.8, ls=":", label="GaLore's plateau, exact")
            axis.set(title=title, xlabel="iterations / 100", ylabel="f(X)")
            axis.legend()
        style.save(figure, out, "golore_figure1", table)
