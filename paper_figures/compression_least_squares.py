"""Least squares of five unequal workers (Koloskova et al.): what error feedback leaves, against γ.

f_i = ½‖A_i x − v_i‖² with A_i = (i/√5)I in R²⁰, exact gradients, Top-2 messages, T = 8000 steps.
Compression alone keeps the size of the heterogeneity ζ; error feedback leaves a floor of the order
γ²ζ², the dashed line through its smallest step; EF21 and EControl go down to round-off.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.algorithms.compression.compressed_sgd import AbstractCompressed, CompressedSGD
from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.ef21 import EF21
from convergence.algorithms.compression.error_feedback import ErrorFeedback
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import Noiseless
from convergence.oracles.finite_workers import Workers
from convergence.parts.compressors import TopK
from convergence.precision import precision
from convergence.registry.compression.methods import LEAST

T = 8000
GAMMAS = 0.0025 * 2.0 ** np.arange(5)


def method(name: str, gamma: float) -> AbstractCompressed:
    """A method with Top-2; η = a/4 as in the theorem."""
    C = TopK(2)
    a = 1 - (1 - C.contraction(20)) ** 0.5
    return {
        "C-SGD": lambda: CompressedSGD(gamma, C),
        "error feedback": lambda: ErrorFeedback(gamma, C),
        "EF21": lambda: EF21(gamma, C),
        "EControl": lambda: EControl(gamma, C, a / 4),
    }[name]()


def measure(name: str, gamma: float) -> float:
    """‖∇f(x_T)‖²."""
    oracle = Workers(LEAST, Noiseless())
    record = simulate("least-squares", oracle, method(name, gamma), GradNormSq(), T)
    return float(record.final()[0])


def draw(out: Path) -> None:
    """Write compression_least_squares.{svg,pdf,png,csv} to `out`."""
    names = ("C-SGD", "error feedback", "EF21", "EControl")
    with precision("float64"):
        found = {name: [measure(name, gamma) for gamma in GAMMAS] for name in names}
    guide = found["error feedback"][0] * (GAMMAS / GAMMAS[0]) ** 2
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        for name, color, marker in zip(names, style.PALETTE, "osDX", strict=False):
            axis.loglog(GAMMAS, found[name], marker, color=color, label=name)
        axis.loglog(GAMMAS, guide, "--", color=style.VERMILION, lw=1, label="slope 2")
        axis.set(xlabel="γ", ylabel="‖∇f(x_T)‖²")
        axis.set_title(f"Five unequal workers, Top-2 of 20, T = {T}")
        style.plain_ticks(axis.xaxis, list(GAMMAS))
        axis.legend(loc="center right")
        style.save(figure, out, "compression_least_squares", {"gamma": list(GAMMAS), **found})
