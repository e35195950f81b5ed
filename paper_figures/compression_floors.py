"""Floors of compressed methods under Bernoulli messages, exactly, against δ.

lim E‖x‖² in units of the floor of SGD, γσ²/(2n): lines from the closed recursion of moments, dots
from E[M ⊗ M] of the methods' own code. EF21 follows (2 − δ)/δ; EControl stays near 1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.metrics.agents import TotalSquare
from convergence.moments.masks import compressed_moments
from convergence.noise.gaussian import Gaussian
from convergence.oracles.finite_workers import Workers
from convergence.precision import precision
from convergence.registry.compression.methods import ALIKE
from convergence.runner.experiment import Experiment
from convergence.theorems.compression.gao2024econtrol_laws import BernoulliLaw

T, POINTS, DOTS = 1000, 25, 5
NAMES = {"ec": "error feedback", "econtrol": "EControl, η = δ/4", "ef21": "EF21"}


def law(name: str, delta: float) -> BernoulliLaw:
    """The statement for one method and one δ."""
    return BernoulliLaw(name, delta, delta / 4)


def draw(out: Path) -> None:
    """Write compression_floors.{svg,pdf,png,csv} to `out`."""
    noise = Gaussian(1.0)
    c = ALIKE.constants() | noise.constants((1,))
    unit = c.sigma**2 / (2 * c.agents * T)
    deltas = np.geomspace(0.05, 1.0, POINTS)
    table = {"delta": list(deltas)}
    with style.styled(), precision("float64"):
        figure, axis = style.panels(size=(5.6, 3.8))
        for (name, label), color, marker in zip(NAMES.items(), style.PALETTE, "osD", strict=False):
            table[name] = [law(name, d).bound(c, T) / unit for d in deltas]
            axis.loglog(deltas, table[name], "-", color=color)
            some = deltas[:: POINTS // DOTS]
            exact = [
                compressed_moments(
                    Experiment(ALIKE, Workers(ALIKE, noise), law(name, d).prescribe(c, T))
                )
                for d in some
            ]
            values = [m.steady(TotalSquare()) / unit for m in exact]
            axis.loglog(some, values, marker, color=color, label=label)
        axis.loglog(deltas, (2 - deltas) / deltas, ":", color=style.BLACK, label="(2 − δ)/δ")
        axis.set(xlabel="δ", ylabel="lim E‖x‖² / (γσ²/2n)")
        axis.set_title(
            f"What compression adds to the noise floor (n = {c.agents}, γ = 1/{T})\n"
            "marks: E[M ⊗ M] of the code, lines: closed recursion"
        )
        axis.legend()
        style.save(figure, out, "compression_floors", table)
