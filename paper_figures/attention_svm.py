"""Attention training goes to its SVM: 1 − corr(W_k, W_mm) for normalized and plain descent, and
where (K, Q) goes instead.

Left: the instance of two inputs, from W_0 = 0; 1/k² and 1/ln²k as guides. Right: two inputs with
d_1, d_2 at 60°: W takes the direction of least Frobenius norm, KQᵀ that of least nuclear norm.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from convergence.algorithms.attention.normalized_gd import NormalizedGD
from convergence.algorithms.classical.sgd import SGD
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.attention import MissedDirection
from convergence.metrics.pointwise import AbstractPointwise
from convergence.noise.base import Noiseless
from convergence.oracles.scaled import Scaled
from convergence.precision import precision
from convergence.problems.attention import Attention, KeyQuery, two_inputs


class MissedByProduct(AbstractPointwise):
    """1 − corr of KQᵀ, or of W itself, with a direction."""

    of: MissedDirection

    def at(self, problem: Any, state: Any) -> Any:
        W = state.x if state.x.ndim == 2 else state.x[0] @ state.x[1].T
        return self.of.at(problem, type(state)(W))


def missed(problem: Any, method: Any, target: Any, marks: np.ndarray) -> list[float]:
    """1 − corr at the marks of one run."""
    metric = MissedByProduct(MissedDirection(target))
    oracle = Scaled(problem, Noiseless())
    record = simulate("attention-svm", oracle, method, metric, int(marks[-1]), marks=marks)
    return [float(v) for v in record.values[0]]


def draw(out: Path) -> None:
    """Write attention_svm.{svg,pdf,png,csv} to `out`."""
    marks = np.unique(np.geomspace(4, 20000, 40).astype(int))
    p = np.pi / 3
    d = np.array([[1.0, 0.0], [np.cos(p), np.sin(p)]])
    tokens = np.stack([d, np.zeros((2, 2))], axis=1)
    start = 0.1 * np.random.default_rng(7).standard_normal((2, 2, 2))
    plane = Attention(tokens, np.eye(2), [[1, 0], [1, 0]], start[0])
    nuclear = np.outer([np.cos(p / 2), np.sin(p / 2)], [1.0, 1.0])
    with precision("float64"):
        two = two_inputs()
        M = two.constants().separator
        table = {
            "k": [int(k) for k in marks],
            "normalized": missed(two, NormalizedGD(0.1), M, marks),
            "plain": missed(two, SGD(1.0), M, marks),
            "W to Frobenius": missed(plane, NormalizedGD(0.01), d.T, marks),
            "KQ to Frobenius": missed(KeyQuery(plane, start), NormalizedGD(0.01), d.T, marks),
            "KQ to nuclear": missed(KeyQuery(plane, start), NormalizedGD(0.01), nuclear, marks),
        }
    with style.styled():
        figure, (left, right) = style.panels(1, 2, size=(8.6, 3.8))
        left.loglog(marks, table["normalized"], "o-", ms=3, label="normalized, η = 0.1")
        left.loglog(marks, table["plain"], "s-", ms=3, label="plain, η = 1")
        left.loglog(marks, 64 / marks**2.0, "--", color=style.GRAY, label="64/k²")
        left.loglog(marks, 0.44 / np.log(marks) ** 2, ":", color=style.GRAY, label="0.44/ln²k")
        left.set(
            xlabel="step k", ylabel="1 − corr(W_k, W_mm)", title="to the support vector machine"
        )
        right.loglog(marks, table["W to Frobenius"], "o-", ms=3, label="W to least ‖·‖_F")
        right.loglog(marks, table["KQ to nuclear"], "s-", ms=3, label="KQᵀ to least ‖·‖_*")
        right.loglog(marks, table["KQ to Frobenius"], "D-", ms=3, label="KQᵀ to least ‖·‖_F")
        right.axhline(1 - np.cos(p / 2), color=style.GRAY, ls="--", label="1 − cos 30°")
        right.set(xlabel="step k", ylabel="1 − correlation", title="W and (K, Q), η = 0.01")
        for axis in (left, right):
            axis.legend(fontsize=8)
        style.save(figure, out, "attention_svm", table)
