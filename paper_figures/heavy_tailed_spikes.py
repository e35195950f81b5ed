"""SGD on a quadratic under spikes of chance 1/T: the slope of (1/T) Σ E‖∇f‖² against p, exactly.

With γ = ½/√T, the recipe for finite variance, it tends to 2/p − 3/2 and crosses 0 at p = 4/3:
below, the average grows with T. With γ = ½T^{−1/p} it is −(p−1)/p. Nothing is simulated but the
dots.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from _heavy_tailed import slope, slope_error

from convergence.algorithms.classical.sgd import SGD
from convergence.figures import style
from convergence.figures.runs import simulate
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.two_point import three_point
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.nonconvex import bowl
from convergence.theorems.heavy_tailed.laws import quadratic_average

E1 = np.array([1.0, 0.0])
FINE = np.linspace(1.05, 2, 39)
POWERS = (1.2, 1.5, 1.8)
HORIZONS = (100, 1000, 10_000)
LONG = (10**8, 10**10)


def exact(p: float, exponent: float, horizons: tuple[int, ...]) -> float:
    """The slope of the closed form, γ = ½T^{−exponent}."""
    averages = [quadratic_average(0.5 * T**-exponent, 1.0, T ** (2 / p - 1), T) for T in horizons]
    return slope(horizons, averages)


def simulated(p: float, exponent: float) -> tuple[float, float]:
    """The slope of means over 512 runs, and two standard errors of it."""
    problem, means, errors = bowl(E1), [], []
    for T in HORIZONS:
        oracle = Oracle(problem, three_point(p, 1.0, 1 / T, E1))
        method = SGD(0.5 * T**-exponent)
        name = f"spikes-{p}-{exponent:.3g}"
        record = simulate(name, oracle, method, Average(GradNormSq()), T, 512)
        runs = record.final()
        means.append(float(runs.mean()))
        errors.append(2 * float(runs.std(ddof=1)) / len(runs) ** 0.5)
    return slope(HORIZONS, means), slope_error(HORIZONS, means, errors)


def draw(out: Path) -> None:
    """Write heavy_tailed_spikes.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"p": [float(p) for p in FINE]}
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        steps = (
            ("γ = ½/√T", "2/p − 3/2", lambda p: 0.5),
            (r"$\gamma = T^{-1/p}/2$", "−(p−1)/p", lambda p: 1 / p),
        )
        for (label, limit, exponent), color, marker in zip(
            steps, style.PALETTE, "os", strict=False
        ):
            name = f"{label}, limit {limit}"
            table[f"{name}, T to 1e4"] = [exact(p, exponent(p), HORIZONS) for p in FINE]
            table[f"{name}, T to 1e10"] = [exact(p, exponent(p), LONG) for p in FINE]
            axis.plot(FINE, table[f"{name}, T to 1e4"], "-", color=color, label=name)
            axis.plot(FINE, table[f"{name}, T to 1e10"], ":", color=color)
            with precision("float64"):
                dots, errors = zip(*(simulated(p, exponent(p)) for p in POWERS))
            axis.errorbar(POWERS, dots, errors, fmt=marker, color=color, mfc="none", capsize=3)
        axis.axhline(0, color=style.GRAY, linewidth=1)
        axis.axvline(4 / 3, color=style.GRAY, linewidth=1)
        axis.set(xlabel="p", ylabel="slope in log T")
        axis.annotate("p = 4/3", (4 / 3, 0), (4, 4), color=style.GRAY, textcoords="offset points")
        axis.set_title("markers: simulated; lines: exact, T ≤ 10⁴; dotted: exact, 10⁸ to 10¹⁰")
        axis.legend()
        style.save(figure, out, "heavy_tailed_spikes", table)
