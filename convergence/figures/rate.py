"""Any report as a figure: measured mean and bound against T, the slack below, the verdict above."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from convergence.figures.style import (
    BLACK,
    BLUE,
    GRAY,
    VERDICTS,
    VERMILION,
    panels,
    plain_ticks,
    save,
    styled,
)

SAID = {
    "pathwise": ("extreme runs", "bound on every run"),
    "expectation": ("mean over runs", "bound"),
    "exact": ("mean over runs", "law"),
    "rate": ("mean over runs", "shape of the bound, through the first point"),
    "floor": ("mean over runs", "lower bound"),
    "separation": ("difference of the two methods", "no difference"),
}


def draw(report: Mapping[str, Any], out: Path, name: str | None = None) -> list[Path]:
    """Draw an entry of the array `claims` (docs/json.md); nothing where no horizon was run."""
    rows = report["horizons"]
    if not rows:
        return []
    columns = numbers(rows)
    with styled():
        figure, (top, low) = panels(
            2, 1, (6.4, 5.2), sharex=True, gridspec_kw={"height_ratios": [3, 1]}
        )
        trace(top, report["kind"], columns)
        ratio(low, report["kind"], columns)
        if min(columns["T"]) < max(columns["T"]):
            low.set_xscale("log")
        plain_ticks(low.xaxis, columns["T"])
        low.set_xlabel("T")
        stamp(figure, top, report)
        return save(figure, out, name or report["slug"], columns)


def numbers(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """The rows as columns of floats; an upper bound alone has the lower one −∞."""
    columns: dict[str, list[float]] = {
        name: [] for name in ("T", "seeds", "estimate", "low", "high", "bound_low", "bound")
    }
    for row in rows:
        bound = row["bound"] if isinstance(row["bound"], list) else [-math.inf, row["bound"]]
        values = (row["T"], row["seeds"], row["estimate"], *row["interval"], *bound)
        for name, value in zip(columns, values, strict=True):
            columns[name].append(math.nan if value is None else float(value))
    columns["slack"] = [
        b / e if e and math.isfinite(b) else math.nan
        for b, e in zip(columns["bound"], columns["estimate"], strict=True)
    ]
    return columns


def trace(axes: Any, kind: str, columns: Mapping[str, list[float]]) -> None:
    """The upper panel: what was measured and what was stated."""
    measured, stated = SAID.get(kind, ("measured", "bound"))
    T, estimate = columns["T"], columns["estimate"]
    below = [reach(e, x) for e, x in zip(estimate, columns["low"], strict=True)]
    above = [reach(x, e) for e, x in zip(estimate, columns["high"], strict=True)]
    bound = columns["bound"]
    if kind == "rate":
        scale = estimate[0] / bound[0] if bound[0] else 1.0
        bound = [b * scale for b in bound]
    axes.plot(T, finite(bound), "--", color=VERMILION, marker="_", markersize=9, label=stated)
    if any(math.isfinite(b) for b in columns["bound_low"]):
        axes.plot(T, finite(columns["bound_low"]), "--", color=VERMILION, marker="_", markersize=9)
    axes.errorbar(
        T, finite(estimate), (below, above), fmt="o-", color=BLUE, capsize=3, label=measured
    )
    shown = [v for v in (*estimate, *bound) if math.isfinite(v)]
    if shown and min(shown) > 0 and (max(shown) > 1.5 * min(shown)):
        axes.set_yscale("log")
        if max(shown) < 10 * min(shown):  # less than a decade: the default has no labels
            axes.yaxis.set_major_formatter("{x:.3g}")
            axes.yaxis.set_minor_formatter("{x:.3g}")
            axes.tick_params(axis="y", which="minor", labelsize=8)
    axes.set_ylabel("metric")
    axes.legend(loc="best")


def reach(far: float, near: float) -> float:
    """The length of a whisker; none where a limit is infinite."""
    return max(far - near, 0.0) if math.isfinite(far - near) else 0.0


def ratio(axes: Any, kind: str, columns: Mapping[str, list[float]]) -> None:
    """The lower panel: slack = bound / measured; for a shape, relative to the first horizon."""
    slack = columns["slack"]
    if kind == "rate" and slack[0]:
        slack = [s / slack[0] for s in slack]
    axes.axhline(1.0, color=GRAY, linewidth=1.0)
    axes.plot(columns["T"], slack, "o-", color=BLACK)
    known = [s for s in slack if math.isfinite(s) and s > 0]
    if known and max(known) > 20 * min(known):
        axes.set_yscale("log")
    elif known and max(known) - min(known) < 0.02:
        axes.set_ylim(min(*known, 1.0) - 0.1, max(*known, 1.0) + 0.1)
    axes.set_ylabel("bound /\nmeasured")


def stamp(figure: Any, axes: Any, report: Mapping[str, Any]) -> None:
    """Slug and verdict on one line, the statement under it."""
    color, _, glyph = VERDICTS[report["verdict"]]
    told = (
        "as expected" if report["verdict"] == report["expect"] else f"expected {report['expect']}"
    )
    statement = textwrap.wrap(report["statement"], 88)[:3]
    axes.set_title("\n".join(statement), fontsize=8.5, color=GRAY)
    figure.suptitle(
        f"{report['slug']}   {glyph} {report['verdict']}, {told}",
        x=0.01,
        ha="left",
        fontsize=11,
        color=color if color != "#56B4E9" else BLUE,
    )


def finite(values: Sequence[float]) -> list[float]:
    """The values, with gaps where there is no number to draw."""
    return [v if math.isfinite(v) else math.nan for v in values]
