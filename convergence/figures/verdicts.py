"""The registry at a glance: for each family how far its bounds are from what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Patch

from convergence.figures.style import GRAY, VERDICTS, VERMILION, panels, plain_ticks, save, styled

SMALLEST, LARGEST = 0.5, 1e4  # slack beyond them is drawn in the last bin
BINS = np.geomspace(SMALLEST, LARGEST, 44)
KEPT = ("family", "slug", "verdict", "expect", "slack", "power", "vacuous")


def draw(reports: Sequence[Mapping[str, Any]], out: Path, name: str = "verdicts") -> list[Path]:
    """Draw entries of the array `claims` (docs/json.md): a row of stacked counts a family."""
    if not reports:
        return []
    ordered = sorted(reports, key=lambda r: (r["family"], r["slug"]))
    families = list(dict.fromkeys(r["family"] for r in ordered))
    with styled():
        figure, grid = panels(
            len(families), 1, (7.2, 1.5 + 0.72 * len(families)), sharex=True, squeeze=False
        )
        for axes, family in zip(grid[:, 0], families, strict=True):
            strip(axes, family, [r for r in ordered if r["family"] == family])
        last = grid[-1, 0]
        last.set_xscale("log")
        last.set_xlim(SMALLEST, LARGEST)
        plain_ticks(last.xaxis, [0.5, 1, 2, 10, 100, 1000])
        last.set_xlabel(
            "slack = bound / measured (at 1 a bound is attained; beyond 10 hardly tested)"
        )
        legend(grid[0, 0], ordered)
        columns = {key: [report[key] for report in ordered] for key in KEPT}
        return save(figure, out, name, columns)


def strip(axes: Any, family: str, reports: Sequence[Mapping[str, Any]]) -> None:
    """One family: stacked counts by slack, and in words what has none."""
    below = np.zeros(len(BINS) - 1)
    for verdict, (color, _, _) in VERDICTS.items():
        found = [clipped(r["slack"]) for r in reports if r["verdict"] == verdict]
        counts, _ = np.histogram([v for v in found if v is not None], BINS)
        axes.bar(BINS[:-1], counts, np.diff(BINS), below, align="edge", color=color, linewidth=0)
        below += counts
    axes.axvline(1.0, color=GRAY, linewidth=1.0)
    axes.set_ylim(0, max(1.0, 1.15 * below.max()))
    axes.set_yticks([0, int(below.max())] if below.any() else [])
    axes.set_ylabel(f"{family}\n{len(reports)}", rotation=0, ha="right", va="center", fontsize=9)
    none = sum(clipped(r["slack"]) is None for r in reports)
    odd = [r["slug"] for r in reports if r["verdict"] != r["expect"]]
    words = [f"{none} without slack"] * bool(none)
    axes.text(0.995, 0.9, ", ".join(words), transform=axes.transAxes, ha="right", va="top",
              fontsize=8, color=GRAY)  # fmt: skip
    if odd:
        told = f"not as expected: {', '.join(odd[:3])}{', …' if len(odd) > 3 else ''}"
        axes.text(0.995, 0.55, told, transform=axes.transAxes, ha="right", va="top", fontsize=8,
                  color=VERMILION)  # fmt: skip


def clipped(value: Any) -> float | None:
    """A positive number within the axis, or None."""
    if value is None:
        return None
    number = float(value)
    if math.isnan(number) or number <= 0:
        return None
    return min(max(number, SMALLEST), LARGEST * 0.999)


def legend(axes: Any, reports: Sequence[Mapping[str, Any]]) -> None:
    """The verdicts that occur with their counts, above the axes."""
    odd = sum(report["verdict"] != report["expect"] for report in reports)
    handles = []
    for verdict, (color, _, glyph) in VERDICTS.items():
        count = sum(report["verdict"] == verdict for report in reports)
        if count:
            handles.append(Patch(color=color, label=f"{glyph} {verdict} ({count})"))
    title = f"{len(reports)} claims, {len(reports) - odd} as expected"
    axes.figure.legend(
        handles=handles, loc="outside upper center", ncols=4, title=title, columnspacing=1.2
    )
