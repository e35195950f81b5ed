"""Six exponents against p: slopes measured on hard instances between the lines of the theorems.

Each method runs on a ramp as long as its prescribed steps walk, beside a valley in which critical
spikes act (for unnormalized SGD: log-cosh under fixed spikes). Lines are the asymptotic exponents;
open markers the slope of the exact bound over the same horizons, which lower-order terms bend.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from _heavy_tailed import build, curve, slope, slope_error

from convergence.figures import style
from convergence.precision import precision
from convergence.registry.heavy_tailed.bounds import BOUNDED
from convergence.registry.heavy_tailed.instances import noises, walked
from convergence.registry.heavy_tailed.tight import soft_ramp
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport
from convergence.theorems.heavy_tailed.fatkhullin2025 import SGDHoelder
from convergence.theorems.heavy_tailed.liu2023 import StormA, StormB
from convergence.theorems.heavy_tailed.liu2025 import NSGDUnknown
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum

POWERS = (1.2, 1.5, 1.8, 2.0)
HORIZONS = (256, 1024, 4096)
METHODS: dict[str, tuple[Any, Any]] = {
    "NSGD-M, (p−1)/(3p−2)": (NSGDMomentum(), lambda p: (p - 1) / (3 * p - 2)),
    "NSGD-M, p unknown, (p−1)/(2p)": (NSGDUnknown(), lambda p: (p - 1) / (2 * p)),
    "NSGD-VR, A, (p−1)/(2p−1)": (StormA(), lambda p: (p - 1) / (2 * p - 1)),
    "NSGD-VR, B, 2(p−1)/(5p−4)": (StormB(), lambda p: 2 * (p - 1) / (5 * p - 4)),
    "NIGT, 2(p−1)/(5p−3)": (GradientTransport(), lambda p: 2 * (p - 1) / (5 * p - 3)),
    "SGD (squared), (p−1)/p": (SGDHoelder(), lambda p: (p - 1) / p),
}


def instance(theorem: Any, p: float) -> tuple[Any, Any]:
    """The hard instance of a method."""
    if isinstance(theorem, SGDHoelder):
        return BOUNDED["logcosh"], noises(p)["skew"][0]
    if isinstance(theorem, GradientTransport):
        return soft_ramp(theorem, p)
    # Without p the steps suit σ = γ₀ = 1 alone: only loud noise outlasts the ramp's T^(−1/4).
    sigma, valley = (3.0, (8.0, 8.0)) if isinstance(theorem, NSGDUnknown) else (0.3, (1.0, 1.0))
    return walked(theorem, p, sigma, valley)


def draw(out: Path) -> None:
    """Write heavy_tailed_exponents.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"p": list(POWERS)}
    fine = np.linspace(1.01, 2, 100)
    with style.styled():
        figure, axis = style.panels(size=(6.4, 4.6))
        for k, ((name, (theorem, exponent)), color, marker) in enumerate(
            zip(METHODS.items(), style.PALETTE, "osD^vP", strict=False)
        ):
            beside = [p + 0.008 * (k - 2.5) for p in POWERS]  # six methods next to each other
            measured, errors, stated = [], [], []
            with precision("float64"):
                for p in POWERS:
                    problem, noise = instance(theorem, p)
                    slug = f"figure-exponents-{type(theorem).__name__}-{p}"
                    found = curve(build(slug, theorem, problem, noise), HORIZONS)
                    measured.append(-slope(HORIZONS, found["mean"]))
                    errors.append(slope_error(HORIZONS, found["mean"], found["error"]))
                    stated.append(-slope(HORIZONS, found["bound"]))
            axis.plot(fine, exponent(fine), "-", color=color, linewidth=1)
            looks = {"fmt": marker, "color": color, "label": name, "capsize": 3}
            axis.errorbar(beside, measured, errors, **looks)
            axis.plot(beside, stated, marker, color=color, fillstyle="none")
            table[f"{name}: measured"] = measured
            table[f"{name}: two standard errors"] = errors
            table[f"{name}: bound"] = stated
        axis.set(xlabel="p", ylabel="exponent of 1/T", ylim=(0, 0.75))
        axis.set_title("filled: measured, open: exact bound, lines: asymptotic")
        axis.legend(loc="upper left")
        style.save(figure, out, "heavy_tailed_exponents", table)
