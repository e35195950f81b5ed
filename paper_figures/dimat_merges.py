"""DIMAT's merges: what they do to copies of one network, and which distance falls.

Left: the mean squared deviation of five agents' functions from the common one after one merge on a
ring; matched by activations it is 0 (drawn at 1e-32, rounding). Middle: the largest quotient
distance min_P ‖x_i − P x_j‖² and the energy V_W over merges of three agents on a path, over their
values at the start: the energy falls, the largest distance need not. Right: the mean of
‖∇J(ȳ_t)‖² with local steps, ȳ that of the aligned copies, and its bound.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.decentralized.dimat import DIMAT
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.folds import Average
from convergence.metrics.units import (
    AlignedGradSq,
    LargestQuotient,
    NetDeviations,
    QuotientEnergy,
)
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.oracles.probed import Probed
from convergence.registry.decentralized.dimat import HIDDEN, NET, PATH
from convergence.theorems.decentralized.saadati2024 import AlignedNonconvex

NAMES = {"activations": "matched", "none": "averaged", "shift": "shifted"}
STEPS = 128


def draw(out: Path) -> None:
    """Write dimat_merges.{svg,pdf,png,csv} to `out`."""
    table: dict[str, object] = {}
    agents = np.arange(1, 6)
    with style.styled():
        figure, (left, middle, right) = style.panels(1, 3, size=(11.4, 3.6))
        for k, ((match, name), color) in enumerate(zip(NAMES.items(), style.PALETTE)):
            method = DIMAT(NET.W, 0.0, match)
            run = simulate(f"dimat-{match}", Probed(NET, Noiseless()), method, NetDeviations(), 1)
            errors = np.maximum(run.values[0, -1], 1e-32)
            table[name] = errors
            left.bar(agents + 0.25 * (k - 1), errors, 0.25, color=color, label=name, log=True)
        left.set(xlabel="agent", ylabel="deviation after one merge", ylim=(1e-33, 1e4))
        left.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8)
        marks = np.arange(1, 31, dtype=np.int32)
        for metric, label, color in (
            (LargestQuotient(), "largest distance", style.PALETTE[1]),
            (QuotientEnergy(), "V_W", style.PALETTE[0]),
        ):
            run = simulate(
                f"dimat-path-{label}", Oracle(PATH, Noiseless()), DIMAT(PATH.W, 0.0), metric, 30,
                marks=marks,
            )  # fmt: skip
            middle.semilogy(np.r_[0, marks], np.r_[1, run.values[0]], color=color, label=label)
        middle.axhline(1.0, color="0.5", lw=1, ls=":")
        middle.set(xlabel="merges", ylabel="over the value at the start")
        middle.legend()
        theorem, c = AlignedNonconvex(), HIDDEN.constants()
        marks = np.unique(np.geomspace(1, STEPS, 24).astype(np.int32))
        method = theorem.prescribe(c, STEPS)
        run = simulate(
            "dimat-steps", Oracle(HIDDEN, Noiseless()), method, Average(AlignedGradSq()), STEPS,
            marks=marks,
        )  # fmt: skip
        right.loglog(marks, run.values[0], color=style.PALETTE[0], label="measured")
        bounds = [theorem.bound(c, int(T)) for T in marks]
        right.loglog(marks, bounds, "--", color=style.PALETTE[0], lw=1, label="bound")
        right.set(xlabel="T", ylabel="(1/T) Σ ‖∇J(ȳ_t)‖²")
        right.legend()
        style.save(figure, out, "dimat_merges", table)
