"""GWT-Adam on ½‖w‖²: (1, −1) follows its law into overflow, (1, −1.001) recovers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optax

from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.subspace.gwt import GWT
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import Value
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.theorems.subspace.wen2025 import AdamDiverges

T = 2000
STARTS = {"(1, −1)": [1.0, -1.0], "(1, −1.001)": [1.0, -1.001], "(1, −1.1)": [1.0, -1.1]}


def draw(out: Path) -> None:
    """Write gwt.{svg,pdf,png,csv} to `out`."""
    marks = np.unique(np.geomspace(1, T, 60).astype(np.int32))
    table: dict[str, list[float]] = {"T": [int(t) for t in marks]}
    with precision("float64"), np.errstate(over="ignore", invalid="ignore"):
        for name, start in STARTS.items():
            for method, algorithm in (
                ("GWT-Adam", GWT(1e-2)),
                ("Adam", FromOptax(optax.adam, learning_rate=1e-2)),
            ):
                if method == "Adam" and name != "(1, −1)":
                    continue
                problem = Isotropic(np.array(start))
                record = simulate(
                    "gwt",
                    Oracle(problem, Noiseless()),
                    algorithm,
                    Value(),
                    T,
                    marks=marks,
                )
                table[f"{method} from {name}"] = list(record.values[0])
        c = Isotropic(np.array([1.0, -1.0])).constants()
        table["law"] = [
            AdamDiverges().bound(c, int(t))[1] if t < 57 else float("inf") for t in marks
        ]
    with style.styled():
        figure, axis = style.panels(size=(5.8, 3.8))
        for name, color, marker in zip(list(table)[1:-1], style.PALETTE, "osD^", strict=False):
            axis.semilogx(marks, logs(table[name]), marker, color=color, label=name, markersize=3)
        axis.semilogx(marks, logs(table["law"]), "k-", label="f(w_0) Π (1 − s_tα/ε)²")
        axis.set(xlabel="T", ylabel="log₁₀ f(w_T)")
        axis.legend()
        style.save(figure, out, "gwt", table)


def logs(values: list[float]) -> np.ndarray:
    """log₁₀, cut off at 1e-30, with gaps where a value has left the finite numbers."""
    known = np.isfinite(values)
    return np.where(known, np.log10(np.maximum(np.where(known, values, 1.0), 1e-30)), np.nan)
