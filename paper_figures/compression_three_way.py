"""Three ways to compress: error feedback floors, EF21 sticks, EControl follows SGD.

Eight workers with ½‖x‖² − ⟨β_i, x⟩ in the plane, strongly heterogeneous, two-atom noise, Top-1
messages, step γ = 8/T. The lines are theory: the noise floor of SGD and EF21's bias, which no step
removes. Error feedback falls like γ² (heterogeneity) until it meets the noise floor.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.pointwise import GradNormSq
from convergence.oracles.finite_workers import Workers
from convergence.precision import precision
from convergence.problems.workers import different_workers
from convergence.theorems.compression.fatkhullin2023 import TwoAtomFloor
from convergence.theorems.compression.gao2024econtrol_rivals import TWO_ATOMS, method

HORIZONS = (250, 500, 1000, 2000, 4000, 8000)
SEEDS = 32
NAMES = {"sgd": "SGD", "ec": "error feedback", "ef21": "EF21", "econtrol": "EControl"}


def measure(name: str, T: int) -> float:
    """The mean of ‖∇f(x_T)‖²."""
    record = simulate(
        "compression-three-way",
        Workers(different_workers(), TWO_ATOMS),
        method(name, 8 / T, 0.07),
        GradNormSq(),
        T,
        SEEDS,
    )
    return float(record.final().mean())


def draw(out: Path) -> None:
    """Write compression_three_way.{svg,pdf,png,csv} to `out`."""
    c = different_workers().constants() | TWO_ATOMS.constants((2,))
    gammas = 8 / np.array(HORIZONS)
    with precision("float64"):
        found = {name: [measure(name, T) for T in HORIZONS] for name in NAMES}
        bias = TwoAtomFloor().bound(c, 1)
    floor = gammas * c.sigma**2 / (c.agents * (2 - gammas))
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        for (name, label), color, marker in zip(NAMES.items(), style.PALETTE, "osDX", strict=False):
            fill = "none" if name == "sgd" else color
            size = 9 if name == "sgd" else 5
            axis.loglog(HORIZONS, found[name], marker, color=color, mfc=fill, ms=size, label=label)
        axis.loglog(HORIZONS, floor, "-", color=style.BLUE, lw=1, label="γσ²/(n(2 − γ))")
        axis.axhline(bias, ls="--", color=style.GREEN, lw=1, label="EF21's bias, any γ and n")
        axis.set(xlabel="T  (γ = 8/T)", ylabel="E‖∇f(x_T)‖²")
        axis.set_title(f"Heterogeneous workers, two-atom noise, Top-1 ({SEEDS} seeds)")
        style.plain_ticks(axis.xaxis, HORIZONS)
        axis.set_ylim(top=60)  # room for the legend above EF21's line
        axis.legend(ncols=2)
        table = {"T": list(HORIZONS), **found, "noise_floor": list(floor)}
        style.save(figure, out, "compression_three_way", table)
