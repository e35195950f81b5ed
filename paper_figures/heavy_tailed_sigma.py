"""From little to much noise at T = 1024: flat below √(2LΔ/T), then σ^{p/(3p−2)} from σ²T = LΔ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from _heavy_tailed import build, curve

from convergence.figures import style
from convergence.precision import precision
from convergence.registry.heavy_tailed.instances import walked
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum

T, POWERS = 1024, (1.2, 1.5, 2.0)
SIGMAS = np.geomspace(1e-3, 10, 13)


def draw(out: Path) -> None:
    """Write heavy_tailed_sigma.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"sigma": [float(s) for s in SIGMAS]}
    with style.styled():
        figure, axis = style.panels(size=(5.6, 3.8))
        for p, color, marker in zip(POWERS, style.PALETTE, "osD", strict=False):
            rows = []
            with precision("float64"):
                for sigma in SIGMAS:
                    theorem = NSGDMomentum()
                    problem, noise = walked(theorem, p, float(sigma), (1.0, 1.0))
                    claim = build(f"figure-sigma-{p}-{sigma:.3g}", theorem, problem, noise)
                    rows.append({k: v[0] for k, v in curve(claim, (T,)).items()})
            axis.loglog(SIGMAS, [r["mean"] for r in rows], marker, color=color, label=f"p = {p}")
            axis.loglog(SIGMAS, [r["bound"] for r in rows], "--", color=color)
            # x = σα^{(p−1)/p} = σ^{p/(3p−2)}T^{−(p−1)/(3p−2)}; the ramp has the slope √2x.
            loud = SIGMAS[SIGMAS >= T**-0.5]
            power = (2**0.5) * loud ** (p / (3 * p - 2)) * T ** (-(p - 1) / (3 * p - 2))
            axis.loglog(loud, power, ":", color=color, linewidth=1.2)
            table |= {f"p={p}: {k}": [r[k] for r in rows] for k in rows[0]}
        axis.axhline((2 / T) ** 0.5, color=style.GRAY, linestyle=":", linewidth=1.2)
        axis.annotate("√(2LΔ/T)", (SIGMAS[0], (2 / T) ** 0.5), (0, -11), color=style.GRAY,
                      textcoords="offset points")  # fmt: skip
        axis.axvline(T**-0.5, color=style.GRAY, linewidth=1)
        axis.annotate("σ²T = LΔ", (T**-0.5, 1), (4, -4), color=style.GRAY, va="top",
                      xycoords=("data", "axes fraction"), textcoords="offset points")  # fmt: skip
        style.plain_log(axis.xaxis, *axis.get_xlim())
        style.plain_log(axis.yaxis, *axis.get_ylim())
        axis.set(xlabel="σ", ylabel="(1/T) Σ E‖∇f(wᵗ)‖")
        axis.set_title(rf"NSGD-M, T = {T}; dashed: bound; dotted: $\sigma^{{p/(3p-2)}}$")
        axis.legend()
        style.save(figure, out, "heavy_tailed_sigma", table)
