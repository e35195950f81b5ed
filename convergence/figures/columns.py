"""What a figure of a claim shows, read from its report alone: numbers, band, slope, tight instance.

No drawing library is imported here, so that whoever draws by other means starts from the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

TIGHT = 1.1  # a claim whose bound exceeds what was measured by less attains it, to the eye

SAID = {
    "pathwise": ("extreme runs", "bound on every run"),
    "expectation": ("mean over runs", "bound"),
    "exact": ("mean over runs", "law"),
    "rate": ("mean over runs", "shape of the bound, through the first point"),
    "floor": ("mean over runs", "lower bound"),
    "separation": ("difference of the two methods", "no difference"),
}

Report = Mapping[str, Any]
Columns = dict[str, list[float]]


def numbers(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """The rows as columns of floats; an upper bound alone has the lower one −∞."""
    columns: Columns = {
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


def said(report: Report) -> tuple[str, str]:
    """What was measured and what was stated, in words."""
    measured, stated = SAID.get(report["kind"], ("measured", "bound"))
    sampled = any(row["seeds"] > 1 for row in report["horizons"])
    return measured if sampled else "value", stated


def stated(kind: str, columns: Columns) -> list[float]:
    """The bound to draw; a shape, which has no constant, goes through the first point."""
    bound, first = columns["bound"], columns["estimate"][0]
    if kind != "rate" or not bound[0]:
        return bound
    return [b * first / bound[0] for b in bound]


def ratios(kind: str, columns: Columns) -> list[float]:
    """bound / measured at every horizon; for a shape, relative to the first; none for a
    separation, whose difference is compared with 0."""
    slack = columns["slack"]
    if kind == "separation":
        return [math.nan] * len(slack)
    return [s / slack[0] for s in slack] if kind == "rate" and slack[0] else slack


def band(report: Report) -> str:
    """What the band around the estimates says.

    Each limit errs with probability at most α, the share of the claim (key `alpha`), so by a
    union bound all 2K limits of K horizons hold at once except with probability 2Kα. The
    two-sided intervals of an exact law have α/K each, together α. A rate's are those of a normal
    law for the log of the mean, α a horizon, and hold as the seeds become many.
    """
    rows, alpha = report["horizons"], report["alpha"]
    if all(row["seeds"] <= 1 for row in rows):
        return "values without sampling error"
    if report["kind"] == "pathwise":
        return "band: from the lowest to the highest run"
    each = {"exact": 1, "rate": len(rows)}.get(report["kind"], 2 * len(rows))
    number = f"{each * alpha:.1g}"
    open_ended = any(not math.isfinite(float(v)) for row in rows for v in row["interval"])
    return (
        ("band: about all means at once" if len(rows) > 1 else "bar: about the mean")
        + f", except with probability {number}"
        + (" (asymptotic)" if report["kind"] == "rate" else "")
        + ("; no certified limit where it is missing" if open_ended else "")
    )


def slopes(columns: Columns) -> tuple[float, float] | None:
    """Least-squares slopes of log estimate and log bound in log T; None without three points."""
    T = np.asarray(columns["T"])
    found = []
    for name in ("estimate", "bound"):
        y = np.asarray(columns[name])
        if len(T) < 3 or not np.all(np.isfinite(y)) or np.any(y <= 0):
            return None
        found.append(float(np.polyfit(np.log(T), np.log(y), 1)[0]))
    return found[0], found[1]


def tightest(reports: Iterable[Report]) -> dict[tuple[str, str], Report]:
    """For every statement that some instance attains within `TIGHT`, the closest such report."""
    found: dict[tuple[str, str], Report] = {}
    for report in reports:
        slack = report["slack"]
        if report["verdict"] != "CONSISTENT" or report["kind"] not in ("expectation", "pathwise"):
            continue
        if not isinstance(slack, int | float) or not 0 < slack <= TIGHT or not report["horizons"]:
            continue
        key = statement(report)
        if key not in found or slack < found[key]["slack"]:
            found[key] = report
    return found


def statement(report: Report) -> tuple[str, str]:
    """What tells one theorem from another: the name of its class and its statement."""
    return report.get("theorem", ""), report["statement"]
