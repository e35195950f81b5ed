"""The registry at a glance: each claim's verdict, slack and power in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from convergence.figures.style import GRAY, VERDICTS, VERMILION, panels, save, styled

LARGEST = 1e4  # slack and power beyond it are drawn at the edge


def draw(reports: Sequence[Mapping[str, Any]], out: Path, name: str = "verdicts") -> list[Path]:
    """Draw entries of the array `claims` (docs/json.md), family by family."""
    if not reports:
        return []
    ordered = sorted(reports, key=lambda r: (r["family"], r["slug"]))
    with styled():
        figure, axes = panels(1, 1, (7.6, 1.7 + 0.21 * len(ordered)))
        for place, report in enumerate(ordered):
            color, marker, _ = VERDICTS[report["verdict"]]
            slack, power = clipped(report["slack"]), clipped(report["power"])
            if slack is not None and power is not None:
                axes.plot([slack, power], [place, place], color=color, alpha=0.4, linewidth=1.2)
            if power is not None:
                axes.plot(power, place, "|", color=color, markersize=9, markeredgewidth=1.8)
            axes.plot(1.0 if slack is None else slack, place, marker, color=color, markersize=5.5)
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.5), max(high, 20.0))  # a decade, so that the ticks are powers
        axes.axvline(1.0, color=GRAY, linewidth=1.0)
        axes.set_ylim(len(ordered) - 0.4, -0.6)
        axes.set_yticks(range(len(ordered)), [report["slug"] for report in ordered], fontsize=8)
        for label, report in zip(axes.get_yticklabels(), ordered, strict=True):
            if report["verdict"] != report["expect"]:
                label.set_color(VERMILION)
                label.set_fontweight("bold")
        axes.set_xlabel("slack = bound / measured (marker), power (bar)")
        legend(axes, ordered)
        columns = {
            key: [report[key] for report in ordered]
            for key in ("family", "slug", "verdict", "expect", "slack", "power", "vacuous")
        }
        return save(figure, out, name, columns)


def clipped(value: Any) -> float | None:
    """A positive number to draw on a logarithmic axis, or None."""
    if value is None:
        return None
    number = float(value)
    if math.isnan(number) or number <= 0:
        return None
    return min(max(number, 1 / LARGEST), LARGEST)


def legend(axes: Any, reports: Sequence[Mapping[str, Any]]) -> None:
    """The verdicts that occur with their counts, above the axes."""
    odd = sum(report["verdict"] != report["expect"] for report in reports)
    for verdict, (color, marker, glyph) in VERDICTS.items():
        count = sum(report["verdict"] == verdict for report in reports)
        if count:
            axes.plot([], [], marker, color=color, label=f"{glyph} {verdict} ({count})")
    title = f"{len(reports)} claims, {len(reports) - odd} as expected"
    axes.figure.legend(
        loc="outside upper center", ncols=2, title=title, columnspacing=1.2, handletextpad=0.2
    )
