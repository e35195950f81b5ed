"""A claim as a small SVG that a page can hold hundreds of: no fonts, no colors of its own.

Colors, dashes and text sizes are classes of the page's style sheet, so a figure follows it into
dark mode. The page has the same numbers in a table; the figure's label says the gist in words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape

from convergence.figures.columns import Columns, Report, numbers, ratios, said, stated

WIDTH, LEFT, RIGHT = 420, 58, 12
TOP, UPPER, GAP, LOWER, BOTTOM = 24, 160, 26, 62, 34
Points = Sequence[tuple[float, float]]


class Axis:
    """Values to pixels between `start` and `end`, on a logarithmic scale where all are positive."""

    def __init__(self, values: Sequence[float], start: float, end: float, log: bool):
        known = [v for v in values if math.isfinite(v)] or [1.0]
        low, high = min(known), max(known)
        self.log = log and low > 0 and high > 1.01 * low  # else rounding could leave no decade
        if not self.log:
            room = 0.06 * (high - low) if high - low > 1e-3 * abs(high) else 0.1 * abs(high) or 1.0
            low, high = low - room, high + room
        self.start, self.end = start, end
        self.low, self.high = self._of(low), self._of(high)

    def _of(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        part = (self._of(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """A few round values: powers of ten where there are two, else 1, 2 and 5 of them, else an
        even ladder with steps of 1, 2 or 5."""
        if self.log:
            inside = range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)
            if len(inside) >= 2:
                return [10.0**k for k in inside[:: math.ceil(len(inside) / most)]]
            first = math.floor(self.low)
            rungs = [m * 10.0**k for k in (first, first + 1) for m in (1, 2, 5)]
            rungs = [rung for rung in rungs if self.low <= math.log10(rung) <= self.high]
            return rungs if len(rungs) >= 2 else [10.0**self.low, 10.0**self.high]
        span = self.high - self.low
        decade = 10.0 ** math.floor(math.log10(span))
        step = next(m * decade for m in (0.1, 0.2, 0.5, 1, 2, 5) if span <= most * m * decade)
        first = math.ceil(self.low / step - 1e-9)
        return [k * step for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


def draw(report: Report, tight: Report | None = None) -> str:
    """The two panels of `convergence.figures.rate`; empty where no horizon was run."""
    if not report["horizons"]:
        return ""
    columns = numbers(report["horizons"])
    other = numbers(tight["horizons"]) if tight and tight["slug"] != report["slug"] else None
    T = columns["T"]
    x = Axis([*T, *(other["T"] if other else [])], LEFT + 14, WIDTH - RIGHT - 14, log=True)
    floor = TOP + UPPER + GAP + LOWER
    parts = [*upper(report, columns, x), *lower(report, columns, other, x)]
    for value in thin(T):
        parts.append(text(x(value), floor + 16, f"{value:g}", "middle"))
    parts.append(text((LEFT + WIDTH) / 2, floor + 30, "T", "middle"))
    parts.append(text(4, TOP - 10, plainly(report.get("metric") or "metric"), "start"))
    parts.append(text(4, TOP + UPPER + GAP - 8, "bound / measured", "start"))
    parts += key(*said(report))
    label = escape(f"{report['slug']}: {report['reason']}", quote=True)
    size = f"0 0 {WIDTH} {floor + BOTTOM}"
    return (
        f'<svg class="plot" viewBox="{size}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def key(measured: str, claimed: str) -> list[str]:
    """The legend, from the right end of the upper panel's title."""
    words = claimed if len(claimed) < 22 else "bound"
    a = WIDTH - RIGHT - 6.2 * len(words)
    b = a - 34 - 6.2 * len(measured)
    return [
        line([(b - 22, TOP - 14), (b - 4, TOP - 14)], "mean"), text(b, TOP - 10, measured, "start"),
        line([(a - 22, TOP - 14), (a - 4, TOP - 14)], "bound"), text(a, TOP - 10, words, "start"),
    ]  # fmt: skip


def plainly(formula: str) -> str:
    """A formula in few characters: short subscripts and superscripts set as such, none beyond."""
    found = re.sub(
        r"_\{?([tkn])\}?(?![\w{])", lambda m: {"t": "ₜ", "k": "ₖ", "n": "ₙ"}[m[1]], formula
    )
    return found if len(found) <= 30 else found[:29] + "…"


