"""CE-LoRA: what few rows lose. Left, three rows; right, the relative error against the split rank.

Left: ‖∇f‖ along runs of top-1 rows, sampled rows and the split layer. Right: the largest relative
error ‖ĝ − ∇f‖²/‖∇f‖² met by top-4 rows of 12 as the leading r₀ directions are kept exactly, for a
decaying and a flat spectrum of the layer: the split helps where the spectrum decays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convergence.algorithms.estimators.celora import CELoRA
from convergence.algorithms.estimators.wta_crs import SampledBackward
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.errors import RelativeErrors
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNorm, GradNormSq
from convergence.noise.base import Noiseless
from convergence.oracles.layer import Layer
from convergence.parts.matrix_products import CRS
from convergence.precision import precision
from convergence.problems.regression import power_law, three_rows
from convergence.runner.run import checkpoints

T, STEPS, ETA = 4096, 8, 0.005


def along(problem: Any, method: Any, metric: Any, T: int, seeds: int = 1) -> np.ndarray:
    """The mean of a metric at the checkpoints."""
    record = simulate("celora", Layer(problem, Noiseless()), method, metric, T, seeds)
    return record.values.mean(axis=0)


def loss(decay: float, r0: int) -> float:
    """1 − min_t δ_t over a few steps of top-4 rows."""
    problem = power_law(decay=decay)
    L = float(problem.constants().L)
    eta = 0.1 / L
    method = CELoRA(eta, 4, r0)
    part = along(problem, method, RelativeErrors(eta), STEPS)[-1]
    return 1 - float(part / along(problem, method, Average(GradNormSq()), STEPS)[-1])


def draw(out: Path) -> None:
    """Write celora.{svg,pdf,png,csv} to `out`."""
    rows, marks = three_rows(), checkpoints(T)
    ranks = list(range(7))
    with precision("float64"):
        paths = {
            "top-1 rows": along(rows, CELoRA(ETA, 1), GradNorm(), T),
            "one sampled row": along(rows, SampledBackward(ETA, CRS(1)), GradNorm(), T, 64),
            "top-1 rows, split r₀ = 1": along(rows, CELoRA(ETA, 1, 1), GradNorm(), T),
        }
        errors = {
            name: [loss(decay, r0) for r0 in ranks]
            for name, decay in (("decaying spectrum", 1.5), ("flat spectrum", 0.0))
        }
    with style.styled():
        figure, (left, right) = style.panels(1, 2, size=(7.6, 3.4))
        for (name, values), marker in zip(paths.items(), "osD", strict=True):
            left.loglog(marks, np.maximum(values, 1e-12), marker=marker, label=name)
        left.axhline(1.0, ls="--", lw=1, color=style.GRAY, label="‖∇f‖ at the Chebyshev center")
        left.set(xlabel="t", ylabel="‖∇f(θ_t)‖", ylim=(1e-6, 3), title="three rows, k = 1")
        left.legend()
        for (name, values), marker in zip(errors.items(), "os", strict=True):
            right.plot(ranks, values, marker=marker, label=name)
        right.set(xlabel="r₀", ylabel="largest relative error", title="4 of 12 rows kept")
        right.legend()
        table = {"t": marks.tolist(), **{k: v.tolist() for k, v in paths.items()}}
        style.save(figure, out, "celora", table)
