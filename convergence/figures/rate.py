"""Any report as a figure: measured mean with its band and bound against T, the ratio below, the
verdict above. Log-log wherever the numbers allow it, for there rates are straight lines."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convergence.figures.columns import (
    Columns,
    Report,
    band,
    numbers,
    ratios,
    said,
    slopes,
    stated,
)
from convergence.figures.style import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    SKY,
    VERDICTS,
    VERMILION,
    math_text,
    panels,
    plain_log,
    plain_ticks,
    save,
    sheet,
    styled,
)
from convergence.files import name_for


def draw(
    report: Report, out: Path, name: str | None = None, tight: Report | None = None
) -> list[Path]:
    """Draw an entry of the array `claims` (docs/json.md); nothing where no horizon was run.

    tight: the report of an instance that attains the same statement, for the lower panel.
    """
    rows = report["horizons"]
    if not rows:
        return []
    columns = numbers(rows)
    # Type 3 fonts: cutting a TrueType font to size would take most of the time of a figure.
    with styled(**{"pdf.fonttype": 3}):
        figure, top, low = sheet()
        trace(top, report, columns)
        ratio(low, report, columns, tight)
        others = numbers(tight["horizons"])["T"] if tight else []
        T = sorted({*columns["T"], *others})
        if T[0] < T[-1]:
            low.set_xscale("log")
        plain_ticks(low.xaxis, T)
        low.set_xlabel(f"T        {band(report)}", fontsize=8.5)
        stamp(figure, report)
        return save(figure, out, name or name_for(report["slug"]), columns)


def draw_for_paper(report: Report, out: Path) -> list[Path]:
    """What was measured and what is stated, without slug, verdict or ratio; nothing where no
    horizon was run. What the band means belongs in the caption, and stands in the last column."""
    if not report["horizons"]:
        return []
    columns = numbers(report["horizons"])
    with styled():
        figure, axes = panels(size=(4.2, 3.0))
        trace(axes, report, columns)
        T = sorted(set(columns["T"]))
        if T[0] < T[-1]:
            axes.set_xscale("log")
        plain_ticks(axes.xaxis, T)
        axes.set_xlabel("T")
        table = {**columns, "band": [band(report)] * len(columns["T"])}
        return save(figure, out, name_for(report["slug"]), table)


def trace(axes: Any, report: Report, columns: Columns) -> None:
    """The upper panel: what was measured and what was stated."""
    measured, claimed = said(report)
    T, estimate = columns["T"], finite(columns["estimate"])
    bound, lower = stated(report["kind"], columns), finite(columns["bound_low"])
    style: Any = {"color": VERMILION, "marker": "_", "markersize": 9}
    axes.plot(T, finite(bound), "--", label=claimed, **style)
    if any(math.isfinite(b) for b in lower):
        axes.plot(T, lower, "--", **style)
    low, high = finite(columns["low"]), finite(columns["high"])
    axes.fill_between(T, low, high, color=BLUE, alpha=0.2, linewidth=0)
    below = [reach(e, x) for e, x in zip(estimate, low, strict=True)]
    above = [reach(x, e) for e, x in zip(estimate, high, strict=True)]
    axes.errorbar(T, estimate, (below, above), fmt="o-", color=BLUE, capsize=3, label=measured)
    shown = [v for v in (*estimate, *bound) if math.isfinite(v)]
    if shown and min(shown) > 0 and max(shown) > 1.5 * min(shown):
        axes.set_yscale("log")
        plain_log(axes.yaxis, min(shown), max(shown))
    elif shown and max(shown) - min(shown) < 1e-3 * max(map(abs, shown)):  # round-off is no shape
        middle, around = shown[0], 0.1 * abs(shown[0])
        axes.set_ylim(middle - around, middle + around)
    axes.set_ylabel(math_text(report.get("metric") or "metric"))
    axes.legend(loc="best")


def reach(far: float, near: float) -> float:
    """The length of a whisker; none where a limit is infinite."""
    return max(far - near, 0.0) if math.isfinite(far - near) else 0.0


def ratio(axes: Any, report: Report, columns: Columns, tight: Report | None) -> None:
    """The lower panel: bound / measured, here and where the statement is attained; slopes."""
    shown = ratios(report["kind"], columns)
    axes.axhline(1.0, color=GRAY, linewidth=1.0)
    axes.plot(columns["T"], shown, "o-", color=BLACK)
    if tight is not None and tight["slug"] != report["slug"]:
        other = numbers(tight["horizons"])
        axes.plot(other["T"], other["slack"], "s:", color=GREEN, markersize=4)
        shown = [*shown, *other["slack"]]
        words = f"tight instance (green): {tight['slug']}"
        remark(axes, words, color=GREEN)
    if report["kind"] == "separation":
        words = "no ratio: the difference is compared with 0"
        remark(axes, words)
    known = [s for s in shown if math.isfinite(s) and s > 0]
    if known and max(known) > 20 * min(known):
        axes.set_yscale("log")
        plain_log(axes.yaxis, min(known), max(known))
    elif known and max(known) - min(known) < 0.02:
        axes.set_ylim(min(*known, 1.0) - 0.1, max(*known, 1.0) + 0.1)
    found = slopes(columns)
    if found is not None:
        measured, claimed = (f"{slope:+.2f}".replace("-", "−") for slope in found)
        words = f"log-log slopes: measured {measured}, stated {claimed}"
        remark(axes, words, x=0.99, ha="right")
    axes.set_ylabel("bound /\nmeasured", fontsize=8.5)


def remark(axes: Any, words: str, x: float = 0.01, **style: Any) -> None:
    """Small words at the top of a panel, legible over lines."""
    paper = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
    axes.text(x, 0.95, words, transform=axes.transAxes, fontsize=8, va="top", bbox=paper, **style)


def stamp(figure: Any, report: Report) -> None:
    """Slug and verdict on one line, the statement under it."""
    color, _, glyph = VERDICTS[report["verdict"]]
    told = (
        "as expected" if report["verdict"] == report["expect"] else f"expected {report['expect']}"
    )
    head = f"{report['slug']}   {glyph} {report['verdict']}, {told}"
    figure.text(0.01, 0.985, head, va="top", fontsize=11, color=BLUE if color == SKY else color)
    statement = "\n".join(textwrap.wrap(report["statement"], 92)[:3])
    figure.text(0.01, 0.94, statement, va="top", fontsize=8.5, color=GRAY)


def finite(values: Sequence[float]) -> list[float]:
    """The values, with gaps where there is no number to draw."""
    return [v if math.isfinite(v) else math.nan for v in values]
