"""Y_T against T at p = 1.5: five methods and their bounds on ramp and floor, the ratio below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from _heavy_tailed import build, curve

from convergence.claims.heavy_tailed_instances import walked
from convergence.claims.heavy_tailed_tight import soft_ramp
from convergence.claims.settings import precision
from convergence.figures import style
from convergence.theorems.cutkosky2020 import GradientTransport
from convergence.theorems.liu2023 import StormA, StormB
from convergence.theorems.sun2025 import NSGDClipped, NSGDMomentum

HORIZONS = (64, 256, 1024, 4096)
METHODS: dict[str, Any] = {
    "NSGD-M": NSGDMomentum(),
    "NSGDC": NSGDClipped(),
    "NSGD-VR, A": StormA(),
    "NSGD-VR, B": StormB(),
    "NIGT": GradientTransport(),
}


def draw(out: Path) -> None:
    """Write heavy_tailed_rates.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"T": list(HORIZONS)}
    with style.styled():
        figure, (top, low) = style.panels(
            2, 1, (6.0, 6.0), sharex=True, gridspec_kw={"height_ratios": [3, 1]}
        )
        for (name, theorem), color, marker in zip(METHODS.items(), style.PALETTE, "osD^v"):
            hard = soft_ramp if isinstance(theorem, GradientTransport) else floor
            problem, noise = hard(theorem, 1.5)
            with precision("float64"):
                found = curve(build(f"figure-rates-{name}", theorem, problem, noise), HORIZONS)
            looks = {"fmt": marker, "color": color, "label": name}
            top.errorbar(HORIZONS, found["mean"], found["error"], **looks)
            top.plot(HORIZONS, found["bound"], "--", color=color)
            ratio = [b / m for b, m in zip(found["bound"], found["mean"], strict=True)]
            low.plot(HORIZONS, ratio, marker + "-", color=color)
            table |= {f"{name}: {key}": column for key, column in found.items()}
        top.set(xscale="log", yscale="log", ylabel="(1/T) Σ E‖∇f(w^t)‖")
        top.set_title("p = 1.5: measured and, dashed, the explicit bounds")
        top.legend()
        low.set(xlabel="T", ylabel="bound / measured", ylim=(0, None))
        style.save(figure, out, "heavy_tailed_rates", table)


def floor(theorem: Any, p: float) -> tuple[Any, Any]:
    """Ramp and noise floor together."""
    return walked(theorem, p, 0.3, (1.0, 1.0))
