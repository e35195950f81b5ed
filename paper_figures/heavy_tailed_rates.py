"""(1/T) Σ E‖∇f‖ against T for p = 1.2, 1.5, 1.8, 2: seven methods, their bounds, and how far apart.

Normalized methods run on a ramp that their steps just walk beside a valley with critical spikes,
NIGT on a smooth ramp, SGD (clipped or not, the root of the mean square) on a ramp with spikes
across it. Dotted: the slope of the ramp, below which no run can come.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from _heavy_tailed import build, curve

from convergence.figures import style
from convergence.precision import precision
from convergence.registry.heavy_tailed.instances import POWERS, walked
from convergence.registry.heavy_tailed.tight import slid, soft_ramp
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport
from convergence.theorems.heavy_tailed.fatkhullin2025 import SGDHoelder
from convergence.theorems.heavy_tailed.liu2023 import StormA, StormB
from convergence.theorems.heavy_tailed.sun2025 import NSGDClipped, NSGDMomentum
from convergence.theorems.heavy_tailed.zhang2020 import ClippedSGDNonconvex

HORIZONS = (64, 512, 4096)
SQUARED = (SGDHoelder, ClippedSGDNonconvex)
METHODS: dict[str, Any] = {
    "NSGD-M": NSGDMomentum(),
    "NSGDC": NSGDClipped(),
    "NSGD-VR, A": StormA(),
    "NSGD-VR, B": StormB(),
    "NIGT": GradientTransport(),
    "SGD": SGDHoelder(),
    "clipped SGD": ClippedSGDNonconvex(),
}


def measured(name: str, theorem: Any, p: float) -> dict[str, list[float]]:
    """Mean, two standard errors, bound and ramp at every horizon, all as norms of gradients."""
    problem, noise = instance(theorem, p)
    claim = build(f"figure-rates-{name}-{p}", theorem, problem, noise)
    found = curve(claim, HORIZONS)
    if isinstance(theorem, SQUARED):
        found["mean"] = [m**0.5 for m in found["mean"]]
        found["error"] = [e / (2 * m) for e, m in zip(found["error"], found["mean"], strict=True)]
        found["bound"] = [b**0.5 for b in found["bound"]]
    found["ramp"] = [float(claim.instance(T)[2].grad0) for T in HORIZONS]
    return found


def instance(theorem: Any, p: float) -> tuple[Any, Any]:
    """The hard instance of a method."""
    if isinstance(theorem, SQUARED):
        return slid(theorem, p)
    if isinstance(theorem, GradientTransport):
        return soft_ramp(theorem, p)
    return walked(theorem, p, 0.3, (1.0, 1.0))


def draw(out: Path) -> None:
    """Write heavy_tailed_rates.{svg,pdf,png,csv} to `out`."""
    table: dict[str, list[float]] = {"T": list(HORIZONS)}
    with style.styled():
        figure, axes = style.panels(
            2, 4, (11.0, 5.6), sharex=True, sharey="row", gridspec_kw={"height_ratios": [3, 1]}
        )
        for p, top, low in zip(POWERS, *axes, strict=True):
            for (name, theorem), color, marker in zip(METHODS.items(), style.PALETTE, "osD^vPX"):
                with precision("float64"):
                    found = measured(name, theorem, p)
                # NSGDC lies on NSGD-M: clipping hardly changes a mean.
                inside = "none" if name == "NSGDC" else color
                looks = {"fmt": marker, "color": color, "label": name, "mfc": inside}
                top.errorbar(HORIZONS, found["mean"], found["error"], **looks)
                top.plot(HORIZONS, found["bound"], "--", color=color, linewidth=1.2)
                top.plot(HORIZONS, found["ramp"], ":", color=color, linewidth=1.2)
                ratio = [b / m for b, m in zip(found["bound"], found["mean"], strict=True)]
                low.plot(HORIZONS, ratio, marker + "-", color=color)
                table |= {f"{name}, p={p}: {key}": column for key, column in found.items()}
            top.set(xscale="log", yscale="log", title=f"p = {p:g}")
            low.set(xlabel="T", ylim=(0, None))
            style.plain_ticks(low.xaxis, HORIZONS)
        style.plain_log(axes[0][0].yaxis, *axes[0][0].get_ylim())
        axes[0][0].set(ylabel="(1/T) Σ E‖∇f(wᵗ)‖")
        axes[1][0].set(ylabel="bound / measured")
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
        words = "markers: measured (SGD: root of the mean square); dashed: bounds; dotted: the ramp"
        figure.supxlabel(words, fontsize=9)
        style.save(figure, out, "heavy_tailed_rates", table)