def upper(report: Report, columns: Columns, x: Axis) -> list[str]:
    """What was measured, its band, and what was stated."""
    T, bound = columns["T"], stated(report["kind"], columns)
    shown = [v for v in (*columns["estimate"], *bound, *columns["bound_low"]) if math.isfinite(v)]
    y = Axis(shown, TOP + UPPER - 8, TOP + 8, log=True)
    limits = Axis([0.0, 1.0], TOP + UPPER, TOP, log=False)  # only its pixels are used
    known = [
        (t, low, high)
        for t, low, high in zip(T, columns["low"], columns["high"], strict=True)
        if math.isfinite(low) and math.isfinite(high)
    ]

    def inside(value: float) -> float:
        if y.log and value <= 0:
            return limits.start
        return min(max(y(value), limits.end), limits.start)

    parts = frame(y, TOP, TOP + UPPER)
    if len(known) == 1 or len(T) == 1:
        parts += [line([(x(t), inside(a)), (x(t), inside(b))], "whisker") for t, a, b in known]
    elif known:
        above = [(x(t), inside(high)) for t, _, high in known]
        below = [(x(t), inside(low)) for t, low, _ in reversed(known)]
        parts.append(f'<path class="band" d="{path([*above, *below])}Z"/>')
    for name, values in (("bound", bound), ("bound", columns["bound_low"])):
        points = [(x(t), y(v)) for t, v in zip(T, values, strict=True) if drawable(v, y)]
        parts.append(line(points, name))
        parts += [line([(a - 5, b), (a + 5, b)], "bound") for a, b in points]
    points = [(x(t), y(v)) for t, v in zip(T, columns["estimate"], strict=True) if drawable(v, y)]
    return [*parts, line(points, "mean"), *(dot(a, b, "mean") for a, b in points)]


def lower(report: Report, columns: Columns, other: Columns | None, x: Axis) -> list[str]:
    """bound / measured, here and for the tight instance."""
    own = ratios(report["kind"], columns)
    more = other["slack"] if other else []
    top, bottom = TOP + UPPER + GAP, TOP + UPPER + GAP + LOWER
    known = [v for v in (*own, *more) if math.isfinite(v)]
    if not known:
        return []
    wide = min(known) > 0 and max(known) > 20 * min(known)
    y = Axis([*known, 1.0], bottom - 6, top + 6, log=wide)
    parts = [*frame(y, top, bottom), line([(LEFT, y(1.0)), (WIDTH - RIGHT, y(1.0))], "unit")]
    for name, T, values in (
        ("tight", other["T"] if other else [], more),
        ("ratio", columns["T"], own),
    ):
        points = [(x(t), y(v)) for t, v in zip(T, values, strict=True) if drawable(v, y)]
        parts += [line(points, name), *(dot(a, b, name) for a, b in points)]
    return parts


def caption(report: Report, tight: Report | None) -> str:
    """The legend in words."""
    measured, claimed = said(report)
    words = f"Line with dots: {measured}. Dashed: {claimed}. Below: bound / measured"
    if tight and tight["slug"] != report["slug"]:
        return f"{words}, dotted where {tight['slug']} attains the same statement."
    return f"{words}."


def drawable(value: float, y: Axis) -> bool:
    """Whether there is a pixel for a value."""
    return math.isfinite(value) and (value > 0 or not y.log)


def thin(values: Sequence[float]) -> list[float]:
    """At most five of the values, the last one among them."""
    kept = list(values)
    while len(kept) > 5:
        kept = kept[::-2][::-1]
    return kept


def frame(y: Axis, top: float, bottom: float) -> list[str]:
    """Two axes, with labels and grid lines at the ticks of the ordinate."""
    right = WIDTH - RIGHT
    parts = []
    for tick in y.ticks(5 if bottom - top > 100 else 3):
        at = y(tick)
        parts += [line([(LEFT, at), (right, at)], "grid"), text(LEFT - 5, at + 4, f"{tick:.3g}")]
    return [*parts, line([(LEFT, top), (LEFT, bottom), (right, bottom)], "axis")]


def path(points: Points) -> str:
    """The commands of a polyline."""
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points)


def line(points: Points, name: str) -> str:
    """A polyline of a class; nothing without two points."""
    return f'<path class="{name}" d="{path(points)}"/>' if len(points) > 1 else ""


def dot(a: float, b: float, name: str) -> str:
    """A small disk of a class."""
    return f'<circle class="{name}" cx="{a:.1f}" cy="{b:.1f}" r="3"/>'


def text(a: float, b: float, words: str, anchor: str = "end") -> str:
    """Words at a place."""
    return f'<text x="{a:.1f}" y="{b:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
